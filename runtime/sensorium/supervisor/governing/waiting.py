"""How the governor's thread waits: for an app's next frame, for what is due, for orders."""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import TYPE_CHECKING

from sensorium.clock import now_ns

if TYPE_CHECKING:
    from collections.abc import Callable

    from sensorium.supervisor.governing.watch import App

_SHORT_NS = 50_000_000
"""A sleep that nobody needs to end sooner: waiting for the bell takes half as much again."""


class Waiting:
    """Of one thread; `post` and `stop` are for any.

    Attributes:
        stopping: Whether the thread is to end.
    """

    def __init__(self) -> None:
        self.stopping = False
        self._orders: deque[Callable[[], None]] = deque()
        self._bell = threading.Event()

    def post(self, order: Callable[[], None]) -> None:
        """Has something done in the thread, soon."""
        self._orders.append(order)
        self._bell.set()

    def stop(self) -> None:
        """Has the thread end."""
        self.stopping = True
        self._bell.set()

    def obey(self) -> None:
        """Does what was posted, in its order."""
        while self._orders:
            self._orders.popleft()()

    def until(self, due_ns: int) -> None:
        """Sleeps until a time, or until it is called."""
        span = due_ns - now_ns()
        if span <= 0:
            return
        if span <= _SHORT_NS:
            time.sleep(span / 1e9)
        elif self._bell.wait(span / 1e9):
            self._bell.clear()

    def on_frames(
        self, app: App, end_ns: int, submitted: Callable[[App, int], None] | None, *,
        patient: bool,
    ) -> None:  # fmt: skip
        """Looks for an app's frames, and leaves them, as long as nothing else is to be done.

        Who wakes up so seldom runs cold, where each call costs much: so all of a look is in here.

        Args:
            app: The one whose frames are looked for.
            end_ns: When something else is due.
            submitted: Is told of each look that finds some, and when the newest was submitted.
            patient: See `Source.left`.
        """
        left, pace, orders, sleep = app.source.left, app.pace, self._orders, time.sleep
        due, ahead = pace.due_ns, pace.ahead_ns
        while due < end_ns and not orders and not self.stopping:
            span = due - now_ns()
            if not 0 < span <= _SHORT_NS:
                return
            sleep(span / 1e9)
            newest_ns = left(patient=patient)
            if not newest_ns:
                return
            pace.due_ns = due = newest_ns + ahead
            if submitted is not None:
                submitted(app, newest_ns)

    def out(self, due_ns: int) -> None:
        """Waits until a time, whatever is posted; less only where it is to end."""
        while not self.stopping and (left := due_ns - now_ns()) > 0:
            self._bell.wait(left / 1e9)
            self._bell.clear()
