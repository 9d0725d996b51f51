"""Where "there" is: a point on the surface of what was meant, on the floor, or on the ray."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sensorium.perception.attention_trace import CONTROLLER, EYES, FINGER, HEAD
from sensorium.perception.intents.alignment import POINTING, weights
from sensorium.perception.targets.silhouette import box_entry, sphere_entry

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sensorium.perception.intents.alignment import Array
    from sensorium.perception.intents.deictic import Reference
    from sensorium.perception.intents.gaze import Look
    from sensorium.perception.intents.history import History, Seen
    from sensorium.perception.targets.scene import Scene

_WITH_FLOOR = (1, 2)
"""STAGE and LOCAL_FLOOR, whose y is 0 on the floor."""
_FLOOR_M = 10.0
"""What is further away on the floor is not meant."""
_LEAST_POINTED = 0.2
"""Share of the word's time in which a hand must point for the place to be its ray's."""
_SETTLED_NS = 50_000_000
"""So long after a look's begin the saccade is over."""
_OWN_NS = 300_000_000
"""So far from the word the head still is where it was."""
_TOGETHER = 0.9962
"""Cosine to a glance's first ray: what is within 5 degrees is of the same one."""
_NEAR = 0.9659
"""Cosine: a controller that points further than 15 degrees from where one looks is not used."""


class Beam(NamedTuple):
    """The mean ray of a glance, and its kind."""

    origin: Array
    direction: Array
    kind: int


class Place(NamedTuple):
    """A point.

    Attributes:
        point: m, shape (3,).
        space: Its space and generation.
    """

    point: Array
    space: tuple[int, int]


def place_of(
    reference: Reference, target: int, history: History, scene: Scene | None, reach_m: float,
    look: Look | None,
) -> Place | None:
    """The point that a word means.

    Args:
        reference: The word.
        target: Id of the target that it is on; 0: none.
        history: Of the time around; rays of an earlier space than the newest are not used.
        scene: The app's, as it is now.
        reach_m: How far along the ray it is where nothing is hit.
        look: That the word is about; None: nothing is known of it.

    Returns:
        None where there is no ray, and no target.
    """
    rays = history.rays
    space = rays[-1].space if rays else None
    at = _row(scene, target)
    if space is None:
        return None if at is None or scene is None else _centre(scene, at, 0)
    of_space = [ray for ray in rays if ray.space == space]
    start_s = reference.start_ns * 1e-9
    looked = _looked(of_space, look) if look is not None else None
    hands = [ray for ray in of_space if ray.kind in (FINGER, CONTROLLER)]
    pointed = [
        beam for side in (0, 1)
        if (beam := _beam(
            [ray for ray in hands if ray.side == side], history, start_s, at
        ))
    ]
    if at is not None and scene is not None:
        if scene.generation == space[1]:
            for beam in (*pointed, *([looked] if looked else [])):
                far = _hit(scene, at, *beam[:2])
                if np.isfinite(far):
                    return Place(beam.origin + beam.direction * far, space)
        return _centre(scene, at, space[0])
    seen_at = _free(looked, space, reach_m) if looked is not None else None
    for beam in pointed:
        point = _free(beam, space, reach_m)
        if looked is None or not _agrees(looked, point):
            if looked is None or beam.kind == FINGER:
                return Place(point, space)
        elif looked.kind != EYES:
            return Place(point, space)
    # Who points looks there, too, and eyes are off by less than hands.
    return Place(seen_at, space) if seen_at is not None else None


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


def _centre(scene: Scene, at: int, space: int) -> Place:
    return Place(scene.centres[:, at], (space, scene.generation))


def _looked(rays: Sequence[Seen], look: Look) -> Beam | None:
    """The median ray of the eyes in a look, else of the head; None: there was none."""
    first = min(look.start_ns + _SETTLED_NS, look.end_ns)
    for kind in (EYES, HEAD):
        seen = [
            ray for ray in rays if ray.kind == kind and first <= ray.time_ns <= look.end_ns
        ]
        if seen:
            # At a look's end some may be of the next one.
            direction = np.median([ray.direction for ray in seen], axis=0)
            origin = np.median([ray.origin for ray in seen], axis=0)
            length = float(np.linalg.norm(direction))
            # Of a head that whirls there is none.
            return Beam(origin, direction / length, kind) if length > 0 else None
    return None


def _beam(
    rays: Sequence[Seen], history: History, start_s: float, at: int | None
) -> Beam | None:
    """The ray of the hand that a word is most probably about; None: there was none."""
    if not rays:
        return None
    times = np.array([ray.time_ns for ray in rays]) * 1e-9
    directions = np.stack([ray.direction for ray in rays])
    labels = _stretches(directions)
    shares = weights(times, labels, start_s, POINTING, 0)
    if float(shares.sum()) <= _LEAST_POINTED:
        return None
    if at is None and len(history.times):
        # An open place was pointed at where no target was.
        shares = shares * np.interp(times, history.times, history.pointing.open)
    best = int(shares.argmax())
    kept = shares * (labels == labels[best])
    origin = kept @ np.stack([ray.origin for ray in rays]) / kept.sum()
    direction = kept @ directions
    return Beam(origin, direction / np.linalg.norm(direction), rays[best].kind)


def _stretches(directions: Array) -> NDArray[np.int64]:
    """A label for each ray: the same while they stay together."""
    labels = np.zeros(len(directions), np.int64)
    first = 0
    for at in range(1, len(directions)):
        if float(directions[at] @ directions[first]) < _TOGETHER:
            first = at
        labels[at] = first
    return labels


def _agrees(looked: Beam, point: Array) -> bool:
    """Whether a point is about where the wearer looks."""
    towards = point - looked.origin
    return float(towards @ looked.direction) > _NEAR * float(np.linalg.norm(towards))


def _hit(scene: Scene, at: int, origin: Array, direction: Array) -> float:
    """Distance to where a ray meets a target, m; infinite where it misses."""
    offset = scene.centres[:, at] - origin
    radius = float(scene.radii[at])
    if radius:
        return sphere_entry(_plain(offset), _plain(direction), radius)
    axes = scene.axes[:, :, at].T
    return box_entry(_plain(axes @ offset), _plain(scene.halves[:, at]), _plain(axes @ direction))


def _plain(vector: Array) -> tuple[float, float, float]:
    x, y, z = vector.tolist()
    return x, y, z


def _free(beam: Beam, space: tuple[int, int], reach_m: float) -> Array:
    """On the floor, where the ray falls on it near by; else so far along the ray."""
    origin, direction = beam[:2]
    if space[0] in _WITH_FLOOR and direction[1] < 0 and origin[1] > 0:
        far = -origin[1] / direction[1]
        if far <= _FLOOR_M:
            reach_m = far
    made: Array = origin + direction * reach_m
    return made
