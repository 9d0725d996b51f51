"""`python -m sensorium.sensors.openxr.adapter`: which GPU drives the headset; one JSON object.

A process of its own, asked once: it loads a graphics driver, and goes away with it.
"""

from __future__ import annotations

import ctypes
import json
import os
import sys
from typing import Any

from sensorium.errors import SensorError
from sensorium.health import Reason
from sensorium.sensors.openxr import vulkan
from sensorium.sensors.openxr.calls import Calls
from sensorium.sensors.openxr.runtime import load_binding

D3D11 = "XR_KHR_D3D11_enable"
_REQUIREMENTS_D3D11 = 1000027002


class _Requirements(ctypes.Structure):
    """XrGraphicsRequirementsD3D11KHR."""

    _fields_ = (
        ("type", ctypes.c_int32), ("next", ctypes.c_void_p), ("luid", ctypes.c_uint8 * 8),
        ("level", ctypes.c_int32),
    )


def find() -> dict[str, str]:
    """Asks the active runtime: `uuid`, `luid` and `name`, each empty where it is not told.

    Raises:
        SensorError: No runtime answers, there is no headset, or neither extension is offered.
    """
    xr = load_binding()
    wanted = D3D11 if sys.platform == "win32" else vulkan.EXTENSION
    try:
        offered = {
            each.extension_name.decode() for each in xr.enumerate_instance_extension_properties()
        }
        if wanted not in offered:
            raise SensorError(
                f"the OpenXR runtime does not offer {wanted}", "", Reason.NOT_OFFERED
            )
        instance = xr.create_instance(xr.InstanceCreateInfo(enabled_extension_names=[wanted]))
        system = xr.get_system(
            instance, xr.SystemGetInfo(form_factor=xr.FormFactor.HEAD_MOUNTED_DISPLAY)
        )
    except xr.exception.XrException as error:
        raise SensorError(
            f"no OpenXR runtime with a headset answers: {error or type(error).__name__}", "",
            Reason.RUNTIME_MISSING,
        ) from error
    calls = Calls(xr, instance)
    number = int(getattr(system, "value", system))
    return _d3d11(calls, number) if wanted == D3D11 else vulkan.find(calls, number)


def _d3d11(calls: Calls, system: int) -> dict[str, str]:
    found = _Requirements(type=_REQUIREMENTS_D3D11)
    ask = calls.find(
        "xrGetD3D11GraphicsRequirementsKHR", ctypes.c_uint64, ctypes.c_uint64, ctypes.c_void_p
    )
    result = ask(calls.instance, system, ctypes.addressof(found))
    if result < 0:
        raise SensorError(f"the OpenXR runtime names no adapter ({result})")
    return {"uuid": "", "luid": bytes(found.luid).hex(), "name": ""}


def main() -> None:
    """Prints what was found, or `why` nothing was."""
    found: dict[str, Any]
    try:
        found = find()
    except SensorError as error:
        found = {"why": error.message}
    sys.stdout.write(json.dumps(found) + "\n")
    sys.stdout.flush()
    # A driver's library may crash while it is unloaded, after all has been said.
    os._exit(0)


if __name__ == "__main__":
    main()
