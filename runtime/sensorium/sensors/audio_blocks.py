"""Cuts a stream of sound into the blocks of channel `audio`."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from sensorium.records import AUDIO
from sensorium.records.sensors import AUDIO_BLOCK

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

RATE = 16_000
"""Hz of channel `audio`."""

# What the array's own `max` and `min` call, through two more functions.
_largest, _least = np.maximum.reduce, np.minimum.reduce


class AudioBlocks:
    """Fills blocks of one session of the microphone.

    Args:
        session: Counts openings of the microphone.
        lost_samples: Lost before this session, at 16 kHz.

    Attributes:
        lost_samples: Lost so far, at 16 kHz.
    """

    def __init__(self, session: int, lost_samples: int = 0) -> None:
        self.lost_samples = lost_samples
        self._record = AUDIO.zeros()
        self._record["sample_rate"] = RATE
        self._record["count"] = AUDIO_BLOCK
        self._record["session"] = session
        self._block = self._record["samples"][0]
        self._changing = tuple(
            self._record[name] for name in ("first_sample", "lost_samples", "gap", "peak", "rms")
        )
        self._filled = 0
        self._next = 0
        self._gap = False

    def gap(self, samples: int) -> None:
        """Notes that `samples` at 16 kHz are missing; what waits for its block is given up."""
        samples += self._filled
        self.lost_samples += samples
        self._next += samples
        self._filled = 0
        self._gap = True

    def add(
        self, sound: NDArray[np.float32], end_ns: int
    ) -> Iterator[tuple[NDArray[np.void], int]]:
        """Adds sound at 16 kHz.

        Args:
            sound: Shape (n,), -1..1.
            end_ns: Time of the end of its last sample.

        Yields:
            Each full block and the time of its last sample. The record is used again for the
            next one.
        """
        while len(sound):
            part = sound[: AUDIO_BLOCK - self._filled]
            sound = sound[len(part) :]
            self._block[self._filled : self._filled + len(part)] = part
            self._filled += len(part)
            if self._filled == AUDIO_BLOCK:
                yield self._finish(), end_ns - len(sound) * 1_000_000_000 // RATE

    def _finish(self) -> NDArray[np.void]:
        block = self._block
        first, lost, gap, peak, rms = self._changing
        first[0] = self._next
        lost[0] = self.lost_samples
        gap[0] = self._gap
        peak[0] = max(_largest(block), -_least(block))
        rms[0] = math.sqrt(np.dot(block, block) / AUDIO_BLOCK)
        self._next += AUDIO_BLOCK
        self._filled = 0
        self._gap = False
        return self._record
