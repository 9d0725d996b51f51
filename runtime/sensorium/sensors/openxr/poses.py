"""From the structures that OpenXR fills to the poses of records, whole arrays at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np

from sensorium.sensors.openxr.structures import address

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sensorium.sensors.openxr.structures import Room

ORIENTATION_VALID = 1
POSITION_VALID = 2
LINEAR_VELOCITY_VALID = 16
ANGULAR_VELOCITY_VALID = 32

_LOCATION_FLAGS = 15
_VELOCITY_FLAGS = 3
_VELOCITY_SHIFT = 4

_WORD = 4
_SOURCES = {
    "position": ("locations", "position"),
    "orientation": ("locations", "orientation"),
    "radius": ("locations", "radius"),
    "linear_velocity": ("velocities", "linear"),
    "angular_velocity": ("velocities", "angular"),
}
"""Field of a record's pose to the structure and field that it comes from."""

_VALIDITY = {
    "orientation": ORIENTATION_VALID,
    "position": POSITION_VALID,
    "linear_velocity": LINEAR_VELOCITY_VALID,
    "angular_velocity": ANGULAR_VELOCITY_VALID,
}
"""Field of a record's pose to the flag that says that the runtime filled it."""


class PoseCopy:
    """Copies located poses into poses of a record; what is not valid becomes zero.

    OpenXR's bits of location (1 to 8) are kept, those of velocity (1, 2) become 16 and 32, as
    `records.sensors.POSE_FLAGS` has them. All words are gathered by one numpy call, and where
    they come from is worked out only when the flags change: at the display's rate most of the
    cost is the number of calls.

    Args:
        room: What the runtime fills: n locations and n velocities.
        first: The first location and velocity to copy.
        poses: `records.sensors.POSE` or `JOINT`, shape (n,), a view of the record.
    """

    def __init__(self, room: Room, first: int, poses: NDArray[np.void]) -> None:
        count = len(poses)
        rows = slice(first, first + count)
        self._poses = poses
        self._location_flags = room.locations["flags"][rows]
        self._velocity_flags = room.velocities["flags"][rows]
        self._flags = room.flags[rows]
        self._zero = (address(room.zero) - address(room.words)) // _WORD
        self._all = _indices(room, rows, poses)
        self._indices = self._all.ravel()
        self._take = room.words.take
        self._words = poses.view(np.uint32)
        self._raw = b""
        self._common = 0

    def copy(self) -> int:
        """Copies everything.

        Returns:
            The flags that all poses have in common.
        """
        raw = self._location_flags.tobytes() + self._velocity_flags.tobytes()
        if raw != self._raw:
            self._raw = raw
            self._take_flags()
        # mode "clip" writes straight into `out`; the indices are in range by construction.
        self._take(self._indices, None, self._words, "clip")
        return self._common

    def _take_flags(self) -> None:
        """Works out the flags, and takes a zero where the runtime leaves a value undefined."""
        self._flags[:] = (self._location_flags & _LOCATION_FLAGS) | (
            (self._velocity_flags & _VELOCITY_FLAGS) << _VELOCITY_SHIFT
        )
        self._common = int(np.bitwise_and.reduce(self._flags))
        indices = self._all.copy()
        for name, bit in _VALIDITY.items():
            indices[(self._flags & bit) == 0, _span(self._poses, name)] = self._zero
        self._indices = indices.ravel()


def _span(poses: NDArray[np.void], name: str) -> slice:
    """The words of a field within one pose."""
    kind, offset = cast("Any", poses.dtype.fields)[name][:2]
    return slice(offset // _WORD, (offset + kind.itemsize) // _WORD)


def _indices(room: Room, rows: slice, poses: NDArray[np.void]) -> NDArray[np.intp]:
    """For each word of each pose the word of the room that it comes from."""
    indices = np.zeros((len(poses), poses.dtype.itemsize // _WORD), np.intp)
    sources = {"flags": room.flags[rows]}
    for name, (structure, field) in _SOURCES.items():
        sources[name] = getattr(room, structure)[rows][field]
    for name in poses.dtype.names or ():
        source = sources[name]
        span = _span(poses, name)
        start = (address(source) - address(room.words)) // _WORD
        stride = source.strides[0] // _WORD
        indices[:, span] = start + stride * np.arange(len(poses))[:, None] + np.arange(
            span.stop - span.start
        )
    return indices
