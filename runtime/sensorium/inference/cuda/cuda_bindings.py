"""CUDA's driver through NVIDIA's cuda-bindings."""

from __future__ import annotations

import importlib
from typing import Any

from sensorium.errors import GpuMissing
from sensorium.inference.cuda.driver import NO_DRIVER_REMEDY, GpuDevice
from sensorium.inference.cuda.failure import failure

_NAME_BYTES = 256

cuda: Any = importlib.import_module("cuda.bindings.driver")


class CudaBindings:
    """See `Driver`.

    Raises:
        GpuMissing: When there is no driver.
    """

    def __init__(self) -> None:
        self._context: Any = None
        self._device: Any = None
        try:
            _call("cuInit", 0)
        except RuntimeError as error:
            # The binding's own DynamicLibNotFoundError.
            raise GpuMissing("NVIDIA's driver is not installed", NO_DRIVER_REMEDY) from error

    def devices(self) -> tuple[GpuDevice, ...]:
        """See `Driver`."""
        return tuple(_describe(index) for index in range(_call("cuDeviceGetCount")))

    def open(self, index: int) -> None:
        """See `Driver`."""
        self._device = _call("cuDeviceGet", index)
        self._context = _call("cuDevicePrimaryCtxRetain", self._device)
        self.enter()

    def enter(self) -> None:
        """See `Driver`."""
        _call("cuCtxSetCurrent", self._context)

    def create_stream(self) -> int:
        """See `Driver`."""
        least, _ = _call("cuCtxGetStreamPriorityRange")
        flags = cuda.CUstream_flags.CU_STREAM_NON_BLOCKING
        return int(_call("cuStreamCreateWithPriority", flags, least))

    def destroy_stream(self, stream: int) -> None:
        """See `Driver`."""
        _call("cuStreamDestroy", stream)

    def create_event(self) -> int:
        """See `Driver`."""
        return int(_call("cuEventCreate", cuda.CUevent_flags.CU_EVENT_BLOCKING_SYNC.value))

    def destroy_event(self, event: int) -> None:
        """See `Driver`."""
        _call("cuEventDestroy", event)

    def record(self, event: int, stream: int) -> None:
        """See `Driver`."""
        _call("cuEventRecord", event, stream)

    def wait(self, event: int) -> None:
        """See `Driver`."""
        _call("cuEventSynchronize", event)

    def elapsed_s(self, begin: int, end: int) -> float:
        """See `Driver`."""
        return float(_call("cuEventElapsedTime", begin, end)) / 1e3

    def allocate(self, size: int) -> int:
        """See `Driver`."""
        return int(_call("cuMemAlloc", size))

    def free(self, address: int) -> None:
        """See `Driver`."""
        _call("cuMemFree", address)

    def allocate_host(self, size: int) -> int:
        """See `Driver`."""
        return int(_call("cuMemHostAlloc", size, 0))

    def free_host(self, address: int) -> None:
        """See `Driver`."""
        _call("cuMemFreeHost", address)

    def upload(self, device: int, host: int, size: int, stream: int) -> None:
        """See `Driver`."""
        _call("cuMemcpyHtoDAsync", device, host, size, stream)

    def download(self, host: int, device: int, size: int, stream: int) -> None:
        """See `Driver`."""
        _call("cuMemcpyDtoHAsync", host, device, size, stream)

    def memory(self) -> tuple[int, int]:
        """See `Driver`."""
        free, total = _call("cuMemGetInfo")
        return int(free), int(total)

    def close(self) -> None:
        """See `Driver`."""
        if self._context is not None:
            self._context = None
            _call("cuDevicePrimaryCtxRelease", self._device)


def _describe(index: int) -> GpuDevice:
    device = _call("cuDeviceGet", index)
    digits = bytes(_call("cuDeviceGetUuid", device).bytes).hex()
    groups = (digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:])
    attribute = cuda.CUdevice_attribute
    major, minor = (
        _call("cuDeviceGetAttribute", kind, device)
        for kind in (
            attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR,
            attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR,
        )
    )
    return GpuDevice(
        index,
        "GPU-" + "-".join(groups),
        _luid(device),
        _call("cuDeviceGetName", _NAME_BYTES, device).split(b"\0")[0].decode(errors="replace"),
        f"{major}.{minor}",
        int(_call("cuDeviceTotalMem", device)),
    )


def _luid(device: Any) -> str:
    """Windows alone has it; elsewhere the driver refuses the question."""
    code, luid, _ = cuda.cuDeviceGetLuid(device)
    found = bytes(luid)[:8] if not int(code) and luid else b""
    return found.hex() if any(found) else ""


def _call(name: str, *arguments: Any) -> Any:
    code, *values = getattr(cuda, name)(*arguments)
    if int(code):
        raise failure(name, int(code), code.name)
    if not values:
        return None
    return values[0] if len(values) == 1 else values
