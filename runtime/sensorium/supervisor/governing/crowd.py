"""How many threads of an app run at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sensorium.supervisor.processor_time import times

if TYPE_CHECKING:
    from sensorium.supervisor.processor_time import Time

_FIRST_NS, _EVERY_NS = 400_000_000, 2_000_000_000
"""Between two looks that count: at first, and later."""
_SHARE = 10
"""A thread that runs for less than the so many-eth part of the time is not counted."""


class Crowd:
    """Follows one app at a time.

    Attributes:
        busy: How many of its threads run for a tenth of the time or more; None: not known (yet).
    """

    def __init__(self) -> None:
        self.busy: int | None = None
        self._pid = 0
        self._looked_ns = 0
        self._times: dict[str, Time] = {}

    def look(self, pid: int, now_ns: int) -> None:
        """Looks, where it is time to.

        Args:
            pid: Of the app; 0: there is none.
            now_ns: Monotonic.
        """
        if pid != self._pid:
            self._pid, self.busy = pid, None
            self._times, self._looked_ns = (times(pid) if pid else {}), now_ns
            return
        span = now_ns - self._looked_ns
        if not pid or span < (_FIRST_NS if self.busy is None else _EVERY_NS):
            return
        after = times(pid)
        self._looked_ns, before, self._times = now_ns, self._times, after
        self.busy = sum(
            _SHARE * (time.ran_ns - before[thread].ran_ns) >= span
            for thread, time in after.items() if thread in before
        ) if after else None
