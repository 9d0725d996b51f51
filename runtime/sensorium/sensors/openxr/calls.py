"""OpenXR's functions as bare pointers: a call costs under a microsecond of Python.

The binding's own wrappers build their structures anew in each call; a poll at the display's rate
hands the same memory over every time instead.
"""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING, Any

from sensorium.errors import SensorError
from sensorium.health import Reason

if TYPE_CHECKING:
    from collections.abc import Callable

SUCCESS = 0
EVENT_UNAVAILABLE = 4
SESSION_NOT_FOCUSED = 8
ERROR_INSTANCE_LOST = -13
ERROR_SESSION_LOST = -17


def handle(value: Any) -> int:
    """The number of an OpenXR handle of the binding."""
    return ctypes.cast(value, ctypes.c_void_p).value or 0


class Calls:
    """Looks functions up in one OpenXR instance.

    Attributes:
        xr: The module `xr` of the binding.
        instance: The instance's handle as a number.
    """

    def __init__(self, xr: Any, instance: Any) -> None:
        self.xr = xr
        self.instance = handle(instance)
        self._owner = instance

    def find(self, name: str, *arguments: type[Any]) -> Callable[..., int]:
        """Finds a function.

        Args:
            name: As in the specification, for example `xrSyncActions`.
            arguments: The ctypes type of each argument: c_uint64 for handles, c_void_p for
                addresses.

        Returns:
            The function. It returns the XrResult: negative is an error.

        Raises:
            SensorError: The runtime does not have it.
        """
        try:
            pointer = self.xr.get_instance_proc_addr(self._owner, name)
        except self.xr.exception.XrException as error:
            raise SensorError(
                f"the OpenXR runtime has no {name}", "", Reason.NOT_OFFERED
            ) from error
        address = ctypes.cast(pointer, ctypes.c_void_p).value or 0
        prototype = ctypes.CFUNCTYPE(ctypes.c_int32, *arguments)
        return prototype(address)
