"""An app's scene as it wrote it, checked value by value and brought into stage space.

The app is not trusted. A head that cannot be used refuses the whole scene, with a reason; a target
that breaks a rule is left out and counted, and the others stand.
"""

from __future__ import annotations

import math
import struct
from enum import IntEnum
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sensorium.perception.targets.rotations import matrices
from sensorium.perception.targets.view import dots, formed
from sensorium.records.apps import SCENE_TARGET, TARGETS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sensorium.perception.targets.view import Array

FAR_M = 1e6
"""Coordinates beyond this many metres are taken for garbage."""
UNIT = (0.99, 1.01)
"""Lengths of a quaternion that still counts as a unit one; it is then made one."""
_MOVABLE = 1
_HEAD = struct.Struct("<3f4ffII")
"""A scene's fields up to its targets."""
_AT = {each.field.name: each.offset for each in SCENE_TARGET.placed}
_PLAIN = np.dtype({
    "names": ["id", "numbers", "position", "rest"], "itemsize": SCENE_TARGET.size,
    "formats": ["<u8", ("<f4", 11), ("<f4", 3), f"V{_AT['name'] - _AT['half_extents']}"],
    "offsets": [_AT["id"], _AT["position"], _AT["position"], _AT["half_extents"]],
})
"""A target's id; its numbers, which lie side by side: position, half extents, orientation, radius;
and all but its id, position and name."""
_ORDER = np.array((0, 1, 2, 3, 4, 5, 10, 6, 7, 8, 9))
_WHERE, _LENGTHS = slice(3), slice(7)
_HALVES, _RADIUS, _SIZES, _TURN = slice(3, 6), 6, slice(3, 7), slice(7, None)
"""Rows of the numbers in that order: what is in metres first."""
_STANDING = np.array([[0], [0], [0], [1]], np.float32)


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


class Scene(NamedTuple):
    """The targets that keep every rule, in stage space, T of them.

    Attributes:
        ids: Shape (T,), unique, not 0.
        form: Where they are, shape (5, T): see `view.formed`.
        shapes: Shape (14, T); its rows are what follows.
        movable: Shape (T,).
        generation: Of the space that the transform was made for.
        ignored: Targets that broke a rule.
    """

    ids: NDArray[np.uint64]
    form: Array
    shapes: Array
    movable: NDArray[np.bool_]
    generation: int
    ignored: int

    @property
    def centres(self) -> Array:
        """Shape (3, T), m."""
        centres: Array = self.form[:3]
        return centres

    @property
    def halves(self) -> Array:
        """Half extents of boxes, shape (3, T), m."""
        halves: Array = self.shapes[:3]
        return halves

    @property
    def axes(self) -> Array:
        """Shape (3, 3, T): `axes[:, k]` is a box's axis k in stage space."""
        axes: Array = self.shapes[3:12].reshape(3, 3, -1)
        return axes

    @property
    def radii(self) -> Array:
        """Of spheres, shape (T,), m; 0 for a box."""
        radii: Array = self.shapes[12]
        return radii

    @property
    def reaches(self) -> Array:
        """Radius of the ball around the centre that holds all of it, shape (T,), m."""
        reaches: Array = self.shapes[13]
        return reaches


def head_state(scene: NDArray[np.void]) -> SceneState:
    """Whether the head of a scene, shape (1,), can be used: count and transform."""
    *transform, _, count = _HEAD.unpack_from(scene.data)
    return _state(transform, count)


def _state(transform: list[float], count: int) -> SceneState:
    """Of a count and a transform: position, orientation and scale; a NaN fails each comparison."""
    if count > TARGETS:
        return SceneState.BAD_COUNT
    scale = transform[7]
    good = (
        0 < scale < FAR_M
        and all(abs(value) <= FAR_M for value in transform[:3])
        and UNIT[0] < math.hypot(*transform[3:7]) < UNIT[1]
    )
    return SceneState.USED if good else SceneState.BAD_TRANSFORM


def good_targets(targets: NDArray[np.void]) -> NDArray[np.bool_]:
    """Which targets, shape (T,), keep every rule that their geometry and ids have.

    An id is not 0 and names one thing: all that share one are out, since nobody can say which is
    meant. Numbers are finite and no further than `FAR_M`. No size is negative, and one is above 0:
    a thing without any is taken for one whose size was forgotten. A box's orientation is a unit
    quaternion; a sphere's is not looked at.
    """
    return _good(targets["id"], _numbers(targets.view(_PLAIN)))


class SceneReader:
    """Reads one app's scenes, and of one that is like the one before only where things are."""

    def __init__(self) -> None:
        self._known: Scene | None = None
        self._like: tuple[bytes, bytes] = b"", b""
        self._transform: list[float] = []
        self._turn = self._matrix = np.zeros((3, 3))

    def read(self, scene: NDArray[np.void]) -> Scene | SceneState:
        """Checks a scene and brings it into stage space.

        Args:
            scene: `records.SCENE`, shape (1,): a copy that the app cannot change any more.

        Returns:
            The scene; or why all of it is refused.
        """
        *transform, generation, count = _HEAD.unpack_from(scene.data)
        if count > TARGETS or transform != self._transform:
            state = _state(transform, count)
            if state is not SceneState.USED:
                return state
            self._place(transform)
        plain = np.frombuffer(scene, _PLAIN, count, _HEAD.size)
        like = plain["id"].tobytes(), plain["rest"].tobytes()
        if like == self._like and self._known is not None:
            points = _points(plain["position"])
            if _reached(points):
                return self._known._replace(
                    form=formed(self._matrix, points), generation=generation
                )
        numbers = _numbers(plain)
        good = _good(plain["id"], numbers)
        # Of a scene without some of its targets nobody remembers which.
        self._like, self._known = like, None
        targets = scene["targets"][0, :count]
        if np.count_nonzero(good) < len(good):
            return self._made(targets[good], numbers[:, good], generation, count)
        self._known = self._made(targets, numbers, generation, count)
        return self._known

    def _place(self, transform: list[float]) -> None:
        """Takes another transform; shapes that were read by the one before are worth nothing."""
        if transform[3:] != self._transform[3:]:
            turn = np.array(transform[3:7], np.float32)[:, None]
            self._turn, self._known = matrices(turn)[:, :, 0], None
        self._matrix = np.column_stack((self._turn * transform[7], transform[:3]))
        self._transform = transform

    def _made(
        self, targets: NDArray[np.void], numbers: NDArray[np.float32], generation: int, count: int
    ) -> Scene:
        lengths = numbers[_LENGTHS] * np.float64(self._transform[7])
        halves = lengths[_HALVES]
        boxes = np.maximum.reduce(halves) > 0
        turns = np.where(boxes, numbers[_TURN], _STANDING)
        shapes = np.empty((14, len(targets)))
        shapes[:3] = halves
        shapes[3:12] = (self._turn @ matrices(turns).reshape(3, -1)).reshape(9, -1)
        shapes[12] = np.where(boxes, 0, lengths[_RADIUS])
        shapes[13] = np.where(boxes, np.sqrt(dots(halves, halves)), lengths[_RADIUS])
        return Scene(
            targets["id"].copy(), formed(self._matrix, _points(numbers[_WHERE].T)), shapes,
            (targets["flags"] & _MOVABLE) != 0, generation, count - len(targets),
        )


def _points(positions: NDArray[np.float32]) -> Array:
    """Positions, shape (T, 3), as shape (4, T): x, y, z and 1."""
    points = np.empty((4, len(positions)))
    points[:3], points[3] = positions.T, 1.0
    return points


def _reached(points: Array) -> bool:
    """Whether no coordinate is too far away; a NaN fails the comparisons."""
    flat = points.ravel()
    # Mostly not even all together.
    return bool(flat.dot(flat) <= FAR_M * FAR_M or (np.abs(flat) <= FAR_M).all())


def _numbers(plain: NDArray[np.void]) -> NDArray[np.float32]:
    """The numbers of targets, shape (11, T), in `_ORDER`."""
    numbers: NDArray[np.float32] = plain["numbers"].T[_ORDER]
    return numbers


def _good(ids: NDArray[np.uint64], numbers: NDArray[np.float32]) -> NDArray[np.bool_]:
    """See `good_targets`; a NaN fails each comparison."""
    sizes = numbers[_SIZES]
    good: NDArray[np.bool_] = (
        _alone(ids)
        & (np.maximum.reduce(np.abs(numbers[_LENGTHS])) <= FAR_M)
        & (np.minimum.reduce(sizes) >= 0)
        & (np.maximum.reduce(sizes) > 0)
    )
    boxes = np.maximum.reduce(numbers[_HALVES]) > 0
    if np.count_nonzero(boxes):
        # What a sphere has for an orientation may be anything.
        with np.errstate(invalid="ignore"):
            turns = numbers[_TURN].astype(np.float64)
            lengths = np.sqrt(dots(turns, turns))
        good &= ~boxes | ((lengths > UNIT[0]) & (lengths < UNIT[1]))
    return good


def _alone(ids: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """Which ids are not 0 and nobody else's."""
    ordered = np.sort(ids)
    twice = ordered[1:] == ordered[:-1]
    alone: NDArray[np.bool_] = ids != 0
    return alone & ~np.isin(ids, ordered[1:][twice]) if np.count_nonzero(twice) else alone
