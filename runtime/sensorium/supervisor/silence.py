"""Whether a child that is silent hangs, or has only got no processor."""

from __future__ import annotations

from sensorium.supervisor.processor_time import Time, spent, times

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
        self._times: dict[str, Time] = {}
        self._looked_ns = 0

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
            self._times, self._looked_ns = times(pid), now_ns
        if silent <= _HANG_NS:
            return False
        return silent > _LONGEST_NS or silent - self._wait_ns(now_ns) > _HANG_NS

    def _wait_ns(self, now_ns: int) -> int:
        span = now_ns - self._looked_ns
        return spent(self._pid, self._times, times(self._pid), span)[1]
