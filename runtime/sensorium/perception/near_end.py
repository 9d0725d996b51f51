"""The microphone's stream beside what is played: each block cleaned once both are there."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from sensorium import records
from sensorium.channels.catalogue import AUDIO_SLOTS
from sensorium.health import Reason
from sensorium.perception.echo_canceller import EchoCanceller
from sensorium.perception.echo_path import EchoPath, Heard
from sensorium.perception.echo_training import Training
from sensorium.perception.far_end import SILENT, FarEnd
from sensorium.records.sensors import AUDIO_BLOCK

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sensorium.perception.known_delays import KnownDelays
    from sensorium.perception.sense import Publish, Rings, Sample

PATIENCE = 4
"""Blocks of the microphone that are kept back until what was played meanwhile is captured, too,
beyond the filter's lead."""


class Step(Protocol):
    """A further thing that is done to each block."""

    def process(self, block: NDArray[np.float32]) -> NDArray[np.float32]:
        """[512] samples, 16 kHz, -1..1, to as many; what comes out may lie behind."""
        ...

    def restart(self) -> None:
        """Forgets the sound so far: what comes next does not follow it."""
        ...


class FarStream:
    """What the PC plays: kept for the microphone's stream, which may have waited for it."""

    trigger = "output_audio"
    outputs: tuple[str, ...] = ()

    def __init__(self, near: NearStream) -> None:
        self._near = near

    def resume(self, rings: Rings) -> int | None:
        """From as far back as the ring reaches."""
        return _oldest(rings, self.trigger)

    def process(self, sample: Sample, publish: Publish) -> None:
        """Takes a block: see `Stream.process`."""
        self._near.played(sample, publish)

    def lost(self, records: int) -> None:
        """See `Stream.lost`: the block's time will tell."""


class NearStream:
    """The microphone's stream: the filter, and the blocks that wait for what was played.

    Args:
        tail_ms: How long after it was played a sound may still be heard.
        delay_ms: It is heard no sooner than this after it was captured; None: that is found.
        library: The canceller's, see `echo_canceller.load`; None: there is none.
        missing: Why not; else empty.
        known: How long it took in earlier sessions.
        steps: What is done to each block afterwards.
        rings: Of the process.
    """

    trigger = "audio"
    outputs: tuple[str, ...] = ("clean_audio",)

    def __init__(
        self, tail_ms: int, delay_ms: int | None, library: Any, missing: str,
        known: KnownDelays, steps: list[Step], rings: Rings,
    ) -> None:
        self._tail_ms = tail_ms
        self._library = library
        self._missing = missing
        self._steps = steps
        self._rings = rings
        self._path = EchoPath(tail_ms, delay_ms, known)
        self._lead = self._path.lead
        self._far = FarEnd()
        self._nothing: Reason | None = Reason.STARTING
        self._waiting: deque[Sample] = deque()
        self._taken = (0, 0)
        self._canceller: EchoCanceller | None = None
        self._training: Training | None = None
        self._heard = 0
        self._follows = (-1, -1)
        self._begun = False
        self._place: float | None = None
        self._late = False
        self._record = records.AUDIO.zeros()

    @property
    def note(self) -> str:
        """See `CleanAudio.note`."""
        if self._missing:
            return f"no echo is subtracted: {self._missing}"
        if self._nothing is not None:
            why = "" if self._nothing == Reason.NONE else f" ({self._nothing.name.lower()})"
            return f"no echo is subtracted: no output sound is captured{why}"
        if self._late:
            return "no echo is subtracted: the output sound comes too late"
        return self._path.note

    def resume(self, rings: Rings) -> int | None:
        """Goes on behind what was written last; at first with all that the ring holds."""
        done = rings.latest("clean_audio")
        self._taken = (rings.generation("audio"), done)
        return max(done + 1, _oldest(rings, self.trigger))

    def played(self, sample: Sample, publish: Publish) -> None:
        """Takes a block of what the PC plays, or that nothing of it is captured."""
        if sample.valid:
            self._nothing = None
            if not self._far.take(sample):
                self._forget()
                self._path.restart()
        else:
            self._nothing = sample.reason
            self._far.clear()
        self._advance(publish)

    def process(self, sample: Sample, publish: Publish) -> None:
        """Takes one block: see `Stream.process`."""
        generation, n = self._taken
        if sample.n == 0 or (sample.generation == generation and sample.n <= n):
            # Not a record but that there is none; what follows goes silent with it.
            return
        self._taken = (sample.generation, sample.n)
        self._waiting.append(sample)
        self._advance(publish)

    def lost(self, records: int) -> None:
        """See `Stream.lost`: the block's own count of samples will tell."""

    def _advance(self, publish: Publish) -> None:
        while self._waiting:
            sample = self._waiting[0]
            if not self._begun:
                self._begun, self._place = True, None
                self._join(sample)
            if self._must_wait(sample):
                return
            self._waiting.popleft()
            self._begun = False
            self._write(sample, publish)

    def _must_wait(self, sample: Sample) -> bool:
        if not sample.valid or self._nothing is not None or self._library is None:
            return False
        if self._place is None:
            record = sample.record
            counted = int(record["first_sample"][0]) + AUDIO_BLOCK
            self._place = self._far.place(sample.capture_ns, counted)
        lead = max(self._lead, self._training.lead) if self._training else self._lead
        if len(self._waiting) > PATIENCE + max(0, lead) // AUDIO_BLOCK:
            return False
        return self._place is None or not self._far.covers(self._place + lead)

    def _write(self, sample: Sample, publish: Publish) -> None:
        record = sample.record
        if sample.valid:
            block = record["samples"][0]
            clean = self._cancel(block)
            for step in self._steps:
                clean = step.process(clean)
            if clean is not block:
                np.copyto(self._record, record)
                self._record["samples"][0] = clean
                record = self._record
        publish(
            "clean_audio", record, sample.capture_ns, valid=sample.valid, reason=sample.reason,
            place=(sample.generation, sample.n),
        )

    def _join(self, sample: Sample) -> None:
        """Forgets what does not hold any more when a block does not follow the one before."""
        if not sample.valid:
            return
        record = sample.record
        session, first = int(record["session"][0]), int(record["first_sample"][0])
        if (session, first) != self._follows or record["gap"][0]:
            self._far.rejoin()
            self._forget()
            self._path.restart()
            for step in self._steps:
                step.restart()
        self._follows = (session, first + AUDIO_BLOCK)

    def _cancel(self, block: NDArray[np.float32]) -> NDArray[np.float32]:
        """The block without what was played; the block itself while that is nothing."""
        if self._library is None:
            return block
        far = None
        if self._nothing is None:
            self._late = self._place is None or not self._far.covers(self._place + self._lead)
            if self._late or self._place is None:
                self._forget()
            else:
                far = self._far.before(self._place + self._lead)
        clean = self._subtract(block, far if far is not None else np.zeros_like(block))
        if self._nothing is None and self._place is not None and not self._late:
            self._listen(block, clean, self._place)
        return clean

    def _listen(
        self, block: NDArray[np.float32], clean: NDArray[np.float32], place: float
    ) -> None:
        """Finds the way, and changes over to a filter that begins elsewhere when that is meant."""
        near = block.copy()
        if self._path.take(Heard(near, near if clean is block else clean, place), self._far):
            canceller = EchoCanceller(self._library, self._tail_ms)
            self._training = Training(canceller, self._path.lead, self._path.past, self._far)
        elif self._training is not None and self._training.step(near, place):
            self._canceller, self._lead = self._training.canceller, self._training.lead
            self._heard = self._canceller.tail + 2 * AUDIO_BLOCK
            self._training = None

    def _subtract(
        self, block: NDArray[np.float32], far: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        if self._canceller is None and np.abs(far).max() > SILENT:
            self._canceller = EchoCanceller(self._library, self._tail_ms)
        if self._canceller is None:
            return block
        if np.abs(far).max() > SILENT:
            # Until all of it has left the filter, which then is as if nothing had been played.
            self._heard = self._canceller.tail + 2 * len(block)
        if self._heard <= 0:
            return block
        self._heard -= len(block)
        return self._canceller.process(block, far)

    def _forget(self) -> None:
        """What the filter has learnt does not hold any more."""
        self._canceller = self._training = None
        self._heard = 0
        self._lead = self._path.lead


def _oldest(rings: Rings, channel: str) -> int:
    """The number of the oldest record that can still be read."""
    return max(1, rings.latest(channel) - AUDIO_SLOTS + 2)
