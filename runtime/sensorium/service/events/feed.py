"""One channel of one region, read and rendered once for all clients that follow it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sensorium.channels.cursor import Cursor
from sensorium.channels.layout import Header, Kind
from sensorium.channels.reader import EMPTY, Reader
from sensorium.channels.status import Status
from sensorium.clock import now_ns
from sensorium.health import OwnerState, reason_words
from sensorium.service.events import rendering
from sensorium.service.events.pace import Watched
from sensorium.service.events.position import Position
from sensorium.service.events.watch import Place

if TYPE_CHECKING:
    from sensorium.channels.catalogue import Channel
    from sensorium.channels.reader import Snapshot
    from sensorium.channels.region import Region
    from sensorium.service.apps import Opened
    from sensorium.service.events.record_text import Only
    from sensorium.service.events.rendering import Told
    from sensorium.service.events.subscription import Subscription

MOST_KEPT = 64
"""Rendered records of an event channel that are kept; older ones are read from the ring again."""
STATES_KEPT = 8
"""Of a state channel: so many kinds of clients want different fields of the newest one."""
_GONE = (OwnerState.LOST, OwnerState.STOPPED, OwnerState.VACANT)


def memory_of(region: Region) -> tuple[int, int]:
    """What tells a region's memory from any other of its class: start and generation."""
    return region.words[Header.STARTED_NS // 8], region.generation


class Feed:
    """Made and used in the loop's thread.

    Args:
        channel: Of the catalogue.
        opened: A first way to its memory.

    Attributes:
        subscriptions: Who follows it, by the period that was asked for (0: each record).
        silent: Why nothing comes; empty while its writer lives.
        n: Of a state channel the number of the record that `refresh` read last; 0: none yet.
    """

    def __init__(self, channel: Channel, opened: Opened) -> None:
        self.channel = channel
        self.started_ns, self.generation = memory_of(opened.region)
        self.subscriptions: dict[int, set[Subscription]] = {}
        self.silent = ""
        self.n = 0
        self._ways = [opened]
        self._watched = Watched()
        self._most_kept = MOST_KEPT if channel.kind is Kind.EVENT else STATES_KEPT
        self._newest = EMPTY
        self._kept: dict[tuple[int, Only], Told] = {}
        self._bind()

    def add_way(self, opened: Opened) -> None:
        """Another app has the same memory mapped."""
        self._ways.append(opened)

    def remove_way(self, opened: Opened) -> bool:
        """An app's mapping goes; `place` is then in another's. False: it was the last."""
        used = self._ways[0] is opened
        self._ways.remove(opened)
        if used and self._ways:
            self._bind()
        return bool(self._ways)

    def follow(self, subscription: Subscription) -> None:
        """Somebody follows it from now on."""
        self.subscriptions.setdefault(subscription.period_ns, set()).add(subscription)

    def unfollow(self, subscription: Subscription) -> None:
        """Somebody does not any more."""
        followers = self.subscriptions.get(subscription.period_ns, set())
        followers.discard(subscription)
        if not followers:
            self.subscriptions.pop(subscription.period_ns, None)

    def place(self) -> Place:
        """Where it is slept on."""
        return Place(
            self, self._slept_on, self._ways[0].waiters, self._watched,
            frozenset(period for period in self.subscriptions if period),
        )

    def position(self, n: int) -> Position:
        """The position behind record `n`."""
        return Position(self.started_ns, self.generation, n)

    def latest(self) -> int:
        """The number of the newest record; 0: none was written yet."""
        return self._cursor.latest()

    def oldest(self) -> int:
        """The number of the oldest record that can still be read."""
        return max(1, self.latest() - self._cursor.entry.slots + 2)

    def ended(self) -> bool:
        """Whether the region was closed, replaced or revoked."""
        return self._cursor.ended()

    def refresh(self) -> None:
        """Reads a state channel's newest record."""
        self._reader.read(now_ns())
        self._newest = self._reader.sample
        self.n = self._newest.n

    def newest(self, only: Only) -> Told:
        """What is wanted of the record that `refresh` read last."""
        told = self._kept.get((self.n, only))
        if told is None:
            told = self._render(self._newest, only)
        return told

    def at(self, n: int, only: Only) -> Told | None:
        """What is wanted of record `n`; None: it was overwritten, or is not there."""
        told = self._kept.get((n, only))
        if told is not None:
            return told
        self._cursor.seek(n)
        status = self._cursor.next(now_ns())
        sample = self._cursor.sample
        if sample.n != n or status not in (Status.NEW, Status.INVALID):
            return None
        return self._render(sample, only)

    def look(self) -> bool:
        """Looks whether its writer lives; whether `silent` has changed."""
        before, self.silent = self.silent, self._why_silent()
        return before != self.silent

    def _render(self, sample: Snapshot, only: Only) -> Told:
        told = rendering.record(self.channel, self.generation, sample, only)
        self._kept[sample.n, only] = told
        if len(self._kept) > self._most_kept:
            del self._kept[next(iter(self._kept))]
        return told

    def _why_silent(self) -> str:
        try:
            _, state, reason = self._ways[0].region.owner(self.channel.name)
        except ValueError:
            return "its table was overwritten"
        if state in _GONE:
            return reason_words(reason)
        stale = self._reader.read(now_ns()) is Status.STALE
        return "no record for longer than its max_age" if stale else ""

    def _bind(self) -> None:
        region, name = self._ways[0].region, self.channel.name
        self._slept_on = Reader(region, name)
        self._cursor = Cursor(region, name)
        self._reader = Reader(region, name)
