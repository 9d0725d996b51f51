"""Finds another program's process by its name, and waits for its end without looking again."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path

if sys.platform == "win32":
    import ctypes

    from sensorium.channels.kernel_windows import (
        BOOL,
        DWORD,
        HANDLE,
        POINTER,
        close_handle,
        function,
        kernel,
        open_process,
        wait_for_any,
    )
    from sensorium.control.windows import require

    _snapshot = function(kernel, "CreateToolhelp32Snapshot", HANDLE, DWORD, DWORD)
    _first = function(kernel, "Process32FirstW", BOOL, HANDLE, POINTER)
    _next = function(kernel, "Process32NextW", BOOL, HANDLE, POINTER)
    _PROCESSES, _SYNCHRONIZE, _FOREVER = 0x2, 0x00100000, 0xFFFFFFFF

    class _Entry(ctypes.Structure):
        """PROCESSENTRY32W."""

        _fields_ = (
            ("size", DWORD), ("usage", DWORD), ("pid", DWORD), ("heap", ctypes.c_size_t),
            ("module", DWORD), ("threads", DWORD), ("parent", DWORD), ("priority", ctypes.c_long),
            ("flags", DWORD), ("name", ctypes.c_wchar * 260),
        )

    def find(name: str) -> int | None:
        """The number of a process whose program is called so (`vrserver`, without `.exe`)."""
        wanted = f"{name}.exe".casefold()
        every = _snapshot(_PROCESSES, 0)
        require(every != HANDLE(-1).value, "look at the processes")
        try:
            entry = _Entry(size=ctypes.sizeof(_Entry))
            found = _first(every, ctypes.byref(entry))
            while found:
                if entry.name.casefold() == wanted:
                    return int(entry.pid)
                found = _next(every, ctypes.byref(entry))
        finally:
            close_handle(every)
        return None

    def wait(pid: int) -> None:
        """Comes back when the process has ended, or is not there."""
        process = open_process(_SYNCHRONIZE, False, pid)
        if process:
            handles = (HANDLE * 1)(process)
            wait_for_any(1, handles, False, _FOREVER)
            close_handle(process)

else:
    import select

    def find(name: str) -> int | None:
        """The number of a process whose program is called so; at most 15 letters count."""
        for folder in Path("/proc").iterdir():
            if folder.name.isdigit():
                # It may have ended meanwhile.
                with contextlib.suppress(OSError):
                    if (folder / "comm").read_text().rstrip("\n") == name[:15]:
                        return int(folder.name)
        return None

    def wait(pid: int) -> None:
        """Comes back when the process has ended, or is not there."""
        try:
            process = os.pidfd_open(pid)
        except ProcessLookupError:
            return
        try:
            select.select([process], [], [])
        finally:
            os.close(process)
