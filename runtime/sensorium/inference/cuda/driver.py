"""What a Python binding of CUDA's driver has to offer, and which bindings there are."""

from __future__ import annotations

import importlib
import importlib.util
from dataclasses import dataclass
from typing import Protocol

from sensorium.errors import GpuMissing

BINDINGS: dict[str, tuple[str, str]] = {
    "cuda-bindings": ("cuda.bindings", "sensorium.inference.cuda.cuda_bindings:CudaBindings"),
    "pycuda": ("pycuda", "sensorium.inference.cuda.pycuda_binding:PyCuda"),
}
"""Name in the configuration to the module that must be installed, and to `module:Class`."""
MEMORY_REMEDY = "close a program that uses the GPU's memory"
NO_DRIVER_REMEDY = "install NVIDIA's display driver; until then engines run on the CPU"


@dataclass(frozen=True)
class GpuDevice:
    """A CUDA device.

    Attributes:
        index: CUDA's number, which another program may see differently.
        uuid: `GPU-` and 32 hex digits in five groups, lower case: the same for every program.
        luid: 16 hex digits, the adapter's number in Windows until it restarts; empty elsewhere.
        name: For a person.
        compute: Compute capability, as `8.6`.
        memory: Bytes in all.
    """

    index: int
    uuid: str
    luid: str
    name: str
    compute: str
    memory: int


class Driver(Protocol):
    """CUDA's driver behind a binding. Addresses, streams and events are plain numbers.

    One device is opened at a time. Every call but `devices` needs it open, and is made from one
    thread at a time; `enter` comes first on a thread that has not used it. Each raises a GpuError:
    GpuMissing, GpuMemory, GpuLost, or GpuError where it is none of these.
    """

    def devices(self) -> tuple[GpuDevice, ...]:
        """The devices that the driver offers. Raises GpuMissing where there is no driver."""
        ...

    def open(self, index: int) -> None:
        """Takes a device's primary context, which all of this process shares, for itself."""
        ...

    def enter(self) -> None:
        """Makes the device the calling thread's."""
        ...

    def create_stream(self) -> int:
        """A stream that waits for no other, of the lowest priority the binding can ask for."""
        ...

    def destroy_stream(self, stream: int) -> None:
        """Ends a stream."""
        ...

    def create_event(self) -> int:
        """An event with a time stamp, whose waiter sleeps."""
        ...

    def destroy_event(self, event: int) -> None:
        """Ends an event."""
        ...

    def record(self, event: int, stream: int) -> None:
        """Puts an event behind all that the stream has to do."""
        ...

    def wait(self, event: int) -> None:
        """Sleeps until the stream has come to the event; the interpreter is free meanwhile."""
        ...

    def elapsed_s(self, begin: int, end: int) -> float:
        """From one event to another, both of which the stream has come to, by the device's clock.

        What else the device did meanwhile, for a game, is in it.
        """
        ...

    def allocate(self, size: int) -> int:
        """Device memory; at least 256-byte aligned."""
        ...

    def free(self, address: int) -> None:
        """Gives device memory back."""
        ...

    def allocate_host(self, size: int) -> int:
        """Host memory that stays where it is, so that copies need no step between."""
        ...

    def free_host(self, address: int) -> None:
        """Gives host memory back."""
        ...

    def upload(self, device: int, host: int, size: int, stream: int) -> None:
        """Puts a copy from host to device memory into the stream."""
        ...

    def download(self, host: int, device: int, size: int, stream: int) -> None:
        """Puts a copy from device to host memory into the stream."""
        ...

    def memory(self) -> tuple[int, int]:
        """Free bytes and all bytes of the device."""
        ...

    def close(self) -> None:
        """Gives the context back. A second call does nothing."""
        ...


def find_driver(binding: str) -> Driver:
    """The driver through a binding of `BINDINGS`.

    Raises:
        GpuMissing: When the binding is not installed, or the driver is not.
    """
    _, reference = BINDINGS[binding]
    if not is_installed(binding):
        raise GpuMissing(
            f"the CUDA binding {binding} is not installed", f"pip install {binding}"
        )
    module, _, name = reference.partition(":")
    made: Driver = getattr(importlib.import_module(module), name)()
    return made


def is_installed(binding: str) -> bool:
    """Whether the package of a binding is there."""
    try:
        return importlib.util.find_spec(BINDINGS[binding][0]) is not None
    except ModuleNotFoundError:
        return False
