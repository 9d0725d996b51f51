"""Processes that run only on processors that nobody else wants, and come back from there.

Whole processes: were some threads of one left in a higher class, they would wait for what those in
the idle class hold, the interpreter before all.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys

from sensorium.process.own_threads import PASSES, threads_of

if sys.platform == "win32":
    from sensorium.channels.kernel_windows import (
        BOOL,
        DWORD,
        HANDLE,
        close_handle,
        function,
        kernel,
        open_process,
        own_process,
    )

    _get_class = function(kernel, "GetPriorityClass", DWORD, HANDLE)
    _set_class = function(kernel, "SetPriorityClass", BOOL, HANDLE, DWORD)
    _IDLE, _BELOW_NORMAL = 0x40, 0x4000
    _SET_INFORMATION = 0x200

    def lower(pid: int) -> bool:
        """See below."""
        return _put(pid, _IDLE)

    def restore(pid: int) -> bool:
        """See below."""
        return _put(pid, _BELOW_NORMAL)

    def leave() -> None:
        """See below."""
        if _get_class(own_process()) == _IDLE:
            _set_class(own_process(), _BELOW_NORMAL)

    def nice_of(_pid: int) -> int:
        """There is none."""
        return 0

    def may_come_back(_nice: int) -> bool:
        """Windows permits it to everybody."""
        return True

    def _put(pid: int, priority: int) -> bool:
        handle = open_process(_SET_INFORMATION, False, pid)
        if not handle:
            return False
        try:
            return bool(_set_class(handle, priority))
        finally:
            close_handle(handle)

else:
    _ORDINARY = os.sched_param(0)
    _IDLE_CLASS = getattr(os, "SCHED_IDLE", os.SCHED_OTHER)

    def lower(pid: int) -> bool:
        """Has a child of this process run only where nobody else wants to; False: it cannot.

        Args:
            pid: Its number; another process that has it by now is left as it is.
        """
        return _move(pid, os.SCHED_OTHER, _IDLE_CLASS)

    def restore(pid: int) -> bool:
        """Undoes `lower`; each thread has its niceness again. False: the system forbids it.

        Args:
            pid: As in `lower`.
        """
        return _move(pid, _IDLE_CLASS, os.SCHED_OTHER)

    def leave() -> None:
        """Has the calling thread leave the class of who started it, where that is the idle one."""
        with contextlib.suppress(OSError):
            if os.sched_getscheduler(0) == _IDLE_CLASS:
                os.sched_setscheduler(0, os.SCHED_OTHER, _ORDINARY)

    def nice_of(pid: int) -> int:
        """The niceness of a process.

        Raises:
            ProcessLookupError: It is gone.
        """
        return os.getpriority(os.PRIO_PROCESS, pid)

    def may_come_back(nice: int) -> bool:
        """Tries whether the system would let a child of a niceness out of the idle class again.

        Linux asks for CAP_SYS_NICE, or that the child's RLIMIT_NICE allows its niceness
        (sched(7)). What is tried on is a child that ends before it has begun to work.
        """
        if sys.platform != "linux":
            return False
        try:
            tried = subprocess.Popen(
                [sys.executable, "-I", "-S", "-c", ""], stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )  # fmt: skip
        except OSError:
            return False
        with tried:
            try:
                os.setpriority(os.PRIO_PROCESS, tried.pid, nice)
                return lower(tried.pid) and restore(tried.pid)
            except OSError:
                return False
            finally:
                tried.kill()

    def _move(pid: int, before: int, after: int) -> bool:
        for _ in range(PASSES):
            moved = 0
            for thread in threads_of(pid):
                try:
                    if os.sched_getscheduler(thread) == before:
                        os.sched_setscheduler(thread, after, _ORDINARY)
                        moved += 1
                except ProcessLookupError:
                    pass  # It has ended meanwhile.
                except OSError:
                    return False
            if not moved:
                break
        return True
