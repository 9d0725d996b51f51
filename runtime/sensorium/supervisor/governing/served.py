"""Whether a process gets a little of the processor that it waits for."""

from __future__ import annotations

from sensorium.supervisor.processor_time import spent, times

_SPAN_NS = 250_000_000
"""Between two looks that count, at least."""
_SHARE = 50
"""Who runs for less than the so many-eth part of the time that it waits gets nothing."""


class Served:
    """Follows one process from when it is made, look by look.

    Args:
        pid: Of the process.
        limit_ns: How long one of its threads may wait while it gets nothing.
        now_ns: Monotonic.
    """

    def __init__(self, pid: int, limit_ns: int, now_ns: int) -> None:
        self._pid, self._limit_ns, self._looked_ns = pid, limit_ns, now_ns
        self._times = times(pid)
        self._ran_ns = self._waited_ns = 0

    def is_starved(self, now_ns: int) -> bool:
        """Whether it has waited for the limit and got nothing; call it twice a second.

        A look between which and the one before it waited for less than half the time begins anew.
        Always false where the system does not tell how long threads wait.
        """
        span = now_ns - self._looked_ns
        if span < _SPAN_NS:
            return False
        after = times(self._pid)
        ran, waited = spent(self._pid, self._times, after, span)
        self._times, self._looked_ns = after, now_ns
        if 2 * waited < span:
            self._ran_ns = self._waited_ns = 0
            return False
        self._ran_ns += ran
        self._waited_ns += waited
        if self._waited_ns < self._limit_ns:
            return False
        starved = _SHARE * self._ran_ns < self._waited_ns
        self._ran_ns = self._waited_ns = 0
        return starved
