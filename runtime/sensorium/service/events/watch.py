"""The one thread that sleeps on the channels for all clients, and tells the loop what is new."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sensorium.channels.wait import Sleeper
from sensorium.clock import now_ns
from sensorium.service.events.bell import Bell

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sensorium.channels.reader import Ring
    from sensorium.channels.region import Waiters
    from sensorium.service.events.feed import Feed
    from sensorium.service.events.pace import Watched

    News = dict[Feed, frozenset[int]]

GATHER_S = 0.002
"""After a wake-up: what one frame writes to several channels goes to the clients at once."""
MOST_SLEPT_ON = 127
"""Linux waits on 128 words at once; one is the bell's."""
_REST_S = 0.02
"""How often those beyond are looked at."""
_LONGEST_S = 1.0


@dataclass(frozen=True, eq=False)
class Place:
    """Where a channel is slept on.

    Attributes:
        feed: Whose news it is.
        ring: A reader of the channel that this thread alone asks for its newest number.
        waiters: The page of leases of its region.
        watched: What of it is told.
        periods_ns: Of a state channel: one for each rate that is asked for.
    """

    feed: Feed
    ring: Ring
    waiters: Waiters
    watched: Watched
    periods_ns: frozenset[int]


class Watch:
    """Sleeps; made and used from the loop's thread.

    Args:
        told: Takes, in the loop, the feeds that have something new, and of state channels the
            periods that it is for; an ended region is told as its feed's news, too.
    """

    def __init__(self, told: Callable[[News], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._told = told
        self._bell = Bell()
        self._lock = threading.Lock()
        self._news: News = {}
        self._places: tuple[Place, ...] = ()
        self._acknowledged: list[asyncio.Future[None]] = []
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="events", daemon=True)
        self._thread.start()

    async def set_places(self, places: Sequence[Place]) -> None:
        """Sleeps on these from now on; returns when no other memory is touched any more."""
        done = self._loop.create_future()
        with self._lock:
            self._places = tuple(places)
            self._acknowledged.append(done)
        self._bell.strike()
        await done

    async def close(self) -> None:
        """Ends the thread."""
        self._stopping = True
        self._bell.strike()
        await asyncio.to_thread(self._thread.join)
        self._bell.close()

    def _run(self) -> None:
        while not self._stopping:
            with self._lock:
                places, waiting = self._places, self._acknowledged
                self._acknowledged = []
            for done in waiting:
                self._call(_acknowledge, done)
            self._follow(places)

    def _follow(self, places: tuple[Place, ...]) -> None:
        """Tells what is new on these until others are to be followed."""
        for place in places:
            place.watched.set_periods(place.periods_ns)
        slept_on: list[Place] = []
        sleeper: Sleeper | None = None
        with contextlib.ExitStack() as stack:
            while not self._changed(places):
                struck = self._bell.ring.latest()
                due_ns, news = self._look(places)
                if news:
                    self._tell(news)
                wanted = [
                    place for place in places
                    if not place.watched.over and not place.watched.held
                ]
                if sleeper is None or wanted != slept_on:
                    stack.close()
                    slept_on = wanted
                    sleeper = stack.enter_context(contextlib.closing(self._sleeper(slept_on)))
                # `seen` of this look, so that what came since ends the sleep at once.
                seen = [struck, *(place.watched.seen for place in slept_on[:MOST_SLEPT_ON])]
                rest_s = _REST_S if len(slept_on) > MOST_SLEPT_ON else _LONGEST_S
                if due_ns is not None:
                    rest_s = min(rest_s, max(0.0, (due_ns - now_ns()) / 1e9))
                if self._changed(places):
                    return
                if sleeper.wait(seen, rest_s) and not self._changed(places):
                    time.sleep(GATHER_S)

    def _sleeper(self, places: list[Place]) -> Sleeper:
        nearest = places[:MOST_SLEPT_ON]
        return Sleeper(
            [self._bell.ring, *(place.ring for place in nearest)],
            [self._bell.waiters, *(place.waiters for place in nearest)],
        )

    def _changed(self, places: tuple[Place, ...]) -> bool:
        return self._stopping or self._places is not places or bool(self._acknowledged)

    def _look(self, places: tuple[Place, ...]) -> tuple[int | None, News]:
        """Looks at all: when something has to be looked at again, and what is new."""
        now = now_ns()
        news: News = {}
        dues = []
        for place in places:
            watched = place.watched
            if watched.over:
                continue
            if place.ring.ended():
                watched.over = True
                news[place.feed] = frozenset()
                continue
            new, periods = watched.look(place.ring.latest(), now)
            if new:
                news[place.feed] = periods
            due_ns = watched.due_ns()
            if due_ns is not None:
                dues.append(due_ns)
        return min(dues, default=None), news

    def _tell(self, news: News) -> None:
        """Hands over what is new; what the loop has not taken yet is told with it, once."""
        with self._lock:
            waiting = bool(self._news)
            for feed, periods in news.items():
                self._news[feed] = self._news.get(feed, frozenset()) | periods
        if not waiting:
            self._call(self._hand_over)

    def _hand_over(self) -> None:
        with self._lock:
            news, self._news = self._news, {}
        self._told(news)

    def _call(self, function: Callable[..., object], *arguments: object) -> None:
        # The loop may have ended with the process.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(function, *arguments)


def _acknowledge(done: asyncio.Future[None]) -> None:
    if not done.done():
        done.set_result(None)
