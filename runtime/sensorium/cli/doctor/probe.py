"""`python -m sensorium.cli.doctor.probe QUESTION`: doctor's child; prints one JSON object."""

from __future__ import annotations

import ctypes
import json
import os
import sys
from typing import TYPE_CHECKING, Any

from sensorium.errors import SensoriumError
from sensorium.sensors.openxr.runtime import BINDING_REMEDY

if TYPE_CHECKING:
    from collections.abc import Callable

_CUDA_NAMES = 256


def openxr() -> dict[str, Any]:
    """The OpenXR runtime, its extensions, and whether a headset is there."""
    os.environ.setdefault("XR_LOADER_DEBUG", "none")
    try:
        import xr
    except (ImportError, AttributeError, OSError) as error:
        said = f"the OpenXR binding does not load: {error}"
        return {"error": said, "remedy": BINDING_REMEDY}
    try:
        offered = sorted(
            item.extension_name.decode() for item in xr.enumerate_instance_extension_properties()
        )
    except xr.exception.XrException as error:
        return {"error": f"no OpenXR runtime answers: {error}"}
    found: dict[str, Any] = {"extensions": offered}
    headless = [name for name in ("XR_MND_headless",) if name in offered]
    try:
        instance = xr.create_instance(xr.InstanceCreateInfo(enabled_extension_names=headless))
    except xr.exception.XrException as error:
        return {**found, "error": f"the OpenXR runtime does not answer: {error}"}
    properties = xr.get_instance_properties(instance)
    found["runtime"] = properties.runtime_name.decode()
    try:
        system = xr.get_system(instance)
        found["system"] = xr.get_system_properties(instance, system).system_name.decode()
    except xr.exception.XrException as error:
        found["no_system"] = str(error)
    return found


def microphone(name: str = "") -> dict[str, Any]:
    """PortAudio and the microphone of a name."""
    from sensorium.sensors import portaudio

    sounddevice = portaudio.load()
    inputs = [
        device["name"] for device in sounddevice.query_devices() if device["max_input_channels"]
    ]
    with portaudio.chosen(name):
        device = portaudio.find(sounddevice, name)
    return {"inputs": inputs, "device": device.name, "rate": device.rate}


def output_sound(name: str = "") -> dict[str, Any]:
    """The output of a name, whose sound is captured."""
    if sys.platform == "win32":
        from sensorium.sensors.wasapi_windows import Output

        output = Output(name)
        output.close()
        return {"source": output.name}
    from sensorium.sensors import loopback, pulse_format, pulse_simple

    source = name or loopback.DEFAULT
    # A second at a time: small pieces would quicken the output that a game is playing on.
    opened = pulse_simple.Source(pulse_simple.load(), source, pulse_format.RATE)
    opened.close()
    return {"source": source}


def gpu() -> dict[str, Any]:
    """NVIDIA's driver and its devices."""
    name = "nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1"
    try:
        cuda = ctypes.CDLL(name)
    except OSError:
        return {"error": f"NVIDIA's driver is not installed ({name})"}
    code = cuda.cuInit(0)
    if code:
        return {"error": f"NVIDIA's driver is there and does not start (cuInit gives {code})"}
    count, version = ctypes.c_int(), ctypes.c_int()
    cuda.cuDeviceGetCount(ctypes.byref(count))
    cuda.cuDriverGetVersion(ctypes.byref(version))
    names = []
    for index in range(count.value):
        text = ctypes.create_string_buffer(_CUDA_NAMES)
        cuda.cuDeviceGetName(text, _CUDA_NAMES, index)
        names.append(text.value.decode())
    return {"devices": names, "cuda": f"{version.value // 1000}.{version.value % 1000 // 10}"}


def cuda(binding: str) -> dict[str, Any]:
    """CUDA's devices through a binding."""
    from dataclasses import asdict

    from sensorium.inference.cuda.driver import find_driver

    return {"devices": [asdict(device) for device in find_driver(binding).devices()]}


def scheduling() -> dict[str, Any]:
    """Whether capture gets its priority."""
    from sensorium.process import priority

    return {"granted": priority.raise_thread()}


def idle_class(nice: str) -> dict[str, Any]:
    """Whether a process of this niceness that went to the idle class may leave it again."""
    if sys.platform != "linux":
        # Windows permits it to everybody; elsewhere no process goes there.
        return {"left": True}
    os.setpriority(os.PRIO_PROCESS, 0, int(nice))
    os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    try:
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
    except PermissionError:
        return {"left": False}
    return {"left": True}


def engine(name: str) -> dict[str, Any]:
    """Loads a built engine, which checks its hash and runs it once."""
    from sensorium.inference import store

    loaded = store.load(name)
    return {
        "precision": loaded.precision.name.lower(),
        "device": loaded.device.name.lower(),
        "hash": f"{loaded.file_hash:08x}",
    }


_PROBES: dict[str, Callable[..., dict[str, Any]]] = {
    "openxr": openxr,
    "microphone": microphone,
    "output_sound": output_sound,
    "gpu": gpu,
    "cuda": cuda,
    "scheduling": scheduling,
    "idle_class": idle_class,
    "engine": engine,
}


def main(arguments: list[str]) -> int:
    """Answers one question."""
    try:
        found = _PROBES[arguments[0]](*arguments[1:])
    except SensoriumError as error:
        found = {"error": error.message, "remedy": error.remedy}
    sys.stdout.write(json.dumps(found) + "\n")
    sys.stdout.flush()
    # A driver's library may crash while it is unloaded, after all has been said.
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1:])
