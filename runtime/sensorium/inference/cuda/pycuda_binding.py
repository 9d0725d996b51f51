"""CUDA's driver through pycuda, which has no stream priorities and hides handles in objects."""

from __future__ import annotations

import ctypes
import functools
import importlib
import sys
import warnings
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from sensorium.errors import GpuError, GpuLost, GpuMemory, GpuMissing
from sensorium.inference.cuda.driver import MEMORY_REMEDY, NO_DRIVER_REMEDY, GpuDevice

if TYPE_CHECKING:
    from collections.abc import Callable

_UUID_BYTES = 16
_NON_BLOCKING = 1

Result = TypeVar("Result")


def _named(function: Callable[..., Result]) -> Callable[..., Result]:
    """Turns pycuda's errors, which carry words and no code, into ours."""

    @functools.wraps(function)
    def call(self: PyCuda, *arguments: Any) -> Result:
        cuda = self._cuda
        try:
            return function(self, *arguments)
        except cuda.MemoryError as error:
            raise GpuMemory(f"CUDA: {error}", MEMORY_REMEDY) from error
        except (cuda.LaunchError, cuda.RuntimeError) as error:
            raise GpuLost(f"CUDA: {error}", "it is tried again by itself") from error
        except cuda.Error as error:
            raise GpuError(f"CUDA: {error}") from error

    return call


class PyCuda:
    """See `Driver`. Its stream has the priority of the game's: pycuda cannot ask for less.

    Raises:
        GpuMissing: When there is no driver.
    """

    def __init__(self) -> None:
        self._context: Any = None
        self._objects: dict[int, Any] = {}
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                self._cuda: Any = importlib.import_module("pycuda.driver")
        except ImportError as error:
            raise GpuMissing(f"pycuda does not load: {error}", NO_DRIVER_REMEDY) from error
        try:
            self._cuda.init()
        except self._cuda.Error as error:
            raise GpuMissing(f"CUDA: {error}", NO_DRIVER_REMEDY) from error

    @_named
    def devices(self) -> tuple[GpuDevice, ...]:
        """See `Driver`."""
        return tuple(self._describe(index) for index in range(self._cuda.Device.count()))

    @_named
    def open(self, index: int) -> None:
        """See `Driver`."""
        self._context = self._cuda.Device(index).retain_primary_context()
        self._context.push()

    @_named
    def enter(self) -> None:
        """See `Driver`."""
        if self._cuda.Context.get_current() is None:
            self._context.push()

    @_named
    def create_stream(self) -> int:
        """See `Driver`."""
        return self._hold(self._cuda.Stream(_NON_BLOCKING), "handle")

    def destroy_stream(self, stream: int) -> None:
        """See `Driver`."""
        del self._objects[stream]

    @_named
    def create_event(self) -> int:
        """See `Driver`."""
        event = self._cuda.Event(self._cuda.event_flags.BLOCKING_SYNC)
        self._objects[id(event)] = event
        return id(event)

    def destroy_event(self, event: int) -> None:
        """See `Driver`."""
        del self._objects[event]

    @_named
    def record(self, event: int, stream: int) -> None:
        """See `Driver`."""
        self._objects[event].record(self._objects[stream])

    @_named
    def wait(self, event: int) -> None:
        """See `Driver`."""
        self._objects[event].synchronize()

    @_named
    def elapsed_s(self, begin: int, end: int) -> float:
        """See `Driver`."""
        return float(self._objects[end].time_since(self._objects[begin])) / 1e3

    @_named
    def allocate(self, size: int) -> int:
        """See `Driver`."""
        memory = self._cuda.mem_alloc(size)
        self._objects[int(memory)] = memory
        return int(memory)

    @_named
    def free(self, address: int) -> None:
        """See `Driver`."""
        self._objects.pop(address).free()

    @_named
    def allocate_host(self, size: int) -> int:
        """See `Driver`."""
        array = self._cuda.pagelocked_empty(size, np.uint8)
        address = int(array.ctypes.data)
        self._objects[address] = array.base
        return address

    @_named
    def free_host(self, address: int) -> None:
        """See `Driver`."""
        self._objects.pop(address).free()

    @_named
    def upload(self, device: int, host: int, size: int, stream: int) -> None:
        """See `Driver`."""
        self._cuda.memcpy_htod_async(device, _memory(host, size), self._objects[stream])

    @_named
    def download(self, host: int, device: int, size: int, stream: int) -> None:
        """See `Driver`."""
        self._cuda.memcpy_dtoh_async(_memory(host, size), device, self._objects[stream])

    @_named
    def memory(self) -> tuple[int, int]:
        """See `Driver`."""
        free, total = self._cuda.mem_get_info()
        return int(free), int(total)

    @_named
    def close(self) -> None:
        """See `Driver`."""
        if self._context is not None:
            context, self._context = self._context, None
            self._objects.clear()
            context.pop()
            context.detach()

    def _hold(self, made: Any, handle: str) -> int:
        number = int(getattr(made, handle))
        self._objects[number] = made
        return number

    def _describe(self, index: int) -> GpuDevice:
        device = self._cuda.Device(index)
        major, minor = device.compute_capability()
        return GpuDevice(
            index, _uuid(index), "", device.name(), f"{major}.{minor}", int(device.total_memory())
        )


def _uuid(index: int) -> str:
    """Asked of the driver itself: pycuda does not tell."""
    library = ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    device, raw = ctypes.c_int(), (ctypes.c_uint8 * _UUID_BYTES)()
    if library.cuDeviceGet(ctypes.byref(device), index) or library.cuDeviceGetUuid_v2(raw, device):
        return ""
    digits = bytes(raw).hex()
    groups = (digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:])
    return "GPU-" + "-".join(groups)


def _memory(address: int, size: int) -> Any:
    return (ctypes.c_uint8 * size).from_address(address)
