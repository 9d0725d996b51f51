"""When a daemon that was started on demand has nobody left to work for."""

from __future__ import annotations


class Idle:
    """Counts how long nobody was connected.

    Args:
        limit_s: So long; 0: for ever.
        now_ns: The time of its start.
    """

    def __init__(self, limit_s: float, now_ns: int) -> None:
        self._limit_ns = int(limit_s * 1e9)
        self._since_ns = now_ns

    def is_over(self, connected: bool, now_ns: int) -> bool:
        """Whether nobody was connected for so long.

        Args:
            connected: Whether somebody is just now, or the daemon still starts.
            now_ns: The time.
        """
        if connected:
            self._since_ns = now_ns
        return 0 < self._limit_ns <= now_ns - self._since_ns
