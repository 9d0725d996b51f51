"""How probable it is that a ray means each target, or none: Bayes over a fixation.

A ray that means a target lies anywhere within its outline, equally likely, plus the source's
constant offset and what is left of its noise, both normal. The density of that, at a signed angle
`s` outside the outline, is taken as `exp(-s^2 / 2 v) / N`: 1 within, and falling with the distance
to the outline, so that a near miss counts. `N = A + P sqrt(pi v / 2) + 2 pi v` makes its integral
1 for any convex outline of area A and length P, by Steiner's formula for parallel bodies, so a
small target that is hit is more probable than a large one behind it.
"""

from __future__ import annotations

import math
from itertools import repeat
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sensorium.perception.targets.silhouette import (
    box_angle,
    box_entry,
    box_outline,
    sphere_entry,
    sphere_outline,
)
from sensorium.perception.targets.view import dots

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sensorium.perception.targets.evidence import Evidence
    from sensorium.perception.targets.scene import Array, Scene
    from sensorium.perception.targets.spaces import Vector
    from sensorium.perception.targets.view import View

BACKGROUND = 5.0
"""Density of all that no app lists, 1/sr: a lone small target is as probable as nothing at 3
standard deviations beside it."""
LEAK = 0.02
"""What is covered by a nearer target is meant so much less often: extents are approximate, and
things are made of glass."""
ACTION_M = 30.0
"""A target's prior falls as 1 / (1 + distance / this): the end of action space, beyond which people
do not act (Cutting and Vishton 1995)."""
_REACH = 5.0
"""A target whose ball is so many standard deviations away has no part in it."""
_MOST_NEAR = 48
"""The nearest targets that are looked at exactly."""
_MOST_COVERED = 8
"""The best targets that are looked at for what covers them."""
_MOST_SCATTER = 8.0
"""Scatter speaks against a target with at most this, in nats."""
_LEAST = 16.0
"""What is less probable than the best by so many nats is not looked at for what covers it."""
_TINY = 1e-12


class Belief(NamedTuple):
    """Logarithms of how likely each near target is, in no unit but the same for all.

    Attributes:
        places: Columns of the scene.
        weights: As many.
        nothing: Of no target.
        unsure: How much of the error's standard deviation is noise, which more samples would take
            away, 0..1.
    """

    places: list[int]
    weights: list[float]
    nothing: float
    unsure: float


def believe(scene: Scene, seen: View, evidence: Evidence, offset: float) -> Belief:
    """What the evidence says of a scene.

    Args:
        scene: The targets.
        seen: From where the ray begins.
        evidence: Of the ray's fixation.
        offset: Standard deviation an axis of the source's constant offset, rad.
    """
    count = max(evidence.count, 1)
    noise = evidence.variance / count
    variance = offset * offset + noise
    sigma, unsure = math.sqrt(variance), math.sqrt(noise / variance)
    looks = _looks(scene, seen, evidence.sums, count, _REACH * sigma)
    if not looks:
        return Belief([], [], math.log(BACKGROUND), unsure)
    worth, still = 0.5 / evidence.variance, evidence.still()
    least = min(still, *(look.scatter for look in looks))
    weights, half = [], 0.5 / variance
    for look in looks:
        angle, area, length = look.outline()
        weights.append(
            (-angle * angle * half if angle > 0 else 0.0)
            - math.log(spread(area, length, variance) * (1 + look.distance / ACTION_M))
            - min((look.scatter - least) * worth, _MOST_SCATTER)
        )
    best = sorted(range(len(looks)), key=weights.__getitem__, reverse=True)[:_MOST_COVERED]
    others = [looks[place] for place in best]
    most = -math.inf
    for place, look in zip(best, others, strict=True):
        if weights[place] > most - _LEAST and look.covered(others):
            weights[place] += math.log(LEAK)
        most = max(most, weights[place])
    # What is not listed lies behind what is hit; a target all around the eye covers nothing.
    depth = min(
        (look.angle for look in looks if look.reach < look.distance), default=math.inf
    )
    hidden = (1 - LEAK) * 0.5 * math.erfc(depth / sigma / math.sqrt(2))
    nothing = (
        math.log(BACKGROUND) + math.log(1 - hidden) - min((still - least) * worth, _MOST_SCATTER)
    )
    return Belief([look.place for look in looks], weights, nothing, unsure)


def spread(area: float, length: float, variance: float) -> float:
    """The integral of `exp(-s^2 / 2 v)` over directions, around a convex outline, sr.

    In the plane, by Steiner: the outline at a distance `s` is `P + 2 pi s` long. On the sphere it
    is good for outlines and errors of up to some 20 degrees.

    Args:
        area: Solid angle, sr.
        length: Of the outline, rad.
        variance: An axis, rad2.
    """
    return area + length * math.sqrt(math.pi * variance / 2) + 2 * math.pi * variance


def _looks(scene: Scene, seen: View, sums: Array, count: float, most: float) -> list[_Look]:
    """The targets whose balls are less than an angle away from their mean rays.

    Args:
        scene: All targets.
        seen: The same from where the rays begin.
        sums: Of their errors.
        count: Of samples that were summed up.
        most: That angle, rad.
    """
    # A target that has moved on has taken its errors along: they are at right angles no more.
    across, inward = sums[:3], dots(sums[:3], seen.centres)
    aside = np.sqrt(np.abs(dots(across, across) - inward * inward)) / count
    balls = np.arcsin(np.minimum(scene.reaches / seen.distances, 1.0))
    # All around who is within.
    balls[scene.reaches >= seen.distances] = math.pi
    signed = aside - balls
    near = (signed < most).nonzero()[0]
    if len(near) > _MOST_NEAR:
        near = near[signed[near].argpartition(_MOST_NEAR)[:_MOST_NEAR]]
    return list(map(
        _Look, near.tolist(), seen.offsets.take(near, axis=1).T.tolist(),
        seen.distances.take(near).tolist(), scene.shapes.take(near, axis=1).T.tolist(),
        sums.take(near, axis=1).T.tolist(), signed.take(near).tolist(), repeat(count),
    ))


class _Look:
    """A target as it is seen along its mean ray.

    Attributes:
        place: Its column in the scene.
        distance: m.
        reach: Radius of the ball that holds it, m.
        scatter: Of its errors, rad2.
        signed: Signed angle to that ball, rad.
        angle: Signed angle to the outline, rad, once that was asked for.
    """

    __slots__ = (
        "_aside", "_halves", "_middle", "_offset", "_radius", "_shape", "_side", "angle",
        "distance", "place", "reach", "scatter", "signed",
    )

    def __init__(
        self, place: int, offset: Vector, distance: float, shape: list[float], sums: list[float],
        signed: float, count: float,
    ) -> None:
        self.place, self.distance = place, distance
        self._offset, self._shape, self._radius, self.reach = offset, shape, shape[12], shape[13]
        (ox, oy, oz), (x, y, z, square) = offset, sums
        self.scatter = square - (x * x + y * y + z * z) / count
        inward = (x * ox + y * oy + z * oz) / (distance * distance)
        x, y, z = x - inward * ox, y - inward * oy, z - inward * oz
        length = math.sqrt(x * x + y * y + z * z) + _TINY
        self._side = x / length, y / length, z / length
        self._aside = length / count
        self.signed = self.angle = signed

    def outline(self) -> tuple[float, float, float]:
        """Signed angle, solid angle and length of the outline."""
        if self._radius:
            return self.signed, *sphere_outline(self._aside - self.signed)
        x, y, z, *_ = self._shape
        self._halves = x, y, z
        self._middle = self._turned(self._offset)
        self.angle = box_angle(self._middle, self._halves, self._turned(self._ray(self._aside)))
        return self.angle, *box_outline(self._middle, self._halves)

    def covered(self, others: Sequence[_Look]) -> bool:
        """Whether one of the others is nearer where this is meant.

        A target that is missed would be meant at its outline, which is taken to lie straight
        towards its centre. One that holds the eye covers nothing.
        """
        turn = self._aside - self.angle * 1.02 if self.angle > 0 else self._aside
        ray = rx, ry, rz = self._ray(turn if turn > 0 else 0.0)
        own, most = 0.0, self.distance + self.reach
        for other in others:
            distance, reach = other.distance, other.reach
            if distance - reach >= most or other is self:
                continue
            # Only a ball that the ray goes through can be in the way.
            x, y, z = other._offset
            along = x * rx + y * ry + z * rz
            if distance * distance - along * along > reach * reach:
                continue
            if not own:
                own = self._entry(ray)
                own = own if own < math.inf else self.distance
            if 0 < other._entry(ray) < own:
                return True
        return False

    def _entry(self, ray: Vector) -> float:
        """Distance to where a ray enters it, m."""
        if self._radius:
            return sphere_entry(self._offset, ray, self._radius)
        return box_entry(self._middle, self._halves, self._turned(ray))

    def _ray(self, turn: float) -> Vector:
        """A unit vector, turned by an angle from the centre towards the mean ray."""
        across, along = math.sin(turn), math.cos(turn) / self.distance
        (x, y, z), (sx, sy, sz) = self._offset, self._side
        return along * x + across * sx, along * y + across * sy, along * z + across * sz

    def _turned(self, vector: Vector) -> Vector:
        """A vector in stage space, in the box's axes."""
        x, y, z = vector
        _, _, _, xx, xy, xz, yx, yy, yz, zx, zy, zz, _, _ = self._shape
        return x * xx + y * yx + z * zx, x * xy + y * yy + z * zy, x * xz + y * yz + z * zz
