"""Runs senses: sleeps until an input has something new, and hands each record to its stream."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from sensorium.channels.wait import Sleeper
from sensorium.clock import now_ns
from sensorium.inference.governor.step import StepKind
from sensorium.perception.expected import Expected
from sensorium.process.feeding import Feed
from sensorium.process.gate import EngineGate
from sensorium.process.governed import Allowed, Board
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
        governed: Whether the senses give way to apps, as the governor says.
        give_way: Takes the names of the engines that are to leave the GPU to an app, and the risk
            of its frames, when the governor says something new.

    Attributes:
        beat_ns: When the loop last turned: shows that it does not hang.
        gate: That engines' runs go through; None: the senses are not governed.
    """

    def __init__(
        self,
        parts: tuple[Part, ...],
        outputs: Outputs,
        load: Callable[[str], Engine],
        report: Callable[[Report], None],
        instead: Mapping[str, str] | None = None,
        *,
        governed: bool = False,
        give_way: Callable[[frozenset[str], int], None] | None = None,
    ) -> None:
        self._load = load
        self._give_way = give_way
        self.gate = EngineGate(outputs, self.patience_ns) if governed else None
        self._board = Board(outputs) if governed else None
        self._turn: SenseSlot | None = None
        self._slowed = False
        known = substitutes(parts) if instead is None else instead
        expected = Expected()
        self.slots = [
            SenseSlot(
                part, outputs, ChannelRings(outputs, heard_by(part, known), expected), self._loaded,
                report, self.gate,
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
            if slot.ensure(now) or slot.turn():
                self.feeds = [feed for feed in self.feeds if feed.slot is not slot]
                self.feeds += [Feed(slot, stream, self._outputs) for stream in slot.streams]
                # Also one that comes late: a sense hears those before it first.
                self.feeds.sort(key=lambda feed: self.slots.index(feed.slot))
        if now - self._refreshed_ns > _REFRESH_NS:
            self._refreshed_ns = now
            for slot in self.slots:
                self._turn = slot
                slot.refresh()
            for feed in self.feeds:
                feed.refresh()

    def open(self) -> list[Feed]:
        """The feeds whose input is there."""
        return [feed for feed in self.feeds if feed.open()]

    def drain(self) -> None:
        """Hands over all that is new and may be taken now, without sleeping."""
        self._obey()
        self._take_turns(self.feeds, looking=True)

    def patience_ns(self) -> int | None:
        """How long a run of the sense whose turn it is may wait; see `EngineGate`.

        Who asks does not hang: a turn takes long where much has waited, or the PC is busy.
        """
        self.beat_ns, turn = now_ns(), self._turn
        if turn is None or not (turn.pace.is_slowed and turn.streams):
            return None
        now = self._outputs.clock()
        return max(0, self._deadline_ns(now) - now)

    def _deadline_ns(self, now: int) -> int:
        return min(slot.pace.deadline_ns(now) for slot in self.slots if slot.streams)

    def _obey(self) -> None:
        """Takes up what the governor says now."""
        if self._board is None or not self._board.look(self._outputs.clock()):
            return
        for slot in self.slots:
            slot.pace.allowed = self._board.senses.get(slot.part.name, Allowed())
            slot.pace.background = self._board.background
        self._slowed = not all(slot.pace.is_free for slot in self.slots)
        if self._give_way is not None:
            self._give_way(self._off_the_gpu(), self._board.risk)

    def _off_the_gpu(self) -> frozenset[str]:
        """The engines of senses that are sent to another device, and of no other sense."""
        off: set[str] = set()
        stay: set[str] = set()
        for slot in self.slots:
            sent = slot.pace.allowed.step.kind >= StepKind.OTHER_DEVICE
            for part in filter(None, (slot.part, slot.part.smaller)):
                (off if sent else stay).update(part.engines(), part.may_use())
        return frozenset(off - stay)

    def _take_turns(self, feeds: list[Feed], *, looking: bool) -> bool:
        """The senses take turns: one may read what the one before has told.

        Args:
            feeds: In the order of the senses.
            looking: Whether each is asked, also what has no news: it may have fallen silent.

        Returns:
            Whether there was anything new.
        """
        found = False
        for slot, own in groupby(feeds, lambda feed: feed.slot):
            inputs = [feed for feed in own if looking or feed.has_news]
            if inputs:
                found = True
                self._take_turn(slot, inputs)
        return found

    def _take_turn(self, slot: SenseSlot, feeds: list[Feed], *, forced: bool = False) -> None:
        pace, now = slot.pace, self._outputs.clock()
        waiting = any(feed.has_news for feed in feeds)
        pace.note(now if waiting else None)
        due = feeds
        if waiting and not (
            forced or pace.due_ns() <= now or any(feed.is_full for feed in feeds)
        ):
            due = [feed for feed in feeds if feed.has_turned()]
        if not due:
            return
        if waiting and self._slowed:
            for earlier in self._told_first(slot):
                self._take_turn(
                    earlier, [feed for feed in self.feeds if feed.slot is earlier], forced=True
                )
        fresh = [feed for feed in due if feed.has_news]
        skipped = sum(feed.skips() for feed in fresh)
        self._turn = slot
        for feed in due:
            feed.drain()
        slot.settle()
        if waiting and due is feeds:
            pace.took(now if any(feed.gives for feed in fresh) else None, skipped)

    def _told_first(self, slot: SenseSlot) -> list[SenseSlot]:
        """The senses before this one whose input waits, and whose word it looks up."""
        wanted = set(slot.part.kind.READS) - {stream.trigger for stream in slot.streams}
        return [
            earlier for earlier in self.slots[: self.slots.index(slot)]
            if not earlier.pace.is_free and not wanted.isdisjoint(earlier.part.writes)
        ]

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

    def _sleep(self, feeds: list[Feed]) -> None:
        """Sleeps until an input has something that may be taken, or a sense's time has come."""
        wait_ns = self._period_ns
        if self._slowed:
            now, awake = self._outputs.clock(), []
            for feed in feeds:
                due = feed.slot.pace.due_ns()
                if due > now:
                    wait_ns = min(wait_ns, due - now)
                else:
                    awake.append(feed)
            feeds = awake
        self._sleeper_of(feeds).wait([feed.seen for feed in feeds], wait_ns / 1e9)

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
            while not self.stopping:
                self._sleep(feeds)
                self.beat_ns = now_ns()
                self._obey()
                if not self._take_turns(feeds, looking=False) or self._must_look():
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
