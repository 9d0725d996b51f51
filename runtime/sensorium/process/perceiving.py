"""Runs senses: sleeps until an input has something new, and hands each record to its stream."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from sensorium.channels.wait import Sleeper
from sensorium.clock import now_ns
from sensorium.perception.expected import Expected
from sensorium.process.feeding import Feed
from sensorium.process.loading import SenseSlot
from sensorium.process.rings import ChannelRings
from sensorium.process.substitutes import heard_by, substitutes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sensorium.channels.reader import Ring
    from sensorium.inference.engine import Engine
    from sensorium.process.outputs import Outputs
    from sensorium.process.registry import Part
    from sensorium.process.sensing import Report

_REFRESH_NS = 100_000_000
"""How often all is looked at: what is unavailable, replaced, silent. Records are taken at once."""
_SETTLED_NS = 150_000_000
"""The same while every sense runs and has what it hears: longer than from one delivery of sound to
the next in silence (`sensors.lull`), each of which would be two wake-ups otherwise."""


class Perceiver:
    """The loop of an inference process, in one thread: the senses take turns.

    Args:
        parts: The senses.
        outputs: The process's regions.
        load: Gives an engine by its name.
        report: Takes what a sense runs on, or why it does not.
        instead: Channel to the one that senses are given in its place, by a sense of whichever
            process; None: by one of these.

    Attributes:
        beat_ns: When the loop last turned: shows that it does not hang.
    """

    def __init__(
        self,
        parts: tuple[Part, ...],
        outputs: Outputs,
        load: Callable[[str], Engine],
        report: Callable[[Report], None],
        instead: Mapping[str, str] | None = None,
    ) -> None:
        self._load = load
        known = substitutes(parts) if instead is None else instead
        expected = Expected()
        self.slots = [
            SenseSlot(
                part, outputs, ChannelRings(outputs, heard_by(part, known), expected), self._loaded,
                report,
            )
            for part in parts
        ]
        self.feeds: list[Feed] = []
        self.beat_ns = now_ns()
        self.stopping = False
        self._outputs = outputs
        self._refreshed_ns = 0
        self._period_ns = _REFRESH_NS
        self._looked_ns = 0
        self._looked_generation = 0
        self._sleeper: Sleeper | None = None
        self._slept_on: list[Ring] = []

    def _loaded(self, name: str) -> Engine:
        """Loads one engine; where many are, on a busy PC, the loop turns no slower than each."""
        engine = self._load(name)
        self.beat_ns = now_ns()
        return engine

    def load(self) -> None:
        """Loads what can be loaded, again where it is time to try; drops what failed."""
        now = now_ns()
        self.feeds = [feed for feed in self.feeds if feed.slot.streams]
        for slot in self.slots:
            if slot.ensure(now):
                self.feeds += [Feed(slot, stream, self._outputs) for stream in slot.streams]
                # Also one that comes late: a sense hears those before it first.
                self.feeds.sort(key=lambda feed: self.slots.index(feed.slot))
        if now - self._refreshed_ns > _REFRESH_NS:
            self._refreshed_ns = now
            for slot in self.slots:
                slot.refresh()
            for feed in self.feeds:
                feed.refresh()

    def open(self) -> list[Feed]:
        """The feeds whose input is there."""
        return [feed for feed in self.feeds if feed.open()]

    def drain(self) -> None:
        """Hands over all that is new, without sleeping."""
        for slot, feeds in groupby(self.feeds, lambda feed: feed.slot):
            for feed in feeds:
                feed.drain()
            slot.settle()

    def _look_round(self) -> list[Feed]:
        """Loads and opens what has become available, and drains all of it."""
        self._looked_ns = now_ns()
        self._looked_generation = self._outputs.generation
        self.load()
        feeds = self.open()
        self.drain()
        settled = all(slot.streams for slot in self.slots) and all(
            feed.settled for feed in feeds
        )
        self._period_ns = _SETTLED_NS if settled else _REFRESH_NS
        return feeds

    def _sleeper_of(self, feeds: list[Feed]) -> Sleeper:
        """A sleeper for these inputs, the same one while they are the same."""
        rings: list[Ring] = [feed.ring for feed in feeds if feed.ring is not None]
        if self._sleeper is None or rings != self._slept_on:
            pages = [self._outputs.regions[feed.region][1] for feed in feeds]
            self._slept_on = rings
            self._wake_no_more()
            self._sleeper = Sleeper(rings, pages)
        return self._sleeper

    def _wake_no_more(self) -> None:
        if self._sleeper is not None:
            self._sleeper.close()
            self._sleeper = None

    def run(self) -> None:
        """Loops until `stopping`.

        Most turns are for one record, in a process that was asleep: they touch nothing else.
        """
        while not self.stopping:
            feeds = self._look_round()
            sleeper = self._sleeper_of(feeds)
            seen = [feed.seen for feed in feeds]
            while not self.stopping:
                sleeper.wait(seen, self._period_ns / 1e9)
                self.beat_ns = now_ns()
                fresh: SenseSlot | None = None
                for place, feed in enumerate(feeds):
                    if feed.has_news(seen[place]):
                        # The senses take turns: one may read what the one before has told.
                        if fresh is not None and fresh is not feed.slot:
                            fresh.settle()
                        feed.drain()
                        seen[place] = feed.seen
                        fresh = feed.slot
                if fresh is not None:
                    fresh.settle()
                if fresh is None or self._must_look():
                    break
        self._wake_no_more()
        for slot in self.slots:
            slot.close()

    def _must_look(self) -> bool:
        """Whether it is time to look at all again, or the main thread took a region over."""
        return (
            self.beat_ns - self._looked_ns > self._period_ns
            or self._looked_generation != self._outputs.generation
        )
