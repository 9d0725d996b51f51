"""Connects to the OpenXR runtime: the binding, an instance, a headset."""

from __future__ import annotations

import ctypes
import importlib
import logging
import os
import sys
from dataclasses import dataclass
from typing import Any

from sensorium.errors import SensorError
from sensorium.health import Reason
from sensorium.sensors.openxr import bindings
from sensorium.sensors.openxr.gaze import EYE_GAZE
from sensorium.sensors.openxr.hands import HAND_TRACKING
from sensorium.sensors.openxr.locating import LOCATE_SPACES
from sensorium.sensors.openxr.spaces import LOCAL_FLOOR
from sensorium.sensors.openxr.timing import CONVERSION

_log = logging.getLogger(__name__)

HEADLESS = "XR_MND_headless"
REFRESH_RATE = "XR_FB_display_refresh_rate"

_NEEDED = (HEADLESS, CONVERSION)
_WANTED = (
    *_NEEDED, HAND_TRACKING, EYE_GAZE, LOCAL_FLOOR, LOCATE_SPACES, REFRESH_RATE,
    *sorted(bindings.EXTENSIONS),
)
_QUIET = {"XR_LOADER_DEBUG": "none", "OXR_NO_PRINTING": "1"}
"""Keeps the OpenXR loader and Monado from filling the log at each attempt to find a runtime."""

START_RUNTIME = "start the headset's OpenXR runtime, for example SteamVR or monado-service"


@dataclass(frozen=True)
class Runtime:
    """A connected runtime.

    Attributes:
        xr: The module `xr` of the binding.
        instance: The XrInstance.
        system: The XrSystemId of the headset.
        extensions: Those that the instance was made with.
        name: What the runtime calls itself, with its version.
        headset: What it calls the headset.
        hand_tracking: Whether the headset tracks hands.
    """

    xr: Any
    instance: Any
    system: Any
    extensions: frozenset[str]
    name: str
    headset: str
    hand_tracking: bool

    def close(self) -> None:
        """Destroys the instance and with it all that was made from it."""
        try:
            self.xr.destroy_instance(self.instance)
        except self.xr.exception.XrException as error:
            _log.debug("the OpenXR instance was gone: %r", error)


class BindingMissing(SensorError):
    """The OpenXR binding cannot be loaded: a package is missing. Trying again is costly."""


BINDING_REMEDY = (
    f'{sys.executable} -m pip install --force-reinstall "pyopenxr<1.1.6302" PyOpenGL'
    if sys.platform == "win32"
    else "install libGL, on Debian and Ubuntu: apt-get install libgl1, on Fedora: libglvnd-glx"
)


def load_binding() -> Any:
    """Imports the OpenXR binding, which loads system libraries and takes half a second.

    Raises:
        BindingMissing: A library is missing.
    """
    if not _log.isEnabledFor(logging.DEBUG):
        logging.getLogger("OpenGL").setLevel(logging.WARNING)
        for variable, value in _QUIET.items():
            os.environ.setdefault(variable, value)
    try:
        return importlib.import_module("xr")
    except (ImportError, OSError, AttributeError, NotImplementedError) as error:
        # PyOpenGL, which the binding imports, fails with AttributeError where libGL is missing.
        raise BindingMissing(
            f"the OpenXR binding cannot be loaded: {error}",
            BINDING_REMEDY,
            Reason.RUNTIME_MISSING,
        ) from error


def connect() -> Runtime:
    """Creates an instance with every extension that is offered, and finds the headset.

    Raises:
        SensorError: No runtime answers, it has no headless session, or there is no headset.
    """
    xr = load_binding()
    errors = xr.exception.XrException
    try:
        extensions = _choose(xr)
        instance = xr.create_instance(_instance_info(xr, extensions))
    except errors as error:
        raise SensorError(
            f"no OpenXR runtime answers: {_words(error)}", START_RUNTIME, Reason.RUNTIME_MISSING
        ) from error
    try:
        return _find_headset(xr, instance, extensions)
    except errors as error:
        xr.destroy_instance(instance)
        raise SensorError(
            f"the OpenXR runtime has no headset: {_words(error)}", "connect the headset",
            Reason.DEVICE_MISSING,
        ) from error


def _choose(xr: Any) -> frozenset[str]:
    offered = {
        each.extension_name.decode() for each in xr.enumerate_instance_extension_properties()
    }
    for name in _NEEDED:
        if name not in offered:
            raise SensorError(
                f"the OpenXR runtime does not offer {name}", "use a runtime that does",
                Reason.NOT_OFFERED,
            )
    return frozenset(offered & set(_WANTED))


def _instance_info(xr: Any, extensions: frozenset[str]) -> Any:
    application = xr.ApplicationInfo(
        application_name="sensorium", application_version=1, engine_name="sensorium",
        engine_version=1, api_version=xr.Version(1, 0, 0),
    )
    return xr.InstanceCreateInfo(
        application_info=application, enabled_extension_names=sorted(extensions)
    )


def _find_headset(xr: Any, instance: Any, extensions: frozenset[str]) -> Runtime:
    system = xr.get_system(
        instance, xr.SystemGetInfo(form_factor=xr.FormFactor.HEAD_MOUNTED_DISPLAY)
    )
    about = xr.get_instance_properties(instance)
    hands = xr.SystemHandTrackingPropertiesEXT()
    properties = xr.SystemProperties(next=hands if HAND_TRACKING in extensions else None)
    result = xr.raw_functions.xrGetSystemProperties(instance, system, ctypes.byref(properties))
    failure = xr.check_result(result)
    if failure.is_exception():
        raise failure
    return Runtime(
        xr, instance, system, extensions,
        f"{_text(about.runtime_name)} {xr.Version(about.runtime_version)}",
        _text(properties.system_name), bool(hands.supports_hand_tracking),
    )


def _text(value: bytes | str) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else value


def _words(error: Exception) -> str:
    return str(error) or type(error).__name__
