"""Vulkan, as little of it as knowing which device a runtime means takes.

Structures and numbers are those of `vulkan_core.h` and of the OpenXR extension
XR_KHR_vulkan_enable2.
"""

from __future__ import annotations

import ctypes
import sys
from typing import TYPE_CHECKING, Any

from sensorium.errors import SensorError
from sensorium.health import Reason

if TYPE_CHECKING:
    from sensorium.sensors.openxr.calls import Calls

EXTENSION = "XR_KHR_vulkan_enable2"
_LIBRARY = "vulkan-1.dll" if sys.platform == "win32" else "libvulkan.so.1"
_XR_REQUIREMENTS, _XR_INSTANCE, _XR_DEVICE = 1000025002, 1000090000, 1000090003
_VK_APPLICATION, _VK_INSTANCE, _VK_PROPERTIES2, _VK_ID = 0, 1, 1000059001, 1000071004
_VERSION_1_1 = (1 << 22) | (1 << 12)
_NAME_OFFSET, _NAME_BYTES = 16 + 20, 256
_PROPERTIES_BYTES = 2048
"""More than VkPhysicalDeviceProperties2 has (840), so that a later version has room."""


class _Structure(ctypes.Structure):
    pass


class _Requirements(_Structure):
    """XrGraphicsRequirementsVulkanKHR."""

    _fields_ = (
        ("type", ctypes.c_int32), ("next", ctypes.c_void_p),
        ("least", ctypes.c_uint64), ("most", ctypes.c_uint64),
    )


class _ApplicationInfo(_Structure):
    """VkApplicationInfo."""

    _fields_ = (
        ("type", ctypes.c_int32), ("next", ctypes.c_void_p), ("name", ctypes.c_char_p),
        ("version", ctypes.c_uint32), ("engine", ctypes.c_char_p),
        ("engine_version", ctypes.c_uint32), ("api_version", ctypes.c_uint32),
    )


class _InstanceInfo(_Structure):
    """VkInstanceCreateInfo, with no layers and no extensions of our own."""

    _fields_ = (
        ("type", ctypes.c_int32), ("next", ctypes.c_void_p), ("flags", ctypes.c_uint32),
        ("application", ctypes.c_void_p), ("layer_count", ctypes.c_uint32),
        ("layers", ctypes.c_void_p), ("extension_count", ctypes.c_uint32),
        ("extensions", ctypes.c_void_p),
    )


class _XrInstanceInfo(_Structure):
    """XrVulkanInstanceCreateInfoKHR."""

    _fields_ = (
        ("type", ctypes.c_int32), ("next", ctypes.c_void_p), ("system", ctypes.c_uint64),
        ("flags", ctypes.c_uint64), ("find", ctypes.c_void_p), ("info", ctypes.c_void_p),
        ("allocator", ctypes.c_void_p),
    )


class _DeviceInfo(_Structure):
    """XrVulkanGraphicsDeviceGetInfoKHR."""

    _fields_ = (
        ("type", ctypes.c_int32), ("next", ctypes.c_void_p), ("system", ctypes.c_uint64),
        ("instance", ctypes.c_void_p),
    )


class _Identity(_Structure):
    """VkPhysicalDeviceIDProperties."""

    _fields_ = (
        ("type", ctypes.c_int32), ("next", ctypes.c_void_p), ("device", ctypes.c_uint8 * 16),
        ("driver", ctypes.c_uint8 * 16), ("luid", ctypes.c_uint8 * 8),
        ("mask", ctypes.c_uint32), ("luid_valid", ctypes.c_uint32),
    )


def find(calls: Calls, system: int) -> dict[str, str]:
    """The device that a runtime's Vulkan apps must use: its `uuid`, `luid` and `name`.

    Args:
        calls: Of an instance with `EXTENSION`.
        system: The XrSystemId.

    Raises:
        SensorError: The runtime or Vulkan refuses.
    """
    try:
        library = ctypes.CDLL(_LIBRARY)
    except OSError as error:
        raise SensorError(f"Vulkan is not installed: {error}", "", Reason.NOT_OFFERED) from error
    u64, pointer = ctypes.c_uint64, ctypes.c_void_p
    # A runtime refuses an instance to an app that has not asked for its requirements.
    requirements = _Requirements(type=_XR_REQUIREMENTS)
    ask = calls.find("xrGetVulkanGraphicsRequirements2KHR", u64, u64, pointer)
    _require("requirements", ask(calls.instance, system, ctypes.addressof(requirements)))
    instance = _instance(calls, system, library)
    try:
        device = ctypes.c_void_p()
        wanted = _DeviceInfo(type=_XR_DEVICE, system=system, instance=instance)
        ask = calls.find("xrGetVulkanGraphicsDevice2KHR", u64, pointer, pointer)
        _require("device", ask(
            calls.instance, ctypes.addressof(wanted), ctypes.addressof(device)
        ))
        return _properties(library, device)
    finally:
        library.vkDestroyInstance(ctypes.c_void_p(instance), None)


def _instance(calls: Calls, system: int, library: Any) -> int:
    application = _ApplicationInfo(
        type=_VK_APPLICATION, name=b"sensorium", api_version=_VERSION_1_1
    )
    info = _InstanceInfo(type=_VK_INSTANCE, application=ctypes.addressof(application))
    wrapped = _XrInstanceInfo(
        type=_XR_INSTANCE, system=system, info=ctypes.addressof(info),
        find=ctypes.cast(library.vkGetInstanceProcAddr, ctypes.c_void_p).value,
    )
    made, result = ctypes.c_void_p(), ctypes.c_int32()
    create = calls.find(
        "xrCreateVulkanInstanceKHR", ctypes.c_uint64, *[ctypes.c_void_p] * 3
    )
    _require("instance", create(
        calls.instance, *(ctypes.addressof(each) for each in (wrapped, made, result))
    ))
    _require("instance", result.value)
    return made.value or 0


def _properties(library: Any, device: ctypes.c_void_p) -> dict[str, str]:
    identity = _Identity(type=_VK_ID)
    memory = ctypes.create_string_buffer(_PROPERTIES_BYTES)
    ctypes.c_int32.from_buffer(memory).value = _VK_PROPERTIES2
    ctypes.c_void_p.from_buffer(memory, 8).value = ctypes.addressof(identity)
    library.vkGetPhysicalDeviceProperties2(device, memory)
    name = memory.raw[_NAME_OFFSET : _NAME_OFFSET + _NAME_BYTES].split(b"\0")[0]
    return {
        "uuid": bytes(identity.device).hex(),
        "luid": bytes(identity.luid).hex() if identity.luid_valid else "",
        "name": name.decode(errors="replace"),
    }


def _require(what: str, result: int) -> None:
    if result < 0:
        raise SensorError(
            f"the OpenXR runtime gives no Vulkan {what} ({result})", "", Reason.NOT_OFFERED
        )
