"""One channel of one client: where it stands and what it has to be told."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from sensorium.clock import now_ns
from sensorium.service.events.rendering import Item, Told, text_of

if TYPE_CHECKING:
    from sensorium.channels.catalogue import Channel
    from sensorium.service.events.feed import Feed
    from sensorium.service.events.position import Position
    from sensorium.service.events.record_text import Only
    from sensorium.service.events.stream import Stream

_MOST_NOTICES = 16
"""Of a client that does not read: of more the oldest are forgotten."""


class Subscription:
    """Made and used in the loop's thread.

    Args:
        stream: The client's.
        channel: Of the catalogue.
        period_ns: Of a state channel, the shortest mean time between two events; else 0.
        position: Where the client stood, if it was connected before.
        only: What the client wants of its records.

    Attributes:
        feed: What it follows; None while the channel is out of reach.
    """

    def __init__(
        self,
        stream: Stream,
        channel: Channel,
        period_ns: int,
        position: Position | None,
        only: Only = None,
    ) -> None:
        self.stream = stream
        self.channel = channel
        self.period_ns = period_ns
        self.feed: Feed | None = None
        self._position = position
        self._only = only
        self._since_ns = 0
        self._next = 0
        self._due = False
        self._notices: deque[tuple[str, Told]] = deque(maxlen=_MOST_NOTICES)

    def attach(self, feed: Feed, since_ns: int) -> None:
        """Follows a feed: from where it stood, else from now on; see `Opened.since_ns`."""
        self.feed, self._since_ns = feed, since_ns
        feed.follow(self)
        self._begin(feed)
        self.notice("open", generation=feed.generation, n=feed.latest(), now_ns=now_ns())
        if feed.silent:
            self.notice("silent", reason=feed.silent)

    def resume(self, position: Position) -> None:
        """The client says where it stands."""
        if not self.period_ns:
            self._position = position
            if self.feed is not None:
                self._begin(self.feed)
                self.stream.mark(self)

    def detach(self) -> None:
        """Lets go of its feed and keeps in mind where it stood."""
        if self.feed is not None:
            self.feed.unfollow(self)
            self._position = self.position()
            self.feed = None

    def deny(self) -> None:
        """What is written without a grant is not told, also when there is one again."""
        self._position = None

    def notice(self, event: str, **fields: Any) -> None:
        """Has the client told something about the channel."""
        document = {"event": event, "channel": self.channel.name, **fields}
        self._notices.append((event, Told(0, text_of(document))))
        self.stream.mark(self)

    def due(self) -> None:
        """There is something new in the feed; `Stream.hand_over` tells it."""
        self._due = True
        self.stream.note(self)

    def send_newest(self, feed: Feed) -> bool:
        """Sends a state channel's newest record at once; False: `due` and `hand_over` tell it."""
        if self._notices or not feed.n:
            return False
        newest = feed.newest(self._only)
        if newest.n != self._next and newest.since_ns >= self._since_ns:
            if not self.stream.send_alone(newest):
                return False
            self._next = newest.n
        return True

    def position(self) -> Position | None:
        """Where it stands; None: a state channel, or it has not begun."""
        if self.period_ns or self.feed is None:
            return self._position
        return self.feed.position(self._next - 1)

    def take(self, portion: list[Item], room: int) -> int:
        """Adds what is to be told now, in order.

        Args:
            portion: Takes it.
            room: So many characters may be added; one event may go beyond.

        Returns:
            The room that is left; negative: there may be more to tell.
        """
        while self._notices:
            kind, told = self._notices.popleft()
            room = self._add(portion, room, kind, told)
            if room < 0:
                return room
        feed = self.feed
        if feed is None:
            return room
        if self.period_ns:
            if self._due and feed.n != self._next and feed.n:
                newest = feed.newest(self._only)
                self._next = newest.n
                if newest.since_ns >= self._since_ns:
                    portion.append(Item("", newest, None))
                    room -= len(newest.text)
            self._due = False
            return room
        lost = 0
        while self._next <= feed.latest():
            record = feed.at(self._next, self._only)
            if record is None:
                after = max(feed.oldest(), self._next + 1)
                lost += after - self._next
                self._next = after
                continue
            if lost:
                room = self._add(portion, room, "lost", self._lost(lost))
                lost = 0
            self._next += 1
            if record.since_ns < self._since_ns:
                continue
            room = self._add(portion, room, "", record)
            if room < 0:
                return room
        if lost:
            room = self._add(portion, room, "lost", self._lost(lost))
        return room

    def _add(self, portion: list[Item], room: int, kind: str, told: Told) -> int:
        portion.append(Item(kind, told, self.stream.token()))
        return room - len(told.text)

    def _begin(self, feed: Feed) -> None:
        self.due()
        if self.period_ns:
            feed.refresh()
            self._next = 0
            return
        latest, before = feed.latest(), self._position
        self._next = latest + 1
        if before is None:
            return
        if before[:2] == feed.position(0)[:2]:
            self._next = min(before.n, latest) + 1
        else:
            # All in the new memory is later than what was told; what the old one still held
            # cannot be known.
            self._next = 1
            self.notice("lost", count=None, reason="the memory that held them was replaced")

    def _lost(self, count: int) -> Told:
        return Told(0, text_of({
            "event": "lost", "channel": self.channel.name, "count": count,
            "reason": "they were overwritten before this client took them",
        }))
