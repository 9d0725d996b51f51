"""Capture runs above the game's background work, inference below the game."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
from pathlib import Path

from sensorium.process import time_slice

if sys.platform == "win32":
    from sensorium.channels.kernel_windows import (
        BOOL,
        DWORD,
        HANDLE,
        SIZE,
        function,
        kernel,
        own_process,
    )

    _own_thread = function(kernel, "GetCurrentThread", HANDLE)
    _set_thread_priority = function(kernel, "SetThreadPriority", BOOL, HANDLE, ctypes.c_int)
    _set_class = function(kernel, "SetPriorityClass", BOOL, HANDLE, DWORD)
    _set_affinity = function(kernel, "SetProcessAffinityMask", BOOL, HANDLE, SIZE)
    _TIME_CRITICAL, _BELOW_NORMAL = 15, 0x4000

_FIFO_PRIORITY = 10
"""Low among real-time priorities: above every ordinary thread, below the system's own."""
_SYS_NICE = 1 << 23
"""CAP_SYS_NICE of linux/capability.h."""
if sys.platform != "win32":
    _RAISED, _ORDINARY = os.sched_param(_FIFO_PRIORITY), os.sched_param(0)


def die_with_parent() -> None:
    """Has the system kill this process when its parent ends, even one that is stopped or hangs."""
    if sys.platform == "linux":
        set_death_signal = 1
        ctypes.CDLL(None).prctl(set_death_signal, signal.SIGKILL, 0, 0, 0)


def raise_thread() -> str:
    """Asks for a real-time priority for the calling thread, else for a short time slice.

    Returns:
        What was granted: `SCHED_FIFO`, `TIME_CRITICAL`, or that it is an ordinary thread, with
        what it got and why not more.
    """
    if sys.platform == "win32":
        if _set_thread_priority(_own_thread(), _TIME_CRITICAL):
            return "TIME_CRITICAL"
        return "ordinary: refused by the system"
    else:  # noqa: RET505 - the checker of the other platform follows this form only
        try:
            os.sched_setscheduler(
                threading.get_native_id(),
                # Threads that it starts are ordinary ones: that of a sound library turns at full
                # speed while the sound server gives nothing, and would take the core for itself.
                os.SCHED_FIFO | os.SCHED_RESET_ON_FORK,
                os.sched_param(_FIFO_PRIORITY),
            )
        except PermissionError:
            why = f"SCHED_FIFO is not permitted ({_forbidden()})"
        except OSError as error:
            why = str(error.strerror)
        else:
            return "SCHED_FIFO"
        if time_slice.shorten():
            return f"ordinary, short slice {time_slice.SHORT_NS / 1e6:g} ms: {why}"
        return f"ordinary: {why}"


def _forbidden() -> str:
    """What does not permit it."""
    if sys.platform != "linux":
        return "ulimit -r"
    import resource

    limit = resource.getrlimit(resource.RLIMIT_RTPRIO)[0]
    lines = Path("/proc/self/status").read_text().splitlines()
    rights = next((int(line.split()[1], 16) for line in lines if line.startswith("CapEff:")), 0)
    if rights & _SYS_NICE or limit == resource.RLIM_INFINITY or limit >= _FIFO_PRIORITY:
        return "the control group has no real-time budget, cpu.rt_runtime_us"
    return f"ulimit -r is {limit}"


class Raised:
    """The calling thread has a real-time priority meanwhile, where the system permits it.

    Else a short time slice, where there is such a thing. For a thread of a library that is an
    ordinary one but holds the interpreter now and then: were it preempted with it, the real-time
    threads would wait for an ordinary one. On Windows, where
    sound threads have a priority of their own, nothing is changed. Not a generator, which would
    cost as much as the system calls.
    """

    def __enter__(self) -> None:
        self._permitted = self._shortened = False
        if sys.platform != "win32":
            try:
                os.sched_setscheduler(0, os.SCHED_FIFO, _RAISED)
                self._permitted = True
            except OSError:
                self._shortened = time_slice.shorten()

    def __exit__(self, *failure: object) -> None:
        if sys.platform != "win32" and self._permitted:
            os.sched_setscheduler(0, os.SCHED_OTHER, _ORDINARY)
        elif self._shortened:
            time_slice.restore()


def lower_process(nice: int, affinity: tuple[int, ...]) -> None:
    """Puts the calling process below the game.

    Args:
        nice: 1 to 19; 0 leaves it. On Windows anything above 0 is BELOW_NORMAL.
        affinity: Cores that it may use; empty: all. Cores that are not there are left out.
    """
    if sys.platform == "win32":
        if nice:
            _set_class(own_process(), _BELOW_NORMAL)
        # A mask with a core that is not there would be refused whole.
        there = {core for core in affinity if core < (os.cpu_count() or 1)}
        if there:
            _set_affinity(own_process(), sum(1 << core for core in there))
    else:
        if nice:
            os.setpriority(os.PRIO_PROCESS, 0, nice)
        cores = os.sched_getaffinity(0) & set(affinity)
        if cores:
            os.sched_setaffinity(0, cores)
