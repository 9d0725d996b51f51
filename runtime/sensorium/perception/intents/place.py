"""Where "there" is: a point on the surface of what was meant, on the floor, or on the ray."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sensorium.perception.attention_trace import CONTROLLER, EYES, FINGER, HEAD
from sensorium.perception.intents.alignment import GAZE, POINTING, weights
from sensorium.perception.targets.silhouette import box_entry, sphere_entry

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sensorium.perception.intents.alignment import Array
    from sensorium.perception.intents.deictic import Reference
    from sensorium.perception.intents.history import Seen
    from sensorium.perception.targets.scene import Scene

_WITH_FLOOR = (1, 2)
"""STAGE and LOCAL_FLOOR, whose y is 0 on the floor."""
_FLOOR_M = 10.0
"""What is further away on the floor is not meant."""
_LEAST_POINTED, _LEAST_SEEN = 0.2, 0.1
"""Share of the word's time in which a hand must point for the place to be its ray's; the same of
eyes and head."""
_OWN_NS = 300_000_000
"""So far from the word the head still is where it was."""
_TOGETHER = 0.98
"""Cosine to the ray of the best moment: what is within 11 degrees is of the same glance."""


class Place(NamedTuple):
    """A point.

    Attributes:
        point: m, shape (3,).
        space: Its space and generation.
    """

    point: Array
    space: tuple[int, int]


def place_of(
    reference: Reference, target: int, rays: Sequence[Seen], scene: Scene | None, reach_m: float
) -> Place | None:
    """The point that a word means.

    Args:
        reference: The word.
        target: Id of the target that it is on; 0: none.
        rays: Of the time around; those of an earlier space than the newest are not used.
        scene: The app's, as it is now.
        reach_m: How far along the ray it is where nothing is hit.

    Returns:
        None where there is no ray, and no target.
    """
    space = rays[-1].space if rays else None
    of_space = [ray for ray in rays if ray.space == space]
    at = _row(scene, target)
    for kinds, lag, least in (
        ((FINGER, CONTROLLER), POINTING, _LEAST_POINTED), ((EYES,), GAZE, _LEAST_SEEN),
        ((HEAD,), GAZE, _LEAST_SEEN),
    ):
        chosen = [ray for ray in of_space if ray.kind in kinds]
        if not chosen:
            continue
        times = np.array([ray.time_ns for ray in chosen]) * 1e-9
        shares = weights(times, reference.start_ns * 1e-9, lag, 1)
        if float(shares.sum()) <= least:
            continue
        assert space is not None
        if at is None or scene is None:
            origin, direction = _mean(chosen, shares)
            return Place(_free(origin, direction, space, reach_m), space)
        if scene.generation != space[1]:
            break
        hits = [_hit(scene, at, ray.origin, ray.direction) for ray in chosen]
        shares = shares * np.isfinite(hits)
        if shares.any():
            origin, direction = _mean(chosen, shares)
            far = _hit(scene, at, origin, direction)
            best = int(shares.argmax())
            ray = (origin, direction, far) if np.isfinite(far) else (
                chosen[best].origin, chosen[best].direction, hits[best]
            )
            return Place(ray[0] + ray[1] * ray[2], space)
    if at is None or scene is None:
        return None
    return Place(scene.centres[at], (space[0] if space else 0, scene.generation))


def own_place(reference: Reference, rays: Sequence[Seen]) -> Place | None:
    """Where the wearer's head was when a word was said; None: nobody knows."""
    heads = [
        ray for ray in rays
        if ray.kind == HEAD and abs(ray.time_ns - reference.start_ns) <= _OWN_NS
    ]
    if not heads:
        return None
    nearest = min(heads, key=lambda ray: abs(ray.time_ns - reference.start_ns))
    return Place(nearest.origin, nearest.space)


def _row(scene: Scene | None, target: int) -> int | None:
    if scene is None or not target:
        return None
    rows = np.flatnonzero(scene.ids == target)
    return int(rows[0]) if len(rows) else None


def _mean(rays: Sequence[Seen], shares: Array) -> tuple[Array, Array]:
    """The mean ray of the glance around the best moment."""
    directions = np.stack([ray.direction for ray in rays])
    origins = np.stack([ray.origin for ray in rays])
    near = directions @ directions[int(shares.argmax())] > _TOGETHER
    kept = shares * near
    direction = kept @ directions
    return kept @ origins / kept.sum(), direction / np.linalg.norm(direction)


def _hit(scene: Scene, at: int, origin: Array, direction: Array) -> float:
    """Distance to where a ray meets a target, m; infinite where it misses."""
    offset = scene.centres[at] - origin
    if scene.boxes[at]:
        axes = scene.axes[at]
        return float(box_entry(-(axes @ offset), axes @ direction, scene.halves[at]))
    return float(sphere_entry(offset, direction, scene.radii[at]))


def _free(origin: Array, direction: Array, space: tuple[int, int], reach_m: float) -> Array:
    """On the floor, where the ray falls on it near by; else so far along the ray."""
    if space[0] in _WITH_FLOOR and direction[1] < 0 and origin[1] > 0:
        far = -origin[1] / direction[1]
        if far <= _FLOOR_M:
            reach_m = far
    made: Array = origin + direction * reach_m
    return made
