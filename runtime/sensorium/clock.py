"""The clock: nanoseconds of one monotonic clock that every process on the PC shares."""

from __future__ import annotations

import sys
import time
from typing import Protocol

CLOCK_MONOTONIC = 1
CLOCK_QPC = 2

CLOCK_ID = CLOCK_QPC if sys.platform == "win32" else CLOCK_MONOTONIC
"""Which clock `now_ns` reads: CLOCK_MONOTONIC (Linux) or QueryPerformanceCounter (Windows)."""

now_ns = time.perf_counter_ns
"""The shared monotonic time in ns; its zero is the system's own."""


class Clock(Protocol):
    """A source of time in nanoseconds."""

    def __call__(self) -> int:
        """Returns the time in ns."""
        ...


class SteppedClock:
    """A clock that stands still until it is set: the stepped replay's time."""

    def __init__(self, start_ns: int = 0) -> None:
        self._now_ns = start_ns

    def __call__(self) -> int:
        """Returns the time that was set last, in ns."""
        return self._now_ns

    def set(self, time_ns: int) -> None:
        """Moves the clock forward to `time_ns`; an earlier time is ignored."""
        self._now_ns = max(self._now_ns, time_ns)
