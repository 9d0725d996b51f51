"""The machine that figures are from."""

from __future__ import annotations

import os
import platform
import sys

from sensorium.config import Inference
from sensorium.inference.processor import processor


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
