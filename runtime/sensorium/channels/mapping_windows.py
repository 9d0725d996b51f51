"""Windows sections through kernel32: unnamed ones, temporary files, read-only duplicates."""

from __future__ import annotations

import ctypes
import sys
from typing import TYPE_CHECKING, Any

from sensorium.errors import ChannelError

if TYPE_CHECKING:
    from pathlib import Path

if sys.platform == "win32":
    import msvcrt
    import os
    from ctypes import wintypes

    from sensorium.channels.mapping import Mapping

    _kernel32 = ctypes.WinDLL("kernel32", use_last_error=True)
    _kernel32.CreateFileMappingW.restype = wintypes.HANDLE
    _kernel32.CreateFileW.restype = wintypes.HANDLE
    _kernel32.MapViewOfFile.restype = ctypes.c_void_p
    _kernel32.UnmapViewOfFile.argtypes = [ctypes.c_void_p]
    _kernel32.GetCurrentProcess.restype = wintypes.HANDLE

    _INVALID = ctypes.c_void_p(-1).value
    _PAGE_READONLY, _PAGE_READWRITE = 0x02, 0x04
    _SECTION_READ, _SECTION_WRITE = 0x0004, 0x0002
    _GENERIC_READ, _GENERIC_WRITE = 0x80000000, 0x40000000
    _SHARE_ALL = 0x1 | 0x2 | 0x4
    _CREATE_NEW, _OPEN_EXISTING = 1, 3
    _TEMPORARY = 0x100

    class _View:
        """A mapped view that unmaps itself once."""

        def __init__(self, address: int, size: int) -> None:
            self.address = address
            self.buffer = (ctypes.c_ubyte * size).from_address(address)

        def close(self) -> None:
            if self.address:
                _kernel32.UnmapViewOfFile(self.address)
                self.address = 0

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

    def create_unnamed(size: int) -> Mapping:
        """An unnamed section of the paging file, mapped writable."""
        handle = _section(_INVALID, size)
        return map_handle(handle, writable=True)

    def create_file(path: Path, size: int) -> Mapping:
        """A new temporary file of `size` bytes, mapped writable."""
        file = _file(path, _GENERIC_READ | _GENERIC_WRITE, _CREATE_NEW, _TEMPORARY)
        return _map_file(file, size, writable=True)

    def open_file(path: Path, *, writable: bool) -> Mapping:
        """An existing file, mapped whole."""
        access = _GENERIC_READ | (_GENERIC_WRITE if writable else 0)
        file = _file(path, access, _OPEN_EXISTING, 0)
        return _map_file(file, 0, writable=writable)

    def map_handle(handle: int, *, writable: bool) -> Mapping:
        """Maps a whole section and takes its handle over."""
        access = _SECTION_READ | (_SECTION_WRITE if writable else 0)
        address = _kernel32.MapViewOfFile(wintypes.HANDLE(handle), access, 0, 0, 0)
        if not address:
            close_handle(handle)
            raise _failure("map a region")
        information = _MemoryInformation()
        _kernel32.VirtualQuery(
            ctypes.c_void_p(address), ctypes.byref(information), ctypes.sizeof(information)
        )
        view = _View(address, information.RegionSize)
        data = memoryview(view.buffer).cast("B")
        return Mapping(data if writable else data.toreadonly(), view, handle, writable)

    def new_handle(handle: int, *, writable: bool) -> int:
        """A duplicate of a section's handle, for reading only unless `writable`."""
        access = _SECTION_READ | (_SECTION_WRITE if writable else 0)
        duplicate = wintypes.HANDLE()
        process = _kernel32.GetCurrentProcess()
        if not _kernel32.DuplicateHandle(
            process, wintypes.HANDLE(handle), process, ctypes.byref(duplicate), access, 0, 0
        ):
            raise _failure("duplicate a region's handle")
        return int(duplicate.value or 0)

    def close_handle(handle: int) -> None:
        """Closes a kernel handle."""
        _kernel32.CloseHandle(wintypes.HANDLE(handle))

    def _section(file: Any, size: int, *, writable: bool = True) -> int:
        protection = _PAGE_READWRITE if writable else _PAGE_READONLY
        handle = _kernel32.CreateFileMappingW(
            wintypes.HANDLE(file), None, protection, size >> 32, size & 0xFFFFFFFF, None
        )
        if not handle:
            raise _failure("make a section")
        return int(handle)

    def _file(path: Path, access: int, disposition: int, attributes: int) -> int:
        handle = _kernel32.CreateFileW(
            str(path), access, _SHARE_ALL, None, disposition, attributes, None
        )
        if handle == _INVALID:
            raise _failure(f"open {path}")
        return int(handle)

    def _map_file(file: int, size: int, *, writable: bool) -> Mapping:
        descriptor = msvcrt.open_osfhandle(file, os.O_BINARY)
        try:
            return map_handle(_section(file, size, writable=writable), writable=writable)
        finally:
            os.close(descriptor)

    def _failure(what: str) -> ChannelError:
        return ChannelError(f"cannot {what}: {ctypes.FormatError(ctypes.get_last_error())}")
