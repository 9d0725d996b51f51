"""Which processor this is: INT8 that is exact and quick on one may saturate on another."""

from __future__ import annotations

import functools
import platform
import sys
from pathlib import Path


@functools.cache
def processor() -> str:
    """The processor's name as the system says it."""
    if sys.platform == "linux":
        for line in Path("/proc/cpuinfo").read_text("utf-8", "replace").splitlines():
            key, _, value = line.partition(":")
            if key.strip() == "model name":
                return value.strip()
    return platform.processor() or platform.machine()
