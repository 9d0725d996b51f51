"""One opened device with one stream: buffers that are allocated once, and copies between them."""

from __future__ import annotations

import ctypes
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sensorium.errors import GpuError, GpuMissing

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from sensorium.inference.cuda.driver import Driver, GpuDevice

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Buffer:
    """Memory of fixed size, on the device or pinned on the host.

    Attributes:
        address: As the driver gave it.
        size: In bytes.
    """

    address: int
    size: int


class Session:
    """A device in use by one engine; all that it allocated goes back in `close`.

    Args:
        driver: Not opened yet; the session opens and closes it.
        device: Which one.

    Raises:
        GpuError: When it cannot be opened.

    Attributes:
        device: The one in use.
        stream: The handle of its stream.
    """

    def __init__(self, driver: Driver, device: GpuDevice) -> None:
        self.device = device
        self.stream = 0
        self._driver = driver
        self._undo: list[tuple[Callable[[int], None], int]] = []
        driver.open(device.index)
        try:
            self.stream = self._keep(driver.create_stream(), driver.destroy_stream)
            self._begin, self._end = (
                self._keep(driver.create_event(), driver.destroy_event) for _ in range(2)
            )
        except GpuError:
            self.close()
            raise

    def _keep(self, made: int, undo: Callable[[int], None]) -> int:
        self._undo.append((undo, made))
        return made

    def enter(self) -> None:
        """Makes the device the calling thread's, for what `finish` ends."""
        self._driver.enter()
        self._driver.record(self._begin, self.stream)

    def device_buffer(self, size: int) -> Buffer:
        """Device memory, 256-byte aligned, at least one byte."""
        return Buffer(self._keep(self._driver.allocate(max(size, 1)), self._driver.free), size)

    def pinned_buffer(self, size: int) -> Buffer:
        """Pinned host memory, at least one byte."""
        address = self._driver.allocate_host(max(size, 1))
        return Buffer(self._keep(address, self._driver.free_host), size)

    def array(self, pinned: Buffer, shape: tuple[int, ...], type_: Any) -> NDArray[Any]:
        """Pinned memory as an array of at most its size; dead once the session is closed."""
        size = int(np.prod(shape)) * np.dtype(type_).itemsize
        if size > pinned.size:
            raise ValueError(f"{shape} of {type_} are {size} bytes, the buffer has {pinned.size}")
        memory: Any = (ctypes.c_uint8 * size).from_address(pinned.address)
        return np.frombuffer(memory, np.dtype(type_)).reshape(shape)

    def upload(self, device: Buffer, host: Buffer, size: int) -> None:
        """Puts a copy of `size` bytes to the device into the stream."""
        self._driver.upload(device.address, host.address, size, self.stream)

    def download(self, host: Buffer, device: Buffer, size: int) -> None:
        """Puts a copy of `size` bytes to the host into the stream."""
        self._driver.download(host.address, device.address, size, self.stream)

    def finish(self) -> None:
        """Sleeps until the stream has done all: for ever, where the device hangs.

        Raises:
            GpuError: When the device failed at it.
        """
        self._driver.record(self._end, self.stream)
        self._driver.wait(self._end)

    def took_s(self) -> float:
        """From `enter` to `finish` by the device's clock; see `Driver.elapsed_s`."""
        return self._driver.elapsed_s(self._begin, self._end)

    def free_memory(self) -> int:
        """Free bytes of the device, for all programs together."""
        return self._driver.memory()[0]

    def close(self) -> None:
        """Gives all back; a lost device has nothing to give. A second call does nothing."""
        while self._undo:
            undo, handle = self._undo.pop()
            try:
                undo(handle)
            except GpuError as error:
                _log.debug("not given back: %s", error)
        try:
            self._driver.close()
        except GpuError as error:
            _log.debug("not closed: %s", error)


def open_session(driver: Driver, uuid: str) -> Session:
    """A session on the device of a UUID; empty: the first.

    Raises:
        GpuMissing: When there is none.
        GpuError: When it cannot be opened.
    """
    devices = driver.devices()
    for device in devices:
        if not uuid or device.uuid == uuid:
            return Session(driver, device)
    there = ", ".join(device.uuid for device in devices) or "none"
    raise GpuMissing(f"there is no GPU {uuid or 'at all'}", f"there are: {there}")
