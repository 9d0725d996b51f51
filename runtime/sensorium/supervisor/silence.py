"""Whether a child that is silent hangs, or has only got no processor."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

_HANG_NS = 3_000_000_000
_LOOKED_AT_NS = 500_000_000
"""Silent for less, it is not looked at."""
_LONGEST_NS = 60_000_000_000
"""What got no processor for so long is started anew all the same."""


class Silence:
    """Follows how long one process has been silent, but for what it waited for a processor.

    A game that loads a world takes all of them, and a child is below it: killed and started anew,
    which takes more of them, it would be silent again.
    """

    def __init__(self) -> None:
        self._since_ns = 0
        self._pid = 0
        self._waited: dict[str, int] = {}

    def is_too_long(self, pid: int, heartbeat_ns: int, now_ns: int) -> bool:
        """Whether the process hangs.

        Args:
            pid: Of the process.
            heartbeat_ns: When it was alive last, monotonic.
            now_ns: Monotonic; call it at least once a second.
        """
        silent = now_ns - heartbeat_ns
        if silent <= _LOOKED_AT_NS:
            return False
        if (pid, heartbeat_ns) != (self._pid, self._since_ns):
            self._pid, self._since_ns = pid, heartbeat_ns
            self._waited = waited(pid)
        if silent <= _HANG_NS:
            return False
        return silent > _LONGEST_NS or silent - self._wait_ns() > _HANG_NS

    def _wait_ns(self) -> int:
        """How long the thread waited that waited longest: others may wait for what it holds."""
        found = (
            now - self._waited.get(thread, 0) for thread, now in waited(self._pid).items()
        )
        return max(found, default=0)


def waited(pid: int) -> dict[str, int]:
    """How long each thread of a process was ready to run and did not, in ns, by its id.

    The second number of `schedstat` (Linux, Documentation/scheduler/sched-stats.rst). Empty where
    the system does not tell.
    """
    folder = f"/proc/{pid}/task"
    found = {}
    with contextlib.suppress(OSError):
        for thread in os.listdir(folder):
            # One that ends meanwhile waits for nothing.
            with contextlib.suppress(OSError, ValueError, IndexError):
                found[thread] = int(Path(folder, thread, "schedstat").read_text().split()[1])
    return found
