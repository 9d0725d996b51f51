"""The stream of sound in steps of 80 ms, read from its ring from any place on.

A step begins at a multiple of its length in the stream's own index. So whoever begins later, at
another place, reads the same steps: an engine gives the same for them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sensorium.channels.catalogue import AUDIO_SLOTS
from sensorium.perception.sound import first_index, record_of
from sensorium.perception.speech_embedding import BEFORE, STEP
from sensorium.records.sensors import AUDIO_BLOCK

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sensorium.perception.sense import Rings, Sample

_CHANNEL = "audio"


class SoundStep(NamedTuple):
    """80 ms of sound.

    Attributes:
        sound: float32 [1760], valid until the next step: 480 samples before it, then its own.
        end: Index behind its last sample.
        follows: Whether it follows the step before without a gap.
    """

    sound: NDArray[np.float32]
    end: int
    follows: bool


class SoundSteps:
    """Reads one ring.

    Args:
        rings: Of the process.

    Attributes:
        at: Index of the next step's first sample.
    """

    def __init__(self, rings: Rings) -> None:
        self._rings = rings
        self._sound = np.zeros(BEFORE + STEP + AUDIO_BLOCK, np.float32)
        self._step = np.zeros(BEFORE + STEP, np.float32)
        self.begin(0)

    def begin(self, index: int) -> None:
        """Goes to the step that holds an index; what comes next does not follow."""
        self.at = max(0, index) // STEP * STEP
        self._n = record_of(max(0, self.at - BEFORE))
        # Sound from `at` - BEFORE on; `_held` samples of it are there.
        self._sound.fill(0.0)
        self._held = first_index(self._n) - (self.at - BEFORE)
        self._follows = False
        self._session = -1
        self._first_sample = -1

    def next(self) -> SoundStep | None:
        """The next step; None while it is not written yet.

        What was overwritten before it was read is left out.
        """
        while self._held < BEFORE + STEP:
            sample = self._rings.at(_CHANNEL, self._n)
            if sample is None:
                latest = self._rings.latest(_CHANNEL)
                if self._n > latest or not self._skip(latest):
                    return None
                continue
            self._take(sample)
        self._step[:] = self._sound[: BEFORE + STEP]
        self._sound[:-STEP] = self._sound[STEP:].copy()
        self._held -= STEP
        self.at += STEP
        follows, self._follows = self._follows, True
        return SoundStep(self._step, self.at, follows)

    def _skip(self, latest: int) -> bool:
        """Goes to the oldest record that is there; False when there is none."""
        for n in range(max(self._n + 1, latest - AUDIO_SLOTS + 2), latest + 1):
            if self._rings.at(_CHANNEL, n) is not None:
                self._restart(n)
                return True
        return False

    def _take(self, sample: Sample) -> None:
        audio = sample.record
        if not sample.valid:
            # The microphone was not open: the next block follows nothing.
            self._restart(self._n + 1)
            return
        session, first = int(audio["session"][0]), int(audio["first_sample"][0])
        known = self._session >= 0
        if audio["gap"][0] or (known and (session, first) != (self._session, self._first_sample)):
            self._restart(self._n)
        self._session, self._first_sample = session, first + AUDIO_BLOCK
        # The first block may begin before what is wanted of it, or behind it.
        at = self._held
        block = audio["samples"][0][max(0, -at) :]
        self._sound[max(0, at) : max(0, at) + len(block)] = block
        self._held = at + AUDIO_BLOCK
        self._n += 1

    def _restart(self, n: int) -> None:
        """Record `n` follows nothing: the next whole step in it or behind it is the first."""
        free = first_index(n)
        self.at = -(-free // STEP) * STEP
        self._sound.fill(0.0)
        self._held = free - (self.at - BEFORE)
        self._n = n
        self._follows = False
        self._session = -1
