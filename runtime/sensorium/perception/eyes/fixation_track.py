"""The mean and the spread of the fixation that lasts."""

from __future__ import annotations

import math
from collections import deque

from sensorium.perception.eyes.directions import Vector, unit


class FixationTrack:
    """The newest samples, and the sums of those of the fixation.

    Args:
        recalled_ns: So long samples are kept: a movement is told so much after it began, at most.

    Attributes:
        number: Of the fixation; 0 while there is none.
        begin_ns: Its first sample.
        end_ns: Its newest sample.
    """

    def __init__(self, recalled_ns: int) -> None:
        self._recalled_ns = recalled_ns
        self.number = 0
        self.begin_ns = 0
        self.end_ns = 0
        self._recent: deque[tuple[int, Vector]] = deque()
        self._summed: deque[tuple[int, Vector]] = deque()
        self._count = 0
        self._sum: Vector = (0.0, 0.0, 0.0)

    def see(self, time_ns: int, direction: Vector) -> None:
        """Takes a sample, whatever it will turn out to be."""
        self._recent.append((time_ns, direction))
        for each in (self._recent, self._summed):
            while each and time_ns - each[0][0] > self._recalled_ns:
                each.popleft()

    def begin(self, number: int, since_ns: int) -> None:
        """A fixation has begun: its samples are those since then."""
        self.number, self.begin_ns, self.end_ns = number, since_ns, since_ns
        self._count, self._sum = 0, (0.0, 0.0, 0.0)
        self._summed.clear()
        for time_ns, direction in self._recent:
            if time_ns >= since_ns:
                self._add(time_ns, direction)

    def go_on(self) -> None:
        """The newest sample is of the fixation, too."""
        self._add(*self._recent[-1])

    def end(self, before_ns: int) -> None:
        """The fixation has ended: what came from `before_ns` on was no part of it."""
        while self._summed and self._count > 1 and self._summed[-1][0] >= before_ns:
            _, direction = self._summed.pop()
            self._count -= 1
            self._sum = _sum(self._sum, direction, -1)
        newest = self._summed[-1][0] if self._summed else self.end_ns
        self.end_ns = max(self.begin_ns, min(newest, before_ns, self.end_ns))

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

    def mean_since(self, time_ns: int) -> Vector | None:
        """The mean direction of the samples from a time on, where they are recalled."""
        newer = [each for at, each in self._recent if at >= time_ns]
        return unit([sum(axis) for axis in zip(*newer, strict=True)]) if newer else None

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

    def _add(self, time_ns: int, direction: Vector) -> None:
        self._summed.append((time_ns, direction))
        self._count += 1
        self._sum = _sum(self._sum, direction, 1)
        self.end_ns = max(self.end_ns, time_ns)


def _sum(a: Vector, b: Vector, sign: int) -> Vector:
    return a[0] + sign * b[0], a[1] + sign * b[1], a[2] + sign * b[2]
