"""Hands: 26 joints each with their velocities, by XR_EXT_hand_tracking."""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING, Any

import numpy as np

from sensorium.health import Reason
from sensorium.records.sensors import JOINTS
from sensorium.sensors.openxr import structures
from sensorium.sensors.openxr.calls import handle
from sensorium.sensors.openxr.poses import ORIENTATION_VALID, POSITION_VALID, PoseCopy
from sensorium.sensors.openxr.structures import address

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from sensorium.sensors.openxr.calls import Calls
    from sensorium.sensors.openxr.session import Session
    from sensorium.sensors.outlet import Outlet

LEFT, RIGHT = 1, 2
"""The sides as records have them; as bits they can be combined."""

_PATIENCE = 45
"""Polls in which a lost hand is still looked for each time: half a second at 90 Hz."""

HAND_TRACKING = "XR_EXT_hand_tracking"


class Hand:
    """The tracker of one hand.

    The binding's own wrapper of `xrLocateHandJointsEXT` passes no room for joints, so the
    function is called directly, with arrays that live as long as the tracker.

    Args:
        calls: The instance's functions.
        session: The XrSession.
        base: The space to locate in.
        side: 1 left, 2 right.
        joints: `records.sensors.JOINT`, shape (26,): where the joints go.
    """

    def __init__(
        self, calls: Calls, session: Any, base: Any, side: int, joints: NDArray[np.void]
    ) -> None:
        xr = calls.xr
        kinds = xr.StructureType
        self._tracker = xr.create_hand_tracker_ext(
            session,
            xr.HandTrackerCreateInfoEXT(
                hand=xr.HandEXT(side), hand_joint_set=xr.HandJointSetEXT.DEFAULT
            ),
        )
        room = structures.Room(JOINTS)
        self._copy = PoseCopy(room, 0, joints)
        self._velocities = np.zeros(1, structures.SPACE_ARRAY)
        self._velocities["type"] = kinds.HAND_JOINT_VELOCITIES_EXT.value
        self._velocities["count"] = JOINTS
        self._velocities["address"] = address(room.raw_velocities)
        self._found = np.zeros(1, structures.JOINT_LOCATIONS)
        self._found["type"] = kinds.HAND_JOINT_LOCATIONS_EXT.value
        self._found["next"] = address(self._velocities)
        self._found["count"] = JOINTS
        self._found["address"] = address(room.raw_locations)
        self._active = self._found["is_active"]
        self._info = np.zeros(1, structures.JOINTS_LOCATE_INFO)
        self._info["type"] = kinds.HAND_JOINTS_LOCATE_INFO_EXT.value
        self._info["base_space"] = handle(base)
        self._time = self._info["time"]
        self._arguments = (handle(self._tracker), address(self._info), address(self._found))
        self._call = calls.find(
            "xrLocateHandJointsEXT", ctypes.c_uint64, ctypes.c_void_p, ctypes.c_void_p
        )

    def locate(self, xr_time: int) -> bool:
        """Fills the joints for the XrTime `xr_time`.

        Returns:
            Whether the hand is tracked: active, and every joint with a valid pose. When it is
            not, the joints are left as they were.
        """
        self._time[0] = xr_time
        if self._call(*self._arguments) < 0 or not self._active[0]:
            return False
        valid = ORIENTATION_VALID | POSITION_VALID
        return self._copy.copy() & valid == valid


class Hands:
    """Both hands: a tracked or just lost one is looked for in each poll, another when it is due.

    Args:
        session: A session whose headset tracks hands.
        outlets: The channels, by side: 1 left, 2 right.
    """

    def __init__(self, session: Session, outlets: Mapping[int, Outlet]) -> None:
        self._outlets = outlets
        self._polls_left = dict.fromkeys(outlets, 0)
        self._hands = {
            side: Hand(
                session.calls, session.handle, session.base, side, outlet.record["joints"][0]
            )
            for side, outlet in outlets.items()
        }

    def poll(self, now_ns: int, xr_time: int, due: int) -> None:
        """Locates both, then publishes both: what sleeps on hands is woken once.

        Args:
            now_ns: The time to locate for.
            xr_time: The same as XrTime.
            due: The sides to look for although they are not tracked: `LEFT | RIGHT`.
        """
        left = self._polls_left
        if not (left[LEFT] or left[RIGHT] or due & (LEFT | RIGHT)):
            return
        found = [
            (side, hand.locate(xr_time))
            for side, hand in self._hands.items()
            if left[side] or due & side
        ]
        for side, tracked in found:
            if tracked:
                left[side] = _PATIENCE
                self._outlets[side].publish(now_ns)
            else:
                left[side] = max(left[side] - 1, 0)
                self._outlets[side].withhold(now_ns, Reason.INACTIVE)
