"""What the system tells of the load that others than our own processes put on it."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from sensorium.inference.governor.pressure import Pressure

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sensorium.inference.governor.gpu_load import GpuLoad

_PROC = Path("/proc")
ASKED_NS = 1_000_000_000
"""What is told is of at least so long."""


class SystemLoad:
    """Gives shares of the time since it was asked before.

    Args:
        gpu: Asked, too; None: nothing is told of a GPU.
        proc: Where Linux tells.
    """

    def __init__(self, gpu: GpuLoad | None = None, proc: Path = _PROC) -> None:
        self._gpu = gpu
        self._proc = proc
        self._asked_ns: int | None = None
        self._waited: dict[str, float] = {}
        self._times: tuple[float, float] | None = None
        self._own: dict[int, float] = {}

    def forget(self) -> None:
        """What is until the next look does not count."""
        self._asked_ns = None

    def read(self, own: Iterable[int], now_ns: int) -> Pressure | None:
        """What it tells; None: it is not known yet, or was asked less than a second ago.

        Args:
            own: The processes that are ours, this one, too.
            now_ns: Monotonic.
        """
        asked = self._asked_ns
        if asked is not None and now_ns - asked < ASKED_NS:
            return None
        pids = set(own)
        self._asked_ns = now_ns
        took_s = (now_ns - asked) / 1e9 if asked is not None else 0.0
        cpu, memory = self._waits("cpu", took_s), self._waits("memory", took_s)
        others = self._others(pids)
        gpu = self._gpu.others_busy(pids) if self._gpu is not None else None
        return None if asked is None else Pressure(cpu, others, memory, gpu)

    def _waits(self, what: str, took_s: float) -> float | None:
        """Share of the time in which some task waited."""
        now = _waited_s(self._proc / "pressure" / what)
        before = self._waited.pop(what, None)
        if now is None:
            return None
        self._waited[what] = now
        return _share(now - before, took_s) if before is not None else None

    def _others(self, pids: set[int]) -> float | None:
        """Share of all processors' time that others took."""
        now, before = _processors(self._proc), self._times
        own = {pid: took for pid in pids if (took := _took_s(self._proc, pid)) is not None}
        # One that ended meanwhile, or began, is counted as far as it was seen.
        ours = sum(took - self._own.get(pid, took) for pid, took in own.items())
        self._times, self._own = now, own
        if now is None or before is None:
            return None
        return _share(now[0] - before[0] - ours, now[1] - before[1])


def _share(part: float, whole: float) -> float | None:
    return min(1.0, max(0.0, part / whole)) if whole > 0 else None


def _waited_s(file: Path) -> float | None:
    """Time in which some task waited, since the system began (pressure stall information)."""
    try:
        some = file.read_text("ascii").partition("\n")[0]
        return int(some.rpartition("total=")[2]) / 1e6
    except (OSError, ValueError):
        return None


if sys.platform == "win32":
    import ctypes
    from ctypes import wintypes

    _kernel = ctypes.WinDLL("kernel32", use_last_error=True)
    _QUERY = 0x1000
    _open_process = _kernel.OpenProcess
    _open_process.argtypes = [wintypes.DWORD, wintypes.BOOL, wintypes.DWORD]
    _open_process.restype = wintypes.HANDLE
    _close_handle = _kernel.CloseHandle
    _close_handle.argtypes = [wintypes.HANDLE]
    _process_times = _kernel.GetProcessTimes
    _process_times.argtypes = [wintypes.HANDLE, *[ctypes.POINTER(wintypes.FILETIME)] * 4]
    _system_times = _kernel.GetSystemTimes
    _system_times.argtypes = [ctypes.POINTER(wintypes.FILETIME)] * 3

    def _seconds(time: wintypes.FILETIME) -> float:
        return float((time.dwHighDateTime << 32) + time.dwLowDateTime) / 1e7

    def _processors(proc: Path) -> tuple[float, float] | None:
        """Busy time and all time of all processors, seconds."""
        idle, kernel, user = (wintypes.FILETIME() for _ in range(3))
        if not _system_times(*map(ctypes.byref, (idle, kernel, user))):
            return None
        whole = _seconds(kernel) + _seconds(user)  # A processor that idles does so in the kernel.
        return whole - _seconds(idle), whole

    def _took_s(proc: Path, pid: int) -> float | None:
        """Processors' time that a process took."""
        handle = _open_process(_QUERY, False, pid)
        if not handle:
            return None
        try:
            times = [wintypes.FILETIME() for _ in range(4)]
            told = _process_times(handle, *map(ctypes.byref, times))
        finally:
            _close_handle(handle)
        return _seconds(times[2]) + _seconds(times[3]) if told else None

else:
    # Who is nice has asked to come last: such a program computes all day, and nobody waits for it.

    def _processors(proc: Path) -> tuple[float, float] | None:
        """Busy time and all time of all processors, seconds; nice programs' is not busy time."""
        try:
            line = (proc / "stat").read_text("ascii").partition("\n")[0]
            # user nice system idle iowait irq softirq steal; a guest's time is in user.
            times = [int(each) for each in line.split()[1:9]]
            idle, whole = times[1] + times[3] + times[4], sum(times)
        except (OSError, ValueError, IndexError):
            return None
        second = os.sysconf("SC_CLK_TCK")
        return (whole - idle) / second, whole / second

    def _took_s(proc: Path, pid: int) -> float | None:
        """What of the busy time a process took, with all of its threads."""
        try:
            told = (proc / str(pid) / "stat").read_text("utf-8", "replace")
            fields = told.rpartition(")")[2].split()
            user, system, nice = (int(fields[place]) for place in (11, 12, 16))
            return (system + (user if nice <= 0 else 0)) / os.sysconf("SC_CLK_TCK")
        except (OSError, ValueError, IndexError):
            return None
