"""Whether a process runs."""

from __future__ import annotations

import os
import sys

if sys.platform == "win32":
    import ctypes

    from sensorium.channels.kernel_windows import HANDLE, close_handle, open_process, wait_for_any

    _SYNCHRONIZE = 0x100000
    _ACCESS_DENIED, _TIMEOUT = 5, 258

    def is_running(pid: int) -> bool:
        """Whether a process of that number runs; it may be another than once had it."""
        process = open_process(_SYNCHRONIZE, False, pid)
        if not process:
            return ctypes.get_last_error() == _ACCESS_DENIED
        try:
            return bool(wait_for_any(1, (HANDLE * 1)(process), False, 0) == _TIMEOUT)
        finally:
            close_handle(process)

else:

    def is_running(pid: int) -> bool:
        """Whether a process of that number runs; it may be another than once had it."""
        try:
            os.kill(pid, 0)
        except (ProcessLookupError, OverflowError):
            return False
        except PermissionError:
            return True
        return True
