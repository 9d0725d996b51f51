"""How far away the eyes meet: where the rays of both cross, and how sure that is."""

from __future__ import annotations

import math
from typing import NamedTuple

from sensorium.perception.eyes.directions import Vector, cross, dot, unit
from sensorium.perception.eyes.one_euro import OneEuroDirection
from sensorium.perception.eyes.running_median import RunningMedian

NEAREST_BASE_M, WIDEST_BASE_M = 0.045, 0.080
"""Distances of adults' pupils (Dodgson, "Variation and extrema of human interpupillary distance",
2004): eyes that are nearer or further apart are no two eyes."""

SKEW_RAD = math.radians(3.0)
"""Rays that pass one another by more, seen from the eyes, look at nothing together."""

UNSURE = 1.0 / 3.0
"""Where the depth's deviation is more of it, nothing is said: eyes in parallel seem to meet, by
chance, less than once in a hundred samples."""

_OF_MEDIAN = 1.4826 / math.sqrt(2.0)
"""Deviation of one sample over the median absolute difference of two, for normal noise."""
_REMEMBERED = 90
_MOST_ASIDE = 0.1
"""Cosine of the angle to the side beyond which eyes do not turn."""


class Depth(NamedTuple):
    """Where the eyes meet.

    Attributes:
        metres: From the middle between the eyes; NaN where the rays do not meet, or nearly in
            parallel, and while their noise is not known.
        deviation: Its standard deviation by the noise of the rays, m; NaN as `metres`. It says
            nothing of an offset of the calibration.
    """

    metres: float
    deviation: float


NO_DEPTH = Depth(math.nan, math.nan)


def meeting(origin: Vector, direction: Vector, other: Vector, its: Vector) -> Vector | None:
    """Where two eyes' rays meet, by how they turn in; that one looks higher does not count.

    The rays are laid into the plane of the eyes and their mean direction. The point nearest to both
    rays would be the same without noise, but is near whenever rays in parallel pass one another.

    Args:
        origin: Of the one ray, m.
        direction: Its unit vector.
        other: Origin of the other ray.
        its: The other ray's unit vector.

    Returns:
        The middle of both rays' points there; None where they do not turn in, the point is behind
        one of them, or they pass one another by more than `SKEW_RAD`.
    """
    (ox, oy, oz), (px, py, pz), (ux, uy, uz), (vx, vy, vz) = origin, other, direction, its
    bx, by, bz = px - ox, py - oy, pz - oz
    base, middle = unit((bx, by, bz)), unit((ux + vx, uy + vy, uz + vz))
    across = unit(cross(base, middle)) if base and middle else None
    if base is None or across is None:
        return None
    if abs(dot(direction, across) - dot(its, across)) > SKEW_RAD:
        return None
    ahead = cross(across, base)
    x, y = dot(direction, base), dot(direction, ahead)
    its_x, its_y = dot(its, base), dot(its, ahead)
    turn = x * its_y - its_x * y
    if turn < 1e-9:
        return None
    length = math.sqrt(bx * bx + by * by + bz * bz)
    s, t = length * its_y / turn, length * y / turn
    if s <= 0.0 or t <= 0.0:
        return None
    return (
        (ox + s * ux + px + t * vx) / 2.0, (oy + s * uy + py + t * vy) / 2.0,
        (oz + s * uz + pz + t * vz) / 2.0,
    )


class Vergence:
    """The depth over time, with the eyes' directions filtered as gaze is.

    Args:
        min_cutoff_hz: Of the one-euro filters.
        beta: Likewise.
    """

    def __init__(self, min_cutoff_hz: float, beta: float) -> None:
        self._filters = tuple(OneEuroDirection(min_cutoff_hz, beta) for _ in range(2))
        self._steps = RunningMedian(_REMEMBERED)
        self._before = math.nan

    def update(
        self, time_ns: int, left: tuple[Vector, Vector], right: tuple[Vector, Vector]
    ) -> Depth:
        """Takes both eyes' rays: origin, m, and direction each."""
        apart = _turned_in(left, right)
        if not math.isnan(self._before):
            self._steps.add(abs(apart - self._before))
        self._before = apart
        first, second = self._filters
        return self._depth(
            (left[0], first.update(left[1], time_ns)), (right[0], second.update(right[1], time_ns))
        )

    def reset(self) -> None:
        """Forgets: what comes next does not follow what was before. The noise stays known."""
        self._before = math.nan
        for each in self._filters:
            each.reset()

    def _depth(self, left: tuple[Vector, Vector], right: tuple[Vector, Vector]) -> Depth:
        base = math.dist(left[0], right[0])
        if not NEAREST_BASE_M <= base <= WIDEST_BASE_M:
            return NO_DEPTH
        point = meeting(*left, *right)
        if point is None:
            return NO_DEPTH
        (ax, ay, az), (bx, by, bz) = left[0], right[0]
        metres = math.dist(point, ((ax + bx) / 2.0, (ay + by) / 2.0, (az + bz) / 2.0))
        side = cross((bx - ax, by - ay, bz - az), left[1])
        across = math.sqrt(dot(side, side))
        if across < 1e-3 or len(self._steps) < 10:
            return NO_DEPTH
        # vergence = across / depth for small angles, so d depth = depth^2 / across * d vergence.
        deviation = metres * metres / across * self._steps.median * _OF_MEDIAN
        return Depth(metres, deviation) if deviation <= UNSURE * metres else NO_DEPTH


def _turned_in(left: tuple[Vector, Vector], right: tuple[Vector, Vector]) -> float:
    """How far two eyes turn towards one another, rad; negative: apart. For small angles.

    Along the base their directions differ by that times the cosine of how far both are turned to
    the side, since they foreshorten there.
    """
    ((ax, ay, az), (ux, uy, uz)), ((bx, by, bz), (vx, vy, vz)) = left, right
    x, y, z = bx - ax, by - ay, bz - az
    base = max(math.sqrt(x * x + y * y + z * z), 1e-6)
    along = (x * (ux - vx) + y * (uy - vy) + z * (uz - vz)) / base
    aside = (x * (ux + vx) + y * (uy + vy) + z * (uz + vz)) / (2.0 * base)
    return along / max(math.sqrt(max(1.0 - aside * aside, 0.0)), _MOST_ASIDE)
