"""How gaze drifts in a stretch of samples: a line through them, and how sure it is."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection

Place = tuple[int, float, float]
"""Time, ns, and place in a tangent plane, degrees."""


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
