"""The threads of engines that go below all else on the PC while an app's frames are at risk.

Only threads that a backend made for its own run in the idle class, as they hold nothing but their
part of a run. One in which Python runs may hold the interpreter when it gets no processor any more;
then its whole process stands still, and looks to the supervisor as if it hung.

And only where they can be taken back: what the system does not let out of the idle class would
starve for good once others want the processors all the time.
"""

from __future__ import annotations

import logging
import threading

from sensorium.inference import pool_threads
from sensorium.process import priority

_log = logging.getLogger(__name__)


class Background:
    """The threads of one process. For one thread.

    Attributes:
        wanted: Whether they are to run only where nobody else wants to.
        lowered: How many do so.
    """

    def __init__(self) -> None:
        self.wanted = False
        self.lowered = 0
        self._permitted: bool | None = None

    @property
    def refused(self) -> bool:
        """Whether the system would not let threads come back, so that none is lowered."""
        return self._permitted is False

    def set(self, *, wanted: bool) -> None:
        """Lowers all threads, also in the middle of a run, or takes them back."""
        self.wanted = wanted
        if wanted:
            threads = pool_threads.ids()
            if threads and self._permitted is None:
                self._permitted = _may_come_back()
                if not self._permitted:
                    _log.info(
                        "engines keep their priority beside an app's frames: the system lets no "
                        "thread leave the idle class (ulimit -e; LimitNICE of a service)"
                    )
            if self._permitted:
                self.lowered = sum(map(priority.lower_thread, threads))
        elif self.lowered:
            for thread in pool_threads.ids():
                priority.restore_thread(thread)
            self.lowered = 0


def _may_come_back() -> bool:
    """Tries it with a thread that does nothing."""
    ended = threading.Event()
    tried = threading.Thread(target=ended.wait, name="tried", daemon=True)
    tried.start()
    thread = tried.native_id or 0
    permitted = priority.lower_thread(thread) and priority.restore_thread(thread)
    ended.set()
    return permitted
