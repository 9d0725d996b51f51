"""A job of Windows: the system ends its processes when the last handle to it goes.

So no child outlives a supervisor that was killed, even one that hangs. Linux has a death signal
for that, which the child asks for itself.
"""

from __future__ import annotations

import ctypes
import sys
from functools import cache

if sys.platform == "win32":
    from sensorium.channels.kernel_windows import (
        BOOL,
        DWORD,
        HANDLE,
        POINTER,
        TEXT,
        close_handle,
        function,
        kernel,
        open_process,
    )
    from sensorium.control.windows import require

    _create_job = function(kernel, "CreateJobObjectW", HANDLE, POINTER, TEXT)
    _set_information = function(
        kernel, "SetInformationJobObject", BOOL, HANDLE, ctypes.c_int, POINTER, DWORD
    )
    _assign = function(kernel, "AssignProcessToJobObject", BOOL, HANDLE, HANDLE)

    _EXTENDED_LIMITS, _KILL_ON_CLOSE = 9, 0x2000
    _ACCESS = 0x0100 | 0x0001
    """PROCESS_SET_QUOTA | PROCESS_TERMINATE, which a job asks for."""

    class _Limits(ctypes.Structure):
        """JOBOBJECT_EXTENDED_LIMIT_INFORMATION."""

        _fields_ = (
            ("times", ctypes.c_int64 * 2),
            ("flags", DWORD),
            ("working_set", ctypes.c_size_t * 2),
            ("active_processes", DWORD),
            ("affinity", ctypes.c_size_t),
            ("classes", DWORD * 2),
            ("counters", ctypes.c_uint64 * 6),
            ("memory", ctypes.c_size_t * 4),
        )

    def end_with_this(pid: int) -> None:
        """Has the system end a process when this one ends, however that comes about.

        Raises:
            ControlError: When the system refuses.
        """
        process = open_process(_ACCESS, False, pid)
        require(process, f"open process {pid}")
        try:
            require(_assign(_job(), process), f"bind process {pid} to this one")
        finally:
            close_handle(process)

    @cache
    def _job() -> int:
        """The job, whose one handle is this process's and is closed by its end alone."""
        job = _create_job(None, None)
        require(job, "make a job")
        limits = _Limits(flags=_KILL_ON_CLOSE)
        require(
            _set_information(job, _EXTENDED_LIMITS, ctypes.byref(limits), ctypes.sizeof(limits)),
            "limit a job",
        )
        return int(job)
