"""Gaze: where the eyes look, by XR_EXT_eye_gaze_interaction, where the headset supports it."""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING, Any

import numpy as np

from sensorium.sensors.openxr import structures
from sensorium.sensors.openxr.calls import handle
from sensorium.sensors.openxr.poses import ORIENTATION_VALID, POSITION_VALID
from sensorium.sensors.openxr.structures import address

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sensorium.sensors.openxr.calls import Calls
    from sensorium.sensors.openxr.runtime import Runtime

EYE_GAZE = "XR_EXT_eye_gaze_interaction"

_LOCATION_FLAGS = 15
_SAMPLE_TIME = np.dtype([("type", "<u8"), ("next", "<u8"), ("time", "<i8")])


def supported(runtime: Runtime) -> bool:
    """Whether this headset tracks eyes; the extension alone does not say so."""
    if EYE_GAZE not in runtime.extensions:
        return False
    xr = runtime.xr
    eyes = xr.SystemEyeGazeInteractionPropertiesEXT()
    properties = xr.SystemProperties(next=eyes)
    result = xr.raw_functions.xrGetSystemProperties(
        runtime.instance, runtime.system, ctypes.byref(properties)
    )
    return bool(result.value >= 0 and eyes.supports_eye_gaze_interaction)


def forward(orientation: NDArray[np.float32]) -> NDArray[np.float32]:
    """The direction -z of a pose.

    Args:
        orientation: Unit quaternion xyzw, shape (4,).

    Returns:
        Unit vector, shape (3,): the third column of the rotation matrix, negated.
    """
    x, y, z, w = (float(each) for each in orientation)
    return np.array(
        [-2 * (x * z + w * y), -2 * (y * z - w * x), 2 * (x * x + y * y) - 1], np.float32
    )


class Gaze:
    """The gaze's pose.

    Args:
        calls: The instance's functions.
        space: The space of the gaze action.
        base: The space to locate in.
        record: `records.GAZE`, shape (1,): where the gaze goes.
    """

    def __init__(self, calls: Calls, space: Any, base: Any, record: NDArray[np.void]) -> None:
        kinds = calls.xr.StructureType
        self._record = record
        self._sample = np.zeros(1, _SAMPLE_TIME)
        self._sample["type"] = kinds.EYE_GAZE_SAMPLE_TIME_EXT.value
        self._found = np.zeros(1, structures.SPACE_LOCATION)
        self._found["type"] = kinds.SPACE_LOCATION.value
        self._found["next"] = address(self._sample)
        self._spaces = (handle(space), handle(base))
        self._call = calls.find(
            "xrLocateSpace", ctypes.c_uint64, ctypes.c_uint64, ctypes.c_int64, ctypes.c_void_p
        )

    def locate(self, xr_time: int, offset_ns: int) -> bool:
        """Fills the record for the XrTime `xr_time`.

        Args:
            xr_time: When.
            offset_ns: What to add to an XrTime to get the shared monotonic clock.

        Returns:
            Whether the eyes are tracked. When they are not, the record is left as it was.
        """
        if self._call(*self._spaces, xr_time, address(self._found)) < 0:
            return False
        location = self._found["location"][0]
        flags = int(location["flags"]) & _LOCATION_FLAGS
        valid = ORIENTATION_VALID | POSITION_VALID
        if flags & valid != valid:
            return False
        record = self._record
        record["flags"] = flags
        record["origin"] = location["position"]
        record["orientation"] = location["orientation"]
        record["direction"] = forward(location["orientation"])
        sampled = int(self._sample["time"][0])
        record["sample_ns"] = sampled + offset_ns if sampled > 0 else 0
        return True
