"""What an OpenXR runtime tells: session states, recentres, profiles, its own end."""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING, Any

import numpy as np

from sensorium.errors import SensorError
from sensorium.health import Reason
from sensorium.sensors.openxr.calls import ERROR_INSTANCE_LOST, EVENT_UNAVAILABLE, SUCCESS
from sensorium.sensors.openxr.runtime import START_RUNTIME
from sensorium.sensors.openxr.structures import address

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sensorium.sensors.openxr.calls import Calls

_BYTES = 4016


class Lost(SensorError):
    """The session or its runtime is gone; a new one may be had."""

    def __init__(self, message: str) -> None:
        super().__init__(message, START_RUNTIME, Reason.RUNTIME_MISSING)


class Events:
    """Takes events out of an instance's queue.

    Args:
        calls: The instance's functions.
    """

    def __init__(self, calls: Calls) -> None:
        self._xr = calls.xr
        self._instance = calls.instance
        self._buffer = np.zeros(_BYTES // 8, np.uint64)
        self._address = address(self._buffer)
        self._type = self._buffer.view(np.uint32)[:1]
        self._none = calls.xr.StructureType.EVENT_DATA_BUFFER.value
        kinds = calls.xr.StructureType
        self._kinds: dict[int, Any] = {
            kind.value: structure
            for kind, structure in (
                (kinds.EVENT_DATA_SESSION_STATE_CHANGED, self._xr.EventDataSessionStateChanged),
                (
                    kinds.EVENT_DATA_REFERENCE_SPACE_CHANGE_PENDING,
                    self._xr.EventDataReferenceSpaceChangePending,
                ),
                (
                    kinds.EVENT_DATA_INTERACTION_PROFILE_CHANGED,
                    self._xr.EventDataInteractionProfileChanged,
                ),
                (
                    kinds.EVENT_DATA_DISPLAY_REFRESH_RATE_CHANGED_FB,
                    self._xr.EventDataDisplayRefreshRateChangedFB,
                ),
            )
        }
        self._loss = kinds.EVENT_DATA_INSTANCE_LOSS_PENDING.value
        self._poll = calls.find("xrPollEvent", ctypes.c_uint64, ctypes.c_void_p)

    def take(self) -> Iterator[Any]:
        """Yields the binding's structures of the events that wait.

        Raises:
            Lost: The runtime is gone or about to go.
        """
        while True:
            self._buffer[:2] = 0
            self._type[0] = self._none
            result = self._poll(self._instance, self._address)
            if result == EVENT_UNAVAILABLE:
                return
            if result == ERROR_INSTANCE_LOST or self._type[0] == self._loss:
                raise Lost("the OpenXR runtime is gone")
            if result != SUCCESS:
                return
            structure = self._kinds.get(int(self._type[0]))
            if structure is not None:
                yield structure.from_buffer_copy(self._buffer)
