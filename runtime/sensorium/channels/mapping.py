"""Mapped memory: an unnamed section handed over by handle, or a file of the user's own.

Linux: a sealed memfd, or a 0600 file on tmpfs. Windows: an unnamed section of the paging file,
or a temporary file that others may delete while it is mapped.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import sys
from typing import TYPE_CHECKING

from sensorium.errors import ChannelError

if TYPE_CHECKING:
    from pathlib import Path

if sys.platform == "win32":
    from sensorium.channels import kernel_windows as _kernel
    from sensorium.channels import mapping_windows as _windows
else:
    import fcntl

    # linux/fcntl.h; Python has these names from 3.13 on only.
    _F_ADD_SEALS, _SEAL_SEAL, _SEAL_SHRINK, _SEAL_GROW = 1033, 1, 2, 4


class Mapping:
    """One mapping and, where it may be handed on, the handle that it came from.

    Attributes:
        view: The whole mapping, one dimension of bytes.
        handle: File descriptor (Linux) or section handle (Windows); -1 where none is kept.
        writable: Whether `view` may be written.
    """

    def __init__(self, view: memoryview, owner: object, handle: int, writable: bool) -> None:
        self.view = view
        self.handle = handle
        self.writable = writable
        self._owner = owner

    def drop_handle(self) -> None:
        """Closes the handle; the memory stays mapped."""
        if self.handle >= 0:
            close_handle(self.handle)
            self.handle = -1

    def close(self) -> None:
        """Unmaps and closes the handle. Views that are still held keep the memory mapped."""
        self.drop_handle()
        self.view.release()
        close = getattr(self._owner, "close", None)
        if close is not None:
            # A reader that is still in a copy holds the memory; it goes with its last view.
            with contextlib.suppress(BufferError):
                close()


def create_unnamed(name: str, size: int) -> Mapping:
    """Makes `size` zeroed bytes without a name in the file system, sealed against resizing.

    Args:
        name: For the eyes of a debugger only.
        size: Bytes.
    """
    if sys.platform == "win32":
        return Mapping(*_windows.create_unnamed(size), writable=True)
    else:  # noqa: RET505 - the checker of the other platform follows this form only
        fd = os.memfd_create(f"sensorium-{name}", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        os.ftruncate(fd, size)
        fcntl.fcntl(fd, _F_ADD_SEALS, _SEAL_SHRINK | _SEAL_GROW | _SEAL_SEAL)
        return map_handle(fd, writable=True)


def create_file(path: Path, size: int) -> Mapping:
    """Makes a new file of `size` zeroed bytes that only this user may open, for reading.

    Raises:
        ChannelError: When it cannot be made; the message names the folder.
    """
    if sys.platform == "win32":
        return Mapping(*_windows.create_file(path, size), writable=True)
    try:
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise ChannelError(
            f"cannot make {path}: {error.strerror}",
            "set SENSORIUM_RUNTIME_DIR to a folder that you may write",
        ) from error
    try:
        # Reserved now, so that a full tmpfs is an error here and never a SIGBUS in a reader.
        os.posix_fallocate(fd, 0, size)
    except OSError as error:
        os.close(fd)
        path.unlink(missing_ok=True)
        raise ChannelError(
            f"no room for {size} bytes in {path.parent}: {error.strerror}",
            "free memory there or set SENSORIUM_RUNTIME_DIR",
        ) from error
    # Whoever opens it by its name gets it for reading; this process goes on writing.
    os.fchmod(fd, 0o400)
    return map_handle(fd, writable=True)


def open_file(path: Path, *, writable: bool = False) -> Mapping:
    """Maps a file that the daemon made.

    Raises:
        ChannelError: When it is not there or may not be opened.
    """
    if sys.platform == "win32":
        return Mapping(*_windows.open_file(path, writable=writable), writable=writable)
    try:
        fd = os.open(path, (os.O_RDWR if writable else os.O_RDONLY) | os.O_CLOEXEC)
    except OSError as error:
        raise ChannelError(f"cannot open {path}: {error.strerror}", "sensorium run") from error
    return map_handle(fd, writable=writable, keep_handle=False)


def map_handle(handle: int, *, writable: bool, keep_handle: bool = True) -> Mapping:
    """Maps the whole of what `handle` refers to and takes the handle over.

    Args:
        handle: Closed with the mapping, or at once where it is not kept.
        writable: Whether it is mapped for writing, too.
        keep_handle: Whether `new_handle` may be asked for later.

    Raises:
        ChannelError: When it may not be mapped so.
    """
    if sys.platform == "win32":
        mapping = Mapping(*_windows.map_handle(handle, writable=writable), writable=writable)
        if not keep_handle:
            mapping.drop_handle()
        return mapping
    try:
        mapped = mmap.mmap(
            handle, 0, mmap.MAP_SHARED, mmap.PROT_READ | (mmap.PROT_WRITE if writable else 0)
        )
    except (OSError, ValueError) as error:
        os.close(handle)
        raise ChannelError(f"cannot map a region: {error}") from error
    mapping = Mapping(memoryview(mapped), mapped, handle, writable)
    if not keep_handle:
        mapping.drop_handle()
    return mapping


def new_handle(mapping: Mapping, *, writable: bool) -> int:
    """Another handle to the same memory, to be given away; the caller closes it.

    One that is not writable cannot be mapped so. A process of the same user that goes out of
    its way (a debugger, /proc) can still reach the memory.
    """
    if sys.platform == "win32":
        return _windows.new_handle(mapping.handle, writable=writable)
    if writable:
        return os.dup(mapping.handle)
    return os.open(f"/proc/self/fd/{mapping.handle}", os.O_RDONLY | os.O_CLOEXEC)


def close_handle(handle: int) -> None:
    """Closes a handle that `new_handle` gave."""
    if sys.platform == "win32":
        _kernel.close_handle(handle)
    else:
        os.close(handle)
