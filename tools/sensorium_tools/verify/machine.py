"""The machine that figures are from."""

from __future__ import annotations

import os
import platform
import sys
from pathlib import Path

from sensorium.config import Inference


def processor() -> str:
    """The processor's name as the system says it."""
    if sys.platform == "linux":
        for line in Path("/proc/cpuinfo").read_text("utf-8", "replace").splitlines():
            key, _, value = line.partition(":")
            if key.strip() == "model name":
                return value.strip()
    return platform.processor() or platform.machine()


def cores() -> int:
    """Cores that this process may use."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def threads() -> int:
    """Threads that the daemon gives an engine where its configuration does not say."""
    return Inference().thread_count


def about() -> dict[str, str | int]:
    """Processor, cores, system: what a figure needs to be worth something."""
    return {
        "processor": processor(),
        "cores": cores(),
        "system": f"{platform.system()} {platform.release()}",
        "threads": threads(),
    }
