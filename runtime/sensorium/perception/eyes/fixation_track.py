"""The mean and the spread of the fixation that lasts."""

from __future__ import annotations

import math
from collections import deque

from sensorium.perception.eyes.directions import Vector, unit

_RECALLED_NS = 400_000_000
"""A fixation is told so much after it began, at most."""


class FixationTrack:
    """The newest samples, and the sums of those of the fixation.

    Attributes:
        number: Of the fixation; 0 while there is none.
        begin_ns: Its first sample.
        end_ns: Its newest sample.
    """

    def __init__(self) -> None:
        self.number = 0
        self.begin_ns = 0
        self.end_ns = 0
        self._recent: deque[tuple[int, Vector]] = deque()
        self._count = 0
        self._sum: Vector = (0.0, 0.0, 0.0)

    def see(self, time_ns: int, direction: Vector) -> None:
        """Takes a sample, whatever it will turn out to be."""
        self._recent.append((time_ns, direction))
        while time_ns - self._recent[0][0] > _RECALLED_NS:
            self._recent.popleft()

    def begin(self, number: int, since_ns: int) -> None:
        """A fixation has begun: its samples are those since then."""
        self.number, self.begin_ns, self.end_ns = number, since_ns, since_ns
        self._count, self._sum = 0, (0.0, 0.0, 0.0)
        for time_ns, direction in self._recent:
            if time_ns >= since_ns:
                self._add(time_ns, direction, 1)

    def go_on(self) -> None:
        """The newest sample is of the fixation, too."""
        self._add(*self._recent[-1], 1)

    def end(self, before_ns: int) -> None:
        """The fixation has ended: what came from `before_ns` on was no part of it."""
        ended = self.begin_ns
        newest = self.end_ns
        for time_ns, direction in self._recent:
            if self.begin_ns <= time_ns < before_ns:
                ended = max(ended, time_ns)
            elif before_ns <= time_ns <= newest and self._count > 1:
                self._add(time_ns, direction, -1)
        self.end_ns = min(ended, newest)

    def forget(self) -> None:
        """There is no fixation."""
        self.number = 0

    def clear(self) -> None:
        """What comes next does not follow what was before."""
        self.number = 0
        self._recent.clear()

    def direction_at(self, time_ns: int) -> Vector | None:
        """The newest sample at or before a time, where it is recalled."""
        found = None
        for sampled_ns, direction in self._recent:
            if sampled_ns > time_ns:
                break
            found = direction
        return found

    @property
    def centre(self) -> Vector | None:
        """The mean direction of the fixation's samples."""
        return unit(self._sum)

    @property
    def dispersion(self) -> float:
        """Root mean square of the samples' distances from the mean, degrees.

        By the mean resultant length R of n unit vectors: their mean squared chord is 2 - 2 R
        (Mardia & Jupp, "Directional Statistics", 2000).
        """
        length = math.hypot(*self._sum) / max(self._count, 1)
        return math.degrees(math.sqrt(max(2.0 - 2.0 * length, 0.0)))

    def _add(self, time_ns: int, direction: Vector, sign: int) -> None:
        x, y, z = self._sum
        self._count += sign
        self._sum = (x + sign * direction[0], y + sign * direction[1], z + sign * direction[2])
        if sign > 0:
            self.end_ns = max(self.end_ns, time_ns)
