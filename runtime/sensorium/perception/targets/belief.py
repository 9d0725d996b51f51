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

from sensorium.perception.targets.silhouette import (
    box_angles,
    box_entry,
    box_outline,
    sphere_entry,
    sphere_outline,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sensorium.perception.targets.evidence import Evidence, View
    from sensorium.perception.targets.scene import Array, Scene

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
_TINY = 1e-12


class Belief(NamedTuple):
    """Logarithms of how likely each near target is, in no unit but the same for all.

    Attributes:
        places: Rows of the scene, shape (N,).
        weights: Shape (N,).
        nothing: Of no target.
        unsure: How much of the error's standard deviation is noise, which more samples would take
            away, 0..1.
    """

    places: NDArray[np.intp]
    weights: Array
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
    noise = evidence.variance / max(evidence.count, 1)
    variance = offset * offset + noise
    sigma, unsure = math.sqrt(variance), math.sqrt(noise / variance)
    offsets, centres, distances = seen
    means = evidence.means()
    # A target that has moved on has taken its errors along: they are at right angles no more.
    means = means - np.einsum("ij,ij->i", means, centres)[:, None] * centres
    aside = np.sqrt(np.einsum("ij,ij->i", means, means))
    balls = np.where(
        distances <= scene.reaches, np.pi,
        np.arcsin(np.minimum(scene.reaches / np.maximum(distances, _TINY), 1)),
    )
    signed = aside - balls
    near = np.flatnonzero(signed < _REACH * sigma)
    if len(near) > _MOST_NEAR:
        near = near[np.argpartition(signed[near], _MOST_NEAR)[:_MOST_NEAR]]
    scatter, still = evidence.scatter()
    if not len(near):
        return Belief(near, np.zeros(0), math.log(BACKGROUND), unsure)
    looks = _Looks(
        scene, near, offsets[near], centres[near], means[near], aside[near]
    )
    angles, areas, lengths = looks.outlines(distances[near], signed[near], balls[near])
    least = min(float(scatter[near].min()), still)
    weights = (
        -np.square(np.maximum(angles, 0)) / (2 * variance)
        - np.log(spread(areas, lengths, variance))
        - np.log1p(distances[near] / ACTION_M)
        - np.minimum((scatter[near] - least) / (2 * evidence.variance), _MOST_SCATTER)
    )
    best = np.argsort(-weights)[:_MOST_COVERED]
    weights[best] += math.log(LEAK) * looks.covered(best, angles[best])
    # What is not listed lies behind what is hit; a target all around the eye covers nothing.
    outside = scene.reaches[near] < distances[near]
    depth = float(angles[outside].min()) if outside.any() else math.inf
    hidden = (1 - LEAK) * 0.5 * math.erfc(depth / sigma / math.sqrt(2))
    nothing = (
        math.log(BACKGROUND) + math.log(1 - hidden)
        - min((still - least) / (2 * evidence.variance), _MOST_SCATTER)
    )
    return Belief(near, weights, nothing, unsure)


def spread(areas: Array, lengths: Array, variance: float) -> Array:
    """The integral of `exp(-s^2 / 2 v)` over directions, around convex outlines, sr.

    In the plane, by Steiner: the outline at a distance `s` is `P + 2 pi s` long. On the sphere it
    is good for outlines and errors of up to some 20 degrees.

    Args:
        areas: Solid angles, shape (N,), sr.
        lengths: Of the outlines, shape (N,), rad.
        variance: An axis, rad2.
    """
    return areas + lengths * math.sqrt(math.pi * variance / 2) + 2 * math.pi * variance


class _Looks:
    """The near targets as they are seen along their mean rays."""

    def __init__(
        self, scene: Scene, near: NDArray[np.intp], offsets: Array, centres: Array,
        means: Array, aside: Array,
    ) -> None:
        self._boxes = scene.boxes[near]
        self._halves, self._radii = scene.halves[near], scene.radii[near]
        self._axes = scene.axes[near]
        self._offsets, self._centres, self._aside = offsets, centres, aside
        self._sides = means / np.maximum(aside, _TINY)[:, None]
        # The eye in each box's frame.
        self._eyes = -np.matmul(self._axes, offsets[:, :, None])[:, :, 0]

    def outlines(
        self, distances: Array, balls: Array, radii: Array
    ) -> tuple[Array, Array, Array]:
        """Signed angle, solid angle and length of each outline; those of spheres are given."""
        angles = balls
        areas, lengths = sphere_outline(radii)
        at = np.flatnonzero(self._boxes)
        if len(at):
            axes, eyes, halves = self._axes[at], self._eyes[at], self._halves[at]
            rays = np.matmul(axes, self._rays(at, self._aside[at])[:, :, None])[:, :, 0]
            angles[at], _ = box_angles(eyes, rays, halves)
            away = np.maximum(distances[at], _TINY)
            areas[at], lengths[at] = box_outline(eyes / away[:, None], away, halves)
        return angles, areas, lengths

    def covered(self, places: NDArray[np.intp], angles: Array) -> NDArray[np.bool_]:
        """Which of these are hidden where they would be meant: by one that is nearer there.

        A target that is missed would be meant at its outline, which is taken to lie straight
        towards its centre. One that holds the eye covers nothing.
        """
        rays = self._rays(places, self._aside[places] - np.maximum(angles, 0) * 1.02)
        spheres = sphere_entry(self._offsets[places], rays[:, None], self._radii[places])
        if self._boxes[places].any():
            turned = np.matmul(rays, self._axes[places].transpose(0, 2, 1)).transpose(1, 0, 2)
            boxes = box_entry(self._eyes[places], turned, self._halves[places])
            entries = np.where(self._boxes[places], boxes, spheres)
        else:
            entries = spheres
        own = np.diagonal(entries)
        away = np.sqrt(np.square(self._offsets[places]).sum(axis=1))
        own = np.where(np.isfinite(own), own, away)
        hides: NDArray[np.bool_] = np.any((entries > 0) & (entries < own[:, None]), axis=1)
        return hides

    def _rays(self, places: NDArray[np.intp], turn: Array) -> Array:
        """Unit vectors, turned by `turn` from each centre towards its mean ray."""
        turn = np.maximum(turn, 0)[:, None]
        return np.cos(turn) * self._centres[places] + np.sin(turn) * self._sides[places]
