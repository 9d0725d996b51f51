"""The memory that OpenXR fills, as numpy types with the bytes of its C structures.

`tests/contract/test_openxr_structures.py` compares each with the binding's own definition.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def _structure(size: int, **members: tuple[int, Any]) -> np.dtype[np.void]:
    return np.dtype(
        {
            "names": list(members),
            "offsets": [offset for offset, _ in members.values()],
            "formats": [kind for _, kind in members.values()],
            "itemsize": size,
        }
    )


LOCATION = _structure(
    40, flags=(0, "<u8"), orientation=(8, ("<f4", 4)), position=(24, ("<f4", 3)),
    radius=(36, "<f4"),
)
"""XrHandJointLocationEXT; XrSpaceLocationData is the same without the radius."""

VELOCITY = _structure(32, flags=(0, "<u8"), linear=(8, ("<f4", 3)), angular=(20, ("<f4", 3)))
"""XrHandJointVelocityEXT and XrSpaceVelocityData."""

SPACE_LOCATION = _structure(56, type=(0, "<u4"), next=(8, "<u8"), location=(16, LOCATION))
"""XrSpaceLocation: a header, then a LOCATION without the radius."""

SPACE_VELOCITY = _structure(48, type=(0, "<u4"), next=(8, "<u8"), velocity=(16, VELOCITY))
"""XrSpaceVelocity: a header, then a VELOCITY."""

SPACES_LOCATE_INFO = _structure(
    48, type=(0, "<u4"), next=(8, "<u8"), base_space=(16, "<u8"), time=(24, "<i8"),
    space_count=(32, "<u4"), spaces=(40, "<u8"),
)
"""XrSpacesLocateInfo."""

SPACE_ARRAY = _structure(
    32, type=(0, "<u4"), next=(8, "<u8"), count=(16, "<u4"), address=(24, "<u8")
)
"""XrSpaceLocations, XrSpaceVelocities and XrHandJointVelocitiesEXT: a counted array."""

JOINTS_LOCATE_INFO = _structure(
    32, type=(0, "<u4"), next=(8, "<u8"), base_space=(16, "<u8"), time=(24, "<i8")
)
"""XrHandJointsLocateInfoEXT."""

JOINT_LOCATIONS = _structure(
    32, type=(0, "<u4"), next=(8, "<u8"), is_active=(16, "<u4"), count=(20, "<u4"),
    address=(24, "<u8"),
)
"""XrHandJointLocationsEXT."""

ACTION_GET_INFO = _structure(
    32, type=(0, "<u4"), next=(8, "<u8"), action=(16, "<u8"), subaction_path=(24, "<u8")
)
"""XrActionStateGetInfo."""

STATE_BOOLEAN = _structure(
    40, type=(0, "<u4"), next=(8, "<u8"), value=(16, "<u4"), is_active=(32, "<u4")
)
"""XrActionStateBoolean."""

STATE_FLOAT = _structure(
    40, type=(0, "<u4"), next=(8, "<u8"), value=(16, "<f4"), is_active=(32, "<u4")
)
"""XrActionStateFloat."""

STATE_VECTOR = _structure(
    48, type=(0, "<u4"), next=(8, "<u8"), value=(16, ("<f4", 2)), is_active=(40, "<u4")
)
"""XrActionStateVector2f."""

STATE_POSE = _structure(24, type=(0, "<u4"), next=(8, "<u8"), is_active=(16, "<u4"))
"""XrActionStatePose."""


class Room:
    """Memory for located spaces or joints.

    Args:
        count: How many.
        location: The structure of each location.
        velocity: The structure of each velocity.

    Attributes:
        raw_locations: What the runtime fills, shape (count,), of the type `location`.
        raw_velocities: The same for velocities.
        locations: The `LOCATION` in each of `raw_locations`.
        velocities: The `VELOCITY` in each of `raw_velocities`.
        flags: u32, one each, for whoever reads the locations.
        zero: One word that stays 0.
        words: All of this memory as u32.
    """

    def __init__(
        self,
        count: int,
        location: np.dtype[np.void] = LOCATION,
        velocity: np.dtype[np.void] = VELOCITY,
    ) -> None:
        split = count * location.itemsize
        end = split + count * velocity.itemsize
        memory = np.zeros(end // 8 + count + 1, np.uint64).view(np.uint8)
        self.raw_locations: NDArray[np.void] = memory[:split].view(location)
        self.raw_velocities: NDArray[np.void] = memory[split:end].view(velocity)
        self.locations = _inner(self.raw_locations, "location")
        self.velocities = _inner(self.raw_velocities, "velocity")
        tail = memory[end:].view(np.uint32)
        self.flags: NDArray[np.uint32] = tail[:count]
        self.zero: NDArray[np.uint32] = tail[count : count + 1]
        self.words: NDArray[np.uint32] = memory.view(np.uint32)


def _inner(array: NDArray[np.void], name: str) -> NDArray[np.void]:
    return array[name] if name in (array.dtype.names or ()) else array


def address(array: NDArray[Any], index: int = 0) -> int:
    """The address of an element; valid as long as the array lives."""
    return int(array.ctypes.data) + index * array.strides[0]
