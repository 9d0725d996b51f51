"""What the PC played, laid beside what the microphone heard by the times of both."""

from __future__ import annotations

import math
from bisect import bisect_left
from typing import TYPE_CHECKING

import numpy as np

from sensorium.channels.catalogue import AUDIO_SLOTS
from sensorium.perception.clock_drift import ClockDrift
from sensorium.perception.fractional_delay import MARGIN, delayed
from sensorium.records.sensors import AUDIO_BLOCK

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sensorium.perception.sense import Sample

RATE_HZ = 16_000
SILENT = 1e-4
"""-80 dBFS: what is played more softly is not heard by a microphone."""
_ROOM = (AUDIO_SLOTS + 32) * AUDIO_BLOCK
"""Samples that are kept: all that the ring holds, since after a restart it comes at once."""

class FarEnd:
    """The sound that was played, by the time at which it was captured."""

    def __init__(self) -> None:
        self._sound = np.zeros(_ROOM, np.float32)
        self._follows = (-1, -1)
        self._times: list[tuple[int, int]] = []
        self._drift = ClockDrift()
        self.loud = 0
        """The place up to which something was played."""
        self.clear()

    def clear(self) -> None:
        """Forgets all: what comes next does not follow it."""
        self._first = self._end = self.loud = 0
        self._follows = (-1, -1)
        self._times.clear()
        self._drift.restart()

    def take(self, sample: Sample) -> bool:
        """Appends a block.

        Returns:
            Whether it follows the one before.
        """
        record = sample.record
        session, first = int(record["session"][0]), int(record["first_sample"][0])
        # By its count, not by its time: a server's times jump while not a sample is missing.
        follows = (session, first) == self._follows and not record["gap"][0]
        if not follows:
            self.clear()
        self._follows = (session, first + AUDIO_BLOCK)
        at = np.arange(self._end, self._end + AUDIO_BLOCK) % _ROOM
        block = record["samples"][0]
        self._sound[at] = block
        self._end += AUDIO_BLOCK
        if np.abs(block).max() > SILENT:
            self.loud = self._end
        self._first = max(self._first, self._end - _ROOM)
        self._times.append((sample.capture_ns, self._end))
        del self._times[: -_ROOM // AUDIO_BLOCK]
        return follows

    def rejoin(self) -> None:
        """The microphone's clock is another one now."""
        self._drift.restart()

    def place(self, capture_ns: int, counted: int) -> float | None:
        """Where in this sound a block of the microphone ends; to be asked of each block in turn.

        Args:
            capture_ns: When its last sample was taken.
            counted: The microphone's samples up to its end.

        Returns:
            In samples, for `covers` and `before`; None: nothing has been captured.
        """
        if not self._times:
            return None
        at = max(0, min(bisect_left(self._times, (capture_ns, 0)), len(self._times) - 1))
        time_ns, end = self._times[at]
        return self._drift.place(end + (capture_ns - time_ns) * RATE_HZ / 1e9, counted)

    def covers(self, place: float) -> bool:
        """Whether all before a place has been captured."""
        return math.ceil(place) + MARGIN <= self._end

    def before(self, place: float) -> NDArray[np.float32] | None:
        """The AUDIO_BLOCK samples before a place; None: not captured yet, or not any more."""
        whole = math.ceil(place)
        first = whole - AUDIO_BLOCK - MARGIN
        if first < self._first or not self.covers(place):
            return None
        return delayed(self._sound[np.arange(first, whole + MARGIN) % _ROOM], whole - place)

    def between(self, first: int, last: int) -> NDArray[np.float32] | None:
        """The samples from one whole place to another; None: not all are there.

        Before the first of all was silence.
        """
        if last > self._end or first < self._first > 0:
            return None
        sound = self._sound[np.arange(max(0, first), last) % _ROOM]
        return np.concatenate([np.zeros(max(0, -first), np.float32), sound])
