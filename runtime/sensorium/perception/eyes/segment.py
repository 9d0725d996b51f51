"""Slow samples of gaze that follow one another: their drift, and whether they stay in one place."""

from __future__ import annotations

import math
from collections import deque
from typing import TYPE_CHECKING, NamedTuple

from sensorium.perception.eyes.directions import TangentPlane, turned, turned_back

if TYPE_CHECKING:
    from collections.abc import Collection

    from sensorium.perception.eyes.directions import Quaternion, Vector

Place = tuple[int, float, float]
"""Time, ns, and place in a tangent plane, degrees."""
_CONSISTENT = 0.4
"""Of the stretch's speed that each of its halves has to have, in its direction."""
_FAR_DEG = 20.0


class Drift(NamedTuple):
    """The velocity of a stretch by least squares.

    Attributes:
        x: deg/s; `y` likewise.
        spread: Root of the sum of squared times about their mean, s: with noise of `n` degrees in
            each sample and axis the velocity's standard error is n / spread.
    """

    x: float
    y: float
    spread: float

    @property
    def speed(self) -> float:
        """deg/s."""
        return math.hypot(self.x, self.y)

    def along(self, other: Drift) -> float:
        """The part of this velocity in the direction of another one, deg/s."""
        speed = other.speed
        return (self.x * other.x + self.y * other.y) / speed if speed else 0.0


def drift(places: Collection[Place]) -> Drift:
    """Fits a line to places over time: a low-passed velocity that needs no sample ahead.

    Args:
        places: At least two, of different times.
    """
    first = next(iter(places))[0]
    count = len(places)
    times = squares = x = y = time_x = time_y = 0.0
    for time_ns, place_x, place_y in places:
        seconds = (time_ns - first) * 1e-9
        times += seconds
        squares += seconds * seconds
        x += place_x
        y += place_y
        time_x += seconds * place_x
        time_y += seconds * place_y
    squares -= times * times / count
    if squares <= 0.0:
        return Drift(0.0, 0.0, 0.0)
    mean = times / count
    return Drift((time_x - mean * x) / squares, (time_y - mean * y) / squares, math.sqrt(squares))


class GazeSegment:
    """The newest stretch of slow samples, and the mean of those before.

    Args:
        anchor: Where its plane touches the sphere.
        span_ns: Of the stretch that is kept.
    """

    def __init__(self, anchor: Vector, span_ns: int) -> None:
        self.anchor = anchor
        self.since_ns = 0
        self.count = 0
        self._plane = TangentPlane(anchor)
        self._span_ns = span_ns
        self._places: deque[Place] = deque()
        self._heads: deque[tuple[int, Vector, Quaternion | None]] = deque()
        self._sum = (0, 0.0, 0.0)

    @property
    def oldest_ns(self) -> int:
        """Time of the oldest sample of the stretch."""
        return self._places[0][0]

    def add(self, time_ns: int, direction: Vector, head: Quaternion | None = None) -> None:
        """Takes a sample.

        Args:
            time_ns: When.
            direction: In the world.
            head: The head's orientation then; None where it is not known.
        """
        x, y = self._plane.place(direction)
        if abs(x) > _FAR_DEG or abs(y) > _FAR_DEG:
            self._move(direction)
            x, y = 0.0, 0.0
        if not self.count:
            self.since_ns = time_ns
        self.count += 1
        self._places.append((time_ns, x, y))
        self._heads.append((time_ns, direction, head))
        while time_ns - self._places[0][0] > self._span_ns:
            old_ns, old_x, old_y = self._places.popleft()
            self._heads.popleft()
            if old_ns >= self.since_ns:
                number, sum_x, sum_y = self._sum
                self._sum = (number + 1, sum_x + old_x, sum_y + old_y)

    def in_head(self) -> list[Place]:
        """The segment's samples as they would be with the head as it is at the newest of them.

        Returns:
            Them in the segment's plane; none where the head is not always known.
        """
        now = self._heads[-1][2]
        found: list[Place] = []
        for time_ns, direction, head in self._heads:
            if time_ns < self.since_ns:
                continue
            if now is None or head is None:
                return []
            then = turned(turned_back(direction, head), now)
            found.append((time_ns, *self._plane.place(then)))
        return found

    def anew(self, begin_ns: int, span_ns: int) -> GazeSegment:
        """A segment of the samples of the stretch from a time on, one at least."""
        samples = [each for each in self._heads if each[0] >= begin_ns]
        fresh = GazeSegment(samples[0][1], span_ns)
        for sample in samples:
            fresh.add(*sample)
        return fresh

    def place(self, direction: Vector) -> tuple[float, float]:
        """A direction's place in the segment's plane."""
        return self._plane.place(direction)

    def newest(self) -> tuple[float, float]:
        """The mean of what is kept."""
        kept = [place for place in self._places if place[0] >= self.since_ns]
        return sum(p[1] for p in kept) / len(kept), sum(p[2] for p in kept) / len(kept)

    def drift(self) -> Drift | None:
        """Of the stretch; None until it is long enough."""
        places = self._places
        if len(places) < 4 or places[-1][0] - places[0][0] < 0.75 * self._span_ns:
            return None
        return drift(places)

    def consistent(self, whole: Drift) -> bool:
        """Whether both halves of the stretch drift the same way."""
        places = list(self._places)
        middle = len(places) // 2
        # They share the middle sample, so that a step between two samples is in one half only.
        halves = (drift(places[: middle + 1]), drift(places[middle:]))
        return all(half.along(whole) >= _CONSISTENT * whole.speed for half in halves)

    def forget_mean(self) -> None:
        """Drops what lies before the stretch: it is elsewhere."""
        self._sum = (0, 0.0, 0.0)

    def away(self, newest_ns: int) -> tuple[float, float]:
        """How far the newest samples' mean is from the mean of those before, degrees.

        Returns:
            That, and the factor from a sample's noise to its standard error; 0, 0 where there are
            too few samples.
        """
        number, sum_x, sum_y = self._sum
        new = 0
        new_x = new_y = 0.0
        newest = self._places[-1][0]
        for time_ns, x, y in reversed(self._places):
            if new < 2 or newest - time_ns < newest_ns:
                new, new_x, new_y = new + 1, new_x + x, new_y + y
            elif time_ns >= self.since_ns:
                number, sum_x, sum_y = number + 1, sum_x + x, sum_y + y
        if number < 2:
            return 0.0, 0.0
        far = math.hypot(new_x / new - sum_x / number, new_y / new - sum_y / number)
        return far, math.sqrt(1.0 / new + 1.0 / number)

    def leave(self, newest_ns: int) -> None:
        """Goes on with the newest samples alone, two at least: the others are elsewhere.

        They stay in the stretch: they may be the begin of a drift.
        """
        newest = self._places[-1][0]
        kept = [place[0] for place in self._places if newest - place[0] < newest_ns]
        self.since_ns = kept[0] if len(kept) >= 2 else self._places[-2][0]
        self._sum = (0, 0.0, 0.0)

    def places(self) -> list[Place]:
        """What is kept of it, in the order of time."""
        return [place for place in self._places if place[0] >= self.since_ns]

    def half_ns(self) -> int:
        """When the newer half of the stretch begins."""
        return self._places[len(self._places) // 2][0]

    def _directions(self, places: list[Place]) -> list[tuple[int, Vector]]:
        return [(ns, self._plane.direction(x, y)) for ns, x, y in places]

    def _move(self, anchor: Vector) -> None:
        """Takes another plane."""
        kept = self._directions(list(self._places))
        self.anchor, self._plane = anchor, TangentPlane(anchor)
        self._places = deque((ns, *self._plane.place(direction)) for ns, direction in kept)
        self._sum = (0, 0.0, 0.0)
