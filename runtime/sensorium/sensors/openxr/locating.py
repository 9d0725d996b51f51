"""Finds several spaces at one time: one call for all where the runtime offers it."""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from sensorium.sensors.openxr import structures
from sensorium.sensors.openxr.calls import handle
from sensorium.sensors.openxr.structures import address

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sensorium.sensors.openxr.calls import Calls
    from sensorium.sensors.openxr.structures import Room

LOCATE_SPACES = "XR_KHR_locate_spaces"


class Locator(Protocol):
    """Finds a fixed list of spaces in a base space.

    Attributes:
        room: Locations and velocities, one a space; the flags of what is not found are 0.
    """

    room: Room

    def locate(self, xr_time: int, start: int, stop: int) -> None:
        """Fills the locations and velocities `start` to `stop` - 1 for the XrTime `xr_time`.

        Give it no space of a device that is absent: Monado 25 then finds none of those before it.
        """
        ...


class BatchLocator:
    """One `xrLocateSpacesKHR` for all; see `Locator`."""

    def __init__(self, calls: Calls, session: Any, base: Any, spaces: Sequence[Any]) -> None:
        kinds = calls.xr.StructureType
        self.room = structures.Room(len(spaces))
        self._spaces = np.array([handle(space) for space in spaces], np.uint64)
        self._info = np.zeros(1, structures.SPACES_LOCATE_INFO)
        self._info["type"] = kinds.SPACES_LOCATE_INFO.value
        self._info["base_space"] = handle(base)
        self._found = np.zeros(2, structures.SPACE_ARRAY)
        self._found["type"] = (kinds.SPACE_LOCATIONS.value, kinds.SPACE_VELOCITIES.value)
        self._found["next"][0] = address(self._found, 1)
        self._time = self._info["time"]
        self._span = (0, 0)
        self._arguments = (handle(session), address(self._info), address(self._found))
        self._call = calls.find(
            "xrLocateSpacesKHR", ctypes.c_uint64, ctypes.c_void_p, ctypes.c_void_p
        )

    def locate(self, xr_time: int, start: int, stop: int) -> None:
        """See `Locator.locate`."""
        self._time[0] = xr_time
        if (start, stop) != self._span:
            self._set_span(start, stop)
        if self._call(*self._arguments) < 0:
            self.room.locations["flags"][start:stop] = 0

    def _set_span(self, start: int, stop: int) -> None:
        self._span = (start, stop)
        self._info["space_count"] = self._found["count"] = stop - start
        self._info["spaces"] = address(self._spaces, start)
        self._found["address"] = (
            address(self.room.raw_locations, start), address(self.room.raw_velocities, start),
        )


class SingleLocator:
    """One `xrLocateSpace` for each; see `Locator`."""

    def __init__(self, calls: Calls, base: Any, spaces: Sequence[Any]) -> None:
        kinds = calls.xr.StructureType
        count = len(spaces)
        self.room = structures.Room(count, structures.SPACE_LOCATION, structures.SPACE_VELOCITY)
        found, moving = self.room.raw_locations, self.room.raw_velocities
        found["type"] = kinds.SPACE_LOCATION.value
        found["next"] = [address(moving, each) for each in range(count)]
        moving["type"] = kinds.SPACE_VELOCITY.value
        self._base = handle(base)
        self._spaces = [
            (handle(space), address(found, each)) for each, space in enumerate(spaces)
        ]
        self._call = calls.find(
            "xrLocateSpace", ctypes.c_uint64, ctypes.c_uint64, ctypes.c_int64, ctypes.c_void_p
        )

    def locate(self, xr_time: int, start: int, stop: int) -> None:
        """See `Locator.locate`."""
        for each in range(start, stop):
            self.locate_one(xr_time, each)

    def locate_one(self, xr_time: int, each: int) -> None:
        """Fills the location and velocity of one space."""
        space, target = self._spaces[each]
        if self._call(space, self._base, xr_time, target) < 0:
            self.room.locations["flags"][each] = 0


def create_locator(
    calls: Calls, session: Any, base: Any, spaces: Sequence[Any], extensions: frozenset[str]
) -> Locator:
    """The faster locator where the instance has its extension."""
    if LOCATE_SPACES in extensions:
        return BatchLocator(calls, session, base, spaces)
    return SingleLocator(calls, base, spaces)
