"""Windows sections through kernel32: unnamed ones, temporary files, read-only duplicates."""

from __future__ import annotations

import ctypes
import sys
import weakref
from typing import TYPE_CHECKING, Any, NamedTuple

from sensorium.errors import ChannelError

if TYPE_CHECKING:
    from pathlib import Path

if sys.platform == "win32":
    import msvcrt
    import os
    from ctypes import wintypes

    from sensorium.channels.kernel_windows import (
        BOOL,
        DWORD,
        HANDLE,
        POINTER,
        SIZE,
        TEXT,
        close_handle,
        duplicate_handle,
        function,
        kernel,
        last_error,
        own_process,
    )

    _create_section = function(
        kernel, "CreateFileMappingW", HANDLE, HANDLE, POINTER, DWORD, DWORD, DWORD, TEXT
    )
    _create_file = function(
        kernel, "CreateFileW", HANDLE, TEXT, DWORD, DWORD, POINTER, DWORD, DWORD, HANDLE
    )
    _map_view = function(kernel, "MapViewOfFile", POINTER, HANDLE, DWORD, DWORD, DWORD, SIZE)
    _unmap_view = function(kernel, "UnmapViewOfFile", BOOL, POINTER)
    _query = function(kernel, "VirtualQuery", SIZE, POINTER, POINTER, SIZE)

    _INVALID = ctypes.c_void_p(-1).value
    _PAGE_READONLY, _PAGE_READWRITE = 0x02, 0x04
    _SECTION_READ, _SECTION_WRITE = 0x0004, 0x0002
    _GENERIC_READ, _GENERIC_WRITE = 0x80000000, 0x40000000
    _SHARE_ALL = 0x1 | 0x2 | 0x4
    _CREATE_NEW, _OPEN_EXISTING = 1, 3
    _TEMPORARY = 0x100

    class _View:
        """A mapped view: unmapped when it was closed and nobody holds a part of it any more."""

        def __init__(self, address: int, size: int) -> None:
            self.buffer: Any = (ctypes.c_ubyte * size).from_address(address)
            weakref.finalize(self.buffer, _unmap_view, address).atexit = False

        def close(self) -> None:
            self.buffer = None

    class Mapped(NamedTuple):
        """What a `mapping.Mapping` is made of.

        Attributes:
            view: The whole section, in whole pages.
            owner: Unmaps it.
            handle: Of the section.
        """

        view: memoryview
        owner: _View
        handle: int

    class _MemoryInformation(ctypes.Structure):
        _fields_ = (
            ("BaseAddress", ctypes.c_void_p),
            ("AllocationBase", ctypes.c_void_p),
            ("AllocationProtect", wintypes.DWORD),
            ("PartitionId", wintypes.WORD),
            ("RegionSize", ctypes.c_size_t),
            ("State", wintypes.DWORD),
            ("Protect", wintypes.DWORD),
            ("Type", wintypes.DWORD),
        )

    def create_unnamed(size: int) -> Mapped:
        """An unnamed section of the paging file, mapped writable."""
        return map_handle(_section(_INVALID, size), writable=True)

    def create_file(path: Path, size: int) -> Mapped:
        """A new temporary file of `size` bytes, mapped writable."""
        file = _file(path, _GENERIC_READ | _GENERIC_WRITE, _CREATE_NEW, _TEMPORARY)
        return _map_file(file, size, writable=True)

    def open_file(path: Path, *, writable: bool) -> Mapped:
        """An existing file, mapped whole."""
        access = _GENERIC_READ | (_GENERIC_WRITE if writable else 0)
        file = _file(path, access, _OPEN_EXISTING, 0)
        return _map_file(file, 0, writable=writable)

    def map_handle(handle: int, *, writable: bool) -> Mapped:
        """Maps a whole section and takes its handle over."""
        access = _SECTION_READ | (_SECTION_WRITE if writable else 0)
        address = _map_view(handle, access, 0, 0, 0)
        if not address:
            failure = _failure("map a region")
            close_handle(handle)
            raise failure
        information = _MemoryInformation()
        _query(address, ctypes.byref(information), ctypes.sizeof(information))
        view = _View(address, information.RegionSize)
        data = memoryview(view.buffer).cast("B")
        return Mapped(data if writable else data.toreadonly(), view, handle)

    def new_handle(handle: int, *, writable: bool) -> int:
        """A duplicate of a section's handle, for reading only unless `writable`."""
        access = _SECTION_READ | (_SECTION_WRITE if writable else 0)
        duplicate, process = HANDLE(), own_process()
        if not duplicate_handle(
            process, handle, process, ctypes.byref(duplicate), access, False, 0
        ):
            raise _failure("duplicate a region's handle")
        return int(duplicate.value or 0)

    def _section(file: Any, size: int, *, writable: bool = True) -> int:
        protection = _PAGE_READWRITE if writable else _PAGE_READONLY
        handle = _create_section(file, None, protection, size >> 32, size & 0xFFFFFFFF, None)
        if not handle:
            raise _failure("make a section")
        return int(handle)

    def _file(path: Path, access: int, disposition: int, attributes: int) -> int:
        handle = _create_file(str(path), access, _SHARE_ALL, None, disposition, attributes, None)
        if handle == _INVALID:
            raise _failure(f"open {path}")
        return int(handle)

    def _map_file(file: int, size: int, *, writable: bool) -> Mapped:
        descriptor = msvcrt.open_osfhandle(file, os.O_BINARY)
        try:
            # An empty file cannot be mapped; of another one exactly its bytes are given.
            exact = size or os.fstat(descriptor).st_size
            mapped = map_handle(_section(file, size, writable=writable), writable=writable)
            return mapped._replace(view=mapped.view[:exact])
        finally:
            os.close(descriptor)

    def _failure(what: str) -> ChannelError:
        return ChannelError(f"cannot {what}: {last_error()}")
