"""All feeds: one for each channel and memory that somebody follows, whoever opened it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sensorium.channels.catalogue import CHANNELS
from sensorium.service.events.feed import Feed, memory_of
from sensorium.service.events.watch import Watch

if TYPE_CHECKING:
    from sensorium.service.apps import Apps, Opened
    from sensorium.service.events.door import Door
    from sensorium.service.events.stream import Stream


class Feeds:
    """Made and used in the loop's thread.

    Args:
        apps: Opens regions in the name of apps.
    """

    def __init__(self, apps: Apps) -> None:
        self.apps = apps
        self._feeds: dict[tuple[str, int, int], Feed] = {}
        self._ways: dict[int, list[Feed]] = {}
        self._doors: dict[Feed, set[Door]] = {}
        self._watch: Watch | None = None

    def feed(self, name: str, opened: Opened, door: Door) -> Feed:
        """The feed of a channel in a region that is open.

        Args:
            name: Of the channel.
            opened: The region, until `drop`.
            door: Is told when the region ends.
        """
        key = (name, *memory_of(opened.region))
        feed = self._feeds.get(key)
        ways = self._ways.setdefault(id(opened), [])
        if feed is None:
            feed = self._feeds[key] = Feed(CHANNELS[name], opened)
            feed.look()
            self._doors[feed] = set()
            ways.append(feed)
        elif feed not in ways:
            feed.add_way(opened)
            ways.append(feed)
        self._doors[feed].add(door)
        return feed

    async def settle(self) -> None:
        """Sleeps on what is followed now; what was dropped is not touched any more then."""
        if self._watch is None:
            self._watch = Watch(self._told)
        await self._watch.set_places(
            [feed.place() for feed in self._feeds.values() if feed.subscriptions]
        )

    async def drop(self, opened: Opened) -> None:
        """A region is about to be unmapped."""
        for feed in self._ways.pop(id(opened), ()):
            if not feed.remove_way(opened):
                del self._feeds[feed.channel.name, feed.started_ns, feed.generation]
                del self._doors[feed]
        await self.settle()

    def look(self) -> None:
        """Looks which channels' writers have gone or come back, and tells it."""
        for feed in self._feeds.values():
            if feed.look():
                kind, fields = ("silent", {"reason": feed.silent}) if feed.silent else ("live", {})
                for subscriptions in feed.subscriptions.values():
                    for subscription in subscriptions:
                        subscription.notice(kind, **fields)

    async def close(self) -> None:
        """Ends the thread that sleeps."""
        if self._watch is not None:
            await self._watch.close()
            self._watch = None

    def _told(self, news: dict[Feed, frozenset[int]]) -> None:
        streams: dict[Stream, None] = {}
        alone = len(news) == 1
        for feed, periods in news.items():
            if feed not in self._doors:
                continue
            if feed.ended():
                for door in self._doors[feed]:
                    door.look()
                continue
            if periods:
                feed.refresh()
            for period in periods or (0,):
                for subscription in feed.subscriptions.get(period, ()):
                    if period and alone and subscription.send_newest(feed):
                        continue
                    subscription.due()
                    streams[subscription.stream] = None
        # After all of it, so that a client is told at once of what came at once.
        for stream in streams:
            stream.hand_over()
