"""Runs senses: sleeps until an input has something new, and hands each record to its stream."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from sensorium.channels.catalogue import CHANNELS
from sensorium.channels.cursor import Cursor
from sensorium.channels.layout import Kind
from sensorium.channels.reader import Reader
from sensorium.channels.status import Status
from sensorium.channels.wait import wait_any
from sensorium.clock import now_ns
from sensorium.errors import EngineError, EngineMissing
from sensorium.health import Reason
from sensorium.inference import store
from sensorium.perception.sense import Sample

if TYPE_CHECKING:
    from collections.abc import Callable

    from sensorium.inference.engine import Engine
    from sensorium.perception.sense import Sense, Stream
    from sensorium.process.outputs import Outputs
    from sensorium.process.registry import Part
    from sensorium.process.sensing import Report

_log = logging.getLogger(__name__)
_RETRY_NS = 1_000_000_000
_REFRESH_S = 0.1
_IDLE_S = 0.5


class SenseSlot:
    """One sense: loaded, or unavailable with the reason, and tried again."""

    def __init__(
        self, part: Part, outputs: Outputs, threads: int, report: Callable[[Report], None]
    ) -> None:
        self.part = part
        self.streams: tuple[Stream, ...] = ()
        self.reason = Reason.STARTING
        self._outputs = outputs
        self._threads = threads
        self._report = report
        self._engines: dict[str, Engine] = {}
        self._retry_ns = 0
        self._stamp: object = None

    def ensure(self, time_ns: int) -> bool:
        """Loads the sense when it is time to try.

        Returns:
            True when its streams have just become available.
        """
        if self.streams or time_ns < self._retry_ns:
            return False
        self._retry_ns = time_ns + _RETRY_NS
        stamp = tuple(store.stamp(name) for name in self.part.kind.ENGINES)
        if self.reason == Reason.ENGINE_MISSING and stamp == self._stamp:
            return False
        self._stamp = stamp
        try:
            self._engines = {
                name: store.load(name, self._threads) for name in self.part.kind.ENGINES
            }
            sense: Sense = self.part.kind(self.part.options, self._engines)
            self.streams = sense.streams()
        except EngineMissing as error:
            self._unavailable(Reason.ENGINE_MISSING, error)
        except EngineError as error:
            self._unavailable(Reason.ENGINE_FAILED, error)
        else:
            self.reason = Reason.NONE
            names = ", ".join(
                f"{engine.name} {engine.precision.name.lower()} on {engine.device.name}"
                for engine in self._engines.values()
            )
            self._report((self.part.name, "live", names, ""))
            return True
        return False

    def refresh(self) -> None:
        """Keeps an unavailable sense's channels saying why."""
        if not self.streams:
            self._outputs.refuse(self.part.writes, self.reason)

    def fail(self, error: Exception) -> None:
        """Takes the sense out of service; `ensure` brings it back."""
        _log.error("sense %s failed", self.part.name, exc_info=error)
        self.streams = ()
        self.close()
        self._stamp = None
        self._unavailable(Reason.ENGINE_FAILED, error)
        self._retry_ns = now_ns() + _RETRY_NS

    def close(self) -> None:
        """Frees the engines."""
        for engine in self._engines.values():
            engine.close()
        self._engines = {}

    def _unavailable(self, reason: Reason, error: Exception) -> None:
        if self.reason != reason:
            _log.warning("sense %s is unavailable: %s", self.part.name, error)
        self.reason = reason
        remedy = getattr(error, "remedy", "") or "see the daemon's log"
        message = getattr(error, "message", "") or f"{type(error).__name__}: {error}"
        self._report((self.part.name, "unavailable", message, remedy))
        self._outputs.refuse(self.part.writes, reason)


class Feed:
    """One stream's input: every event in order, or the newest state."""

    def __init__(self, slot: SenseSlot, stream: Stream, outputs: Outputs) -> None:
        self.slot = slot
        self.stream = stream
        self._outputs = outputs
        self._channel = CHANNELS[stream.trigger]
        self._generation = -1
        self._silent = False
        self.ring: Cursor | Reader | None = None

    def open(self) -> bool:
        """Maps the input, again when its region was replaced; False while it is not there."""
        mapped = self._outputs.regions.get(self._channel.region)
        if mapped is None:
            return False
        if self._generation != self._outputs.generation:
            self._generation = self._outputs.generation
            if self.ring is None or self.ring.region is not mapped[0]:
                kind = Cursor if self._channel.kind == Kind.EVENT else Reader
                self.ring = kind(mapped[0], self._channel.name)
        return True

    @property
    def seen(self) -> int:
        """The number of the newest record that was taken."""
        assert self.ring is not None
        return self.ring.wanted - 1 if isinstance(self.ring, Cursor) else self.ring.sample.n

    def drain(self) -> None:
        """Hands over what is new."""
        ring = self.ring
        if isinstance(ring, Cursor):
            lost = ring.lost
            while self._take(ring.next(self._outputs.clock())):
                if ring.lost != lost:
                    self.stream.lost(ring.lost - lost)
                    lost = ring.lost
        elif ring is not None:
            before = ring.sample.n
            status = ring.read(self._outputs.clock())
            if ring.sample.n != before or status == Status.STALE:
                self._take(status)

    def _take(self, status: Status) -> bool:
        """Hands one record over; False when there was none."""
        assert self.ring is not None
        sample = self.ring.sample
        if status == Status.NEW:
            self._silent = False
            self._process(Sample(
                sample.view(self._channel.record), sample.capture_ns, True, Reason.NONE, sample.n
            ))
            return True
        if status == Status.INVALID and sample.n:
            self._silent = False
            self._process(self._nothing(Reason(sample.reason)))
            return True
        if status in (Status.STALE, Status.CLOSED, Status.DENIED) and not self._silent:
            self._silent = True
            self._process(self._nothing(Reason.INPUT_LOST))
        return False

    def _nothing(self, reason: Reason) -> Sample:
        assert self.ring is not None
        sample = self.ring.sample
        capture_ns = sample.capture_ns or self._outputs.clock()
        return Sample(self._channel.record.zeros(), capture_ns, False, reason, sample.n)

    def _process(self, sample: Sample) -> None:
        try:
            self.stream.process(sample, self._outputs.publish)
        except Exception as error:  # noqa: BLE001 - one sense's fault must not end the others
            self.slot.fail(error)


class Perceiver:
    """The loop of an inference process, in one thread: the senses take turns.

    Attributes:
        beat_ns: When the loop last turned: shows that it does not hang.
    """

    def __init__(
        self,
        parts: tuple[Part, ...],
        outputs: Outputs,
        threads: int,
        report: Callable[[Report], None],
    ) -> None:
        self.slots = [SenseSlot(part, outputs, threads, report) for part in parts]
        self.feeds: list[Feed] = []
        self.beat_ns = now_ns()
        self.stopping = False
        self._outputs = outputs
        self._refreshed_ns = 0

    def load(self) -> None:
        """Loads what can be loaded, again where it is time to try; drops what failed."""
        now = now_ns()
        self.feeds = [feed for feed in self.feeds if feed.slot.streams]
        for slot in self.slots:
            if slot.ensure(now):
                self.feeds += [Feed(slot, stream, self._outputs) for stream in slot.streams]
        if now - self._refreshed_ns > _REFRESH_S * 1e9:
            self._refreshed_ns = now
            for slot in self.slots:
                slot.refresh()

    def open(self) -> list[Feed]:
        """The feeds whose input is there."""
        return [feed for feed in self.feeds if feed.open()]

    def drain(self) -> None:
        """Hands over all that is new, without sleeping."""
        for feed in self.feeds:
            feed.drain()

    def run(self) -> None:
        """Loops until `stopping`."""
        while not self.stopping:
            self.beat_ns = now_ns()
            self.load()
            feeds = self.open()
            pages = [self._outputs.regions[_region(feed)][1] for feed in feeds]
            unavailable = any(not slot.streams for slot in self.slots)
            timeout_s = _REFRESH_S if unavailable or not feeds else _IDLE_S
            wait_any([(feed.ring, feed.seen) for feed in feeds if feed.ring], pages, timeout_s)
            self.drain()
        for slot in self.slots:
            slot.close()


def _region(feed: Feed) -> str:
    return CHANNELS[feed.stream.trigger].region
