"""What a process costs: processor time and memory."""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path
from typing import NamedTuple

NOT_KNOWN = float("nan")


class Usage(NamedTuple):
    """Of one process.

    Attributes:
        cpu_s: Processor time since its start, in seconds.
        memory_mb: Its share of memory (Linux: PSS; Windows: private bytes) in millions of bytes.
    """

    cpu_s: float
    memory_mb: float


if sys.platform == "win32":
    from ctypes import wintypes

    from sensorium.channels.kernel_windows import (
        BOOL,
        DWORD,
        HANDLE,
        POINTER,
        close_handle,
        function,
        kernel,
        open_process,
    )

    _QUERY = 0x1000
    _times_of = function(kernel, "GetProcessTimes", BOOL, HANDLE, *[POINTER] * 4)
    _memory_of = function(kernel, "K32GetProcessMemoryInfo", BOOL, HANDLE, POINTER, DWORD)

    class _Memory(ctypes.Structure):
        """PROCESS_MEMORY_COUNTERS_EX."""

        _fields_ = (
            ("cb", wintypes.DWORD),
            ("PageFaultCount", wintypes.DWORD),
            *((f"counter{index}", ctypes.c_size_t) for index in range(8)),
            ("PrivateUsage", ctypes.c_size_t),
        )

    def usage(pid: int) -> Usage:
        """What a process costs; NaN where that cannot be told."""
        handle = open_process(_QUERY, False, pid)
        if not handle:
            return Usage(NOT_KNOWN, NOT_KNOWN)
        try:
            times = [wintypes.FILETIME() for _ in range(4)]
            memory = _Memory(cb=ctypes.sizeof(_Memory))
            timed = _times_of(handle, *map(ctypes.byref, times))
            sized = _memory_of(handle, ctypes.byref(memory), memory.cb)
        finally:
            close_handle(handle)
        ticks = sum((time.dwHighDateTime << 32) + time.dwLowDateTime for time in times[2:])
        return Usage(
            ticks / 1e7 if timed else NOT_KNOWN,
            memory.PrivateUsage / 1e6 if sized else NOT_KNOWN,
        )

else:

    def usage(pid: int) -> Usage:
        """What a process costs; NaN where that cannot be told."""
        return Usage(_cpu_s(Path(f"/proc/{pid}/stat")), _pss_mb(Path(f"/proc/{pid}/smaps_rollup")))

    def _cpu_s(stat: Path) -> float:
        try:
            fields = stat.read_text("utf-8").rpartition(")")[2].split()
        except OSError:
            return NOT_KNOWN
        user, system = int(fields[11]), int(fields[12])
        return (user + system) / os.sysconf("SC_CLK_TCK")

    def _pss_mb(rollup: Path) -> float:
        try:
            for line in rollup.read_text("utf-8").splitlines():
                if line.startswith("Pss:"):
                    return int(line.split()[1]) * 1024 / 1e6
        except OSError:
            pass
        return NOT_KNOWN


class Meter:
    """CPU shares between two looks.

    A process is known by its pid; the first look at it gives NaN.
    """

    def __init__(self) -> None:
        self._before: dict[int, tuple[float, float]] = {}

    def measure(self, pid: int, now_s: float) -> tuple[float, float]:
        """CPU in per cent of one core since the last look, and memory in MB."""
        found = usage(pid)
        before = self._before.get(pid)
        self._before[pid] = (now_s, found.cpu_s)
        if before is None or now_s <= before[0]:
            return NOT_KNOWN, found.memory_mb
        return 100 * (found.cpu_s - before[1]) / (now_s - before[0]), found.memory_mb
