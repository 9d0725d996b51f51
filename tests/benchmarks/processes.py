"""What processes cost, as the Linux kernel counts it."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_TICK_S = 1 / os.sysconf("SC_CLK_TCK")
_SWITCHES = re.compile(r"ctxt_switches:\s+(\d+)")


def cpu_s(pid: int) -> float:
    """Processor time of a process and all its threads since its start, s.

    proc_pid_stat(5): utime and stime. Their sum is what the scheduler measured, not sampled ticks.
    """
    words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) * _TICK_S


def pss_mb(pid: int) -> float:
    """Proportional set size, 10^6 bytes: shared pages count in part for each that shares them."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024 / 1e6
    raise AssertionError("no Pss")


def switches(pid: int) -> int:
    """How often its threads gave up or lost a core."""
    return sum(
        int(count)
        for status in Path(f"/proc/{pid}/task").glob("*/status")
        for count in _SWITCHES.findall(status.read_text())
    )


def usage(pids: Mapping[str, int], seconds: float) -> dict[str, tuple[float, float]]:
    """Name to percent of one core and context switches a second, over `seconds` from now."""
    before = {name: (cpu_s(pid), switches(pid)) for name, pid in pids.items()}
    start = time.perf_counter()
    time.sleep(seconds)
    took = time.perf_counter() - start
    return {
        name: (
            100 * (cpu_s(pid) - before[name][0]) / took,
            (switches(pid) - before[name][1]) / took,
        )
        for name, pid in pids.items()
    }
