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
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sensorium.perception.targets.look import Look
from sensorium.perception.targets.view import dots

if TYPE_CHECKING:

    from numpy.typing import NDArray

    from sensorium.perception.targets.evidence import Evidence
    from sensorium.perception.targets.scene import Scene
    from sensorium.perception.targets.view import Array, View

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
_LEAKED = math.log(LEAK)
_SLACK = 1e-6
"""rad; more than what rounding does to a bound."""


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
        seen: Along the newest ray.
        evidence: Of that ray's fixation, which has taken it.
        offset: Standard deviation an axis of the source's constant offset, rad.
    """
    count = max(evidence.count, 1)
    noise = evidence.variance / count
    variance = offset * offset + noise
    sigma, unsure = math.sqrt(variance), math.sqrt(noise / variance)
    looks = _looks(scene, seen, evidence, count, _REACH * sigma)
    if not looks:
        return Belief([], [], math.log(BACKGROUND), unsure)
    worth, still = 0.5 / evidence.variance, evidence.still()
    least, most = min(still, *[look.scatter for look in looks]), _MOST_SCATTER
    weights, half, depth = [], 0.5 / variance, math.inf
    for look in looks:
        angle, area, length = look.outline()
        weight = -math.log(spread(area, length, variance) * (1 + look.distance / ACTION_M))
        scatter = (look.scatter - least) * worth
        weight -= scatter if scatter < most else most
        weights.append(weight - angle * angle * half if angle > 0 else weight)
        # What is not listed lies behind what is hit; a target all around the eye covers nothing.
        if angle < depth and look.reach < look.distance:
            depth = angle
    best = sorted(range(len(looks)), key=weights.__getitem__, reverse=True)[:_MOST_COVERED]
    others = [looks[place] for place in best]
    top = -math.inf
    for place, look in zip(best, others, strict=True):
        weight = weights[place]
        if weight > top - _LEAST and look.covered(others):
            weights[place] = weight = weight + _LEAKED
        top = weight if weight > top else top
    hidden = (1 - LEAK) * 0.5 * math.erfc(depth / sigma / math.sqrt(2))
    nothing = (
        math.log(BACKGROUND) + math.log(1 - hidden) - min((still - least) * worth, most)
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


def _looks(
    scene: Scene, seen: View, evidence: Evidence, count: float, most: float
) -> list[Look]:
    """The targets whose balls are less than an angle away from their mean rays.

    Args:
        scene: All targets.
        seen: The same along the newest ray.
        evidence: Of the rays.
        count: Of samples that were summed up.
        most: That angle, rad.
    """
    distances, reaches, sums = seen.distances, scene.reaches, evidence.sums
    # A mean error is at least as long as its share along the newest error, which is at right angles
    # to the centre's direction. A ball's angle is at most a quarter turn times `q (1 + q)`, with q
    # its radius over its distance; all around who is within, which is from 1 on.
    along = dots(sums[:3], evidence.newest[:3])
    shares = reaches / distances
    bounds = shares * shares
    bounds += shares
    bounds *= 0.5 * math.pi * count
    bounds += (most + _SLACK) * count
    bounds *= seen.angles
    near = along < bounds
    columns = near.nonzero()[0]
    if len(columns) > _MOST_NEAR:
        columns = _nearest(scene, seen, sums, count, columns)
    looks = []
    for place, at, sum_, distance, shape in zip(
        columns.tolist(), seen.form.take(columns, axis=1).T.tolist(),
        sums.take(columns, axis=1).T.tolist(), distances.take(columns).tolist(),
        scene.shapes.take(columns, axis=1).T.tolist(), strict=True,
    ):
        look = Look(place, seen.origin, at, sum_, distance, shape, count)
        if look.angle < most:
            looks.append(look)
    return looks


def _nearest(
    scene: Scene, seen: View, sums: Array, count: float, columns: NDArray[np.intp]
) -> NDArray[np.intp]:
    """Of too many targets those whose balls the mean rays are nearest to."""
    offsets, distances = seen.offsets(columns), seen.distances[columns]
    across, reaches = sums[:3, columns], scene.reaches[columns]
    inward = dots(across, offsets) / distances
    aside = np.sqrt(np.abs(dots(across, across) - inward * inward)) / count
    balls = np.arcsin(np.minimum(reaches / distances, 1.0))
    balls[reaches >= distances] = math.pi
    chosen: NDArray[np.intp] = columns[(aside - balls).argpartition(_MOST_NEAR)[:_MOST_NEAR]]
    return chosen
