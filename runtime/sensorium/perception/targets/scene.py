"""An app's scene as it wrote it, checked value by value and brought into stage space.

The app is not trusted. A head that cannot be used refuses the whole scene, with a reason; a target
that breaks a rule is left out and counted, and the others stand.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

import numpy as np

from sensorium.records.apps import TARGETS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

FAR_M = 1e6
"""Coordinates beyond this many metres are taken for garbage."""
UNIT = (0.99, 1.01)
"""Lengths of a quaternion that still counts as a unit one; it is then made one."""
_MOVABLE = 1


class SceneState(IntEnum):
    """What became of an app's scene; the values of `target.scene_state`."""

    USED = 0
    WITHDRAWN = 1
    """The app published that it has none."""
    BAD_TRANSFORM = 2
    """Position, orientation or scale of its world is not finite, not a unit or not above 0."""
    BAD_COUNT = 3
    """It claims more targets than there is room for."""
    OTHER_SPACE = 4
    """Its transform was made before or after a recentre that cannot be bridged."""
    UNREADABLE = 5
    """It is no whole scene record."""
    MISSING = 6
    """The app has published none."""


@dataclass(frozen=True)
class Scene:
    """The targets that keep every rule, in stage space, T of them.

    Attributes:
        ids: Shape (T,), unique, not 0.
        centres: Shape (T, 3), m.
        radii: Shape (T,), m; of spheres; 0 for a box.
        boxes: Shape (T,): whether it is a box.
        halves: Shape (T, 3), m: half extents of boxes.
        axes: Shape (T, 3, 3): row k is the box's axis k in stage space.
        reaches: Shape (T,), m: radius of the ball around the centre that holds all of it.
        movable: Shape (T,).
        generation: Of the space that the transform was made for.
        ignored: Targets that broke a rule.
    """

    ids: NDArray[np.uint64]
    centres: Array
    radii: Array
    boxes: NDArray[np.bool_]
    halves: Array
    axes: Array
    reaches: Array
    movable: NDArray[np.bool_]
    generation: int
    ignored: int


def head_state(scene: NDArray[np.void]) -> SceneState:
    """Whether the head of a scene, shape (1,), can be used: count and transform."""
    head = scene[0]
    if int(head["count"]) > TARGETS:
        return SceneState.BAD_COUNT
    if not (
        0 < float(head["world_scale"]) < FAR_M
        and _near(head["world_position"]).all()
        and _unit(head["world_orientation"][None])[0]
    ):
        return SceneState.BAD_TRANSFORM
    return SceneState.USED


def good_targets(targets: NDArray[np.void]) -> NDArray[np.bool_]:
    """Which targets, shape (T,), keep every rule that their geometry and ids have.

    An id is not 0 and names one thing: all that share one are out, since nobody can say which is
    meant. Numbers are finite and no further than `FAR_M`. No size is negative, and one is above 0:
    a thing without any is taken for one whose size was forgotten. A box's orientation is a unit
    quaternion; a sphere's is not looked at.
    """
    halves, radii = targets["half_extents"], targets["radius"]
    sizes = np.column_stack((halves, radii))
    boxes: NDArray[np.bool_] = np.any(halves, axis=1)
    good: NDArray[np.bool_] = (
        _alone(targets["id"])
        & _near(targets["position"]).all(axis=1)
        & (_near(sizes) & (sizes >= 0)).all(axis=1)
        & (boxes | (radii > 0))
    )
    turned = np.flatnonzero(boxes)
    if len(turned):
        good[turned] &= _unit(targets["orientation"][turned])
    return good


def read_scene(scene: NDArray[np.void]) -> Scene | SceneState:
    """Checks a scene and brings it into stage space.

    Args:
        scene: `records.SCENE`, shape (1,): a copy that the app cannot change any more.

    Returns:
        The scene; or why all of it is refused.
    """
    state = head_state(scene)
    if state is not SceneState.USED:
        return state
    head = scene[0]
    count, scale = int(head["count"]), float(head["world_scale"])
    written = scene["targets"][0, :count]
    good = good_targets(written)
    targets = written if good.all() else written[good]
    turn = _matrices(head["world_orientation"][None])[0]
    centres = targets["position"].astype(np.float64) * scale @ turn.T + head["world_position"]
    halves = targets["half_extents"].astype(np.float64) * scale
    boxes: NDArray[np.bool_] = np.any(halves, axis=1)
    radii = np.where(boxes, 0.0, targets["radius"].astype(np.float64) * scale)
    axes = np.broadcast_to(turn.T, (len(targets), 3, 3))
    if boxes.any():
        axes = axes.copy()
        # Column k of a rotation matrix is the axis k.
        axes[boxes] = (turn @ _matrices(targets["orientation"][boxes])).transpose(0, 2, 1)
    return Scene(
        targets["id"].copy(), centres, radii, boxes, halves, axes,
        np.where(boxes, np.sqrt((halves * halves).sum(axis=1)), radii),
        (targets["flags"] & _MOVABLE) != 0, int(head["space_generation"]), count - len(targets),
    )


def _alone(ids: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """Which ids are not 0 and nobody else's."""
    ordered = np.sort(ids)
    twice = ordered[1:][ordered[1:] == ordered[:-1]]
    alone: NDArray[np.bool_] = ids != 0
    return alone & ~np.isin(ids, twice) if len(twice) else alone


def _near(values: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Which are finite and within `FAR_M`; a NaN fails the comparison."""
    near: NDArray[np.bool_] = np.abs(values) <= FAR_M
    return near


def _unit(quaternions: NDArray[np.float32]) -> NDArray[np.bool_]:
    wide = np.where(_near(quaternions), quaternions, 0).astype(np.float64)
    lengths = np.sqrt((wide * wide).sum(axis=-1))
    found: NDArray[np.bool_] = (
        _near(quaternions).all(axis=-1) & (lengths > UNIT[0]) & (lengths < UNIT[1])
    )
    return found


def _matrices(quaternions: NDArray[np.float32]) -> Array:
    """Rotation matrices, shape (N, 3, 3), of quaternions xyzw, which are made unit ones."""
    wide = quaternions.astype(np.float64)
    wide = wide / np.sqrt((wide * wide).sum(axis=1))[:, None]
    x, y, z, w = wide.T
    out = np.empty((len(wide), 3, 3))
    out[:, 0, 0], out[:, 1, 1], out[:, 2, 2] = (
        1 - 2 * (y * y + z * z), 1 - 2 * (x * x + z * z), 1 - 2 * (x * x + y * y)
    )
    out[:, 0, 1], out[:, 1, 0] = 2 * (x * y - w * z), 2 * (x * y + w * z)
    out[:, 0, 2], out[:, 2, 0] = 2 * (x * z + w * y), 2 * (x * z - w * y)
    out[:, 1, 2], out[:, 2, 1] = 2 * (y * z - w * x), 2 * (y * z + w * x)
    return out
