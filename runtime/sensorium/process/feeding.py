"""A stream's input: every event in order, or the newest state, or why there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sensorium.channels.catalogue import CHANNELS
from sensorium.channels.cursor import Cursor
from sensorium.channels.layout import Kind
from sensorium.channels.reader import EMPTY, Reader
from sensorium.channels.status import Status
from sensorium.clock import now_ns
from sensorium.health import Reason
from sensorium.perception.sense import Sample

if TYPE_CHECKING:
    from sensorium.channels.region import Region
    from sensorium.perception.sense import Stream
    from sensorium.process.loading import SenseSlot
    from sensorium.process.outputs import Outputs

_REFRESH_NS = 140_000_000
"""Longer than a sensor that sees nothing takes to say so again, which is passed on at once."""


class Feed:
    """One stream's input: every event in order, or the newest state.

    Attributes:
        ring: The input; None until its region is mapped.
        nothing: Why the input gives nothing now; None while it gives something.
    """

    def __init__(self, slot: SenseSlot, stream: Stream, outputs: Outputs) -> None:
        self.slot = slot
        self.stream = stream
        self.ring: Cursor | Reader | None = None
        self.nothing: Reason | None = Reason.STARTING
        self._outputs = outputs
        self._channel = CHANNELS[slot.rings.source(stream.trigger)]
        self._generation = -1
        self._newest: Reader | None = None
        self._before: Cursor | Reader | None = None
        self._told_ns = 0
        self._blank = self._channel.record.zeros()

    def open(self) -> bool:
        """Maps the input, again when its region was replaced; False while it is not there."""
        mapped = self._outputs.regions.get(self._channel.region)
        if mapped is None:
            return False
        if self._generation != self._outputs.generation:
            self._generation = self._outputs.generation
            if self.ring is None or self.ring.region is not mapped[0]:
                self.ring = self._open(mapped[0])
        return True

    def _open(self, region: Region) -> Cursor | Reader:
        live = self._outputs.clock is now_ns
        if self._channel.kind == Kind.STATE:
            self._newest = Reader(region, self._channel.name, live=live, head=0)
            return Reader(region, self._channel.name, live=live)
        cursor = Cursor(region, self._channel.name, live=live)
        if self.ring is not None:
            # The same stream in a new region: nothing that was written to either is left out.
            cursor.seek(1)
            self.ring.live = False
            self._before = self.ring
            return cursor
        if cursor.latest():
            cursor.seek(cursor.latest())
            if cursor.next(self._outputs.clock()) == Status.INVALID and cursor.sample.n:
                self.nothing = Reason(cursor.sample.reason)
        start = self._start()
        if start is not None:
            cursor.seek(start)
        return cursor

    def _start(self) -> int | None:
        """Where a stream that has run before goes on; None: with what comes next."""
        resume = getattr(self.stream, "resume", None)
        if resume is None:
            return None
        try:
            start: int | None = resume(self.slot.rings)
        except Exception as error:  # noqa: BLE001 - one sense's fault must not end the others
            self.slot.fail(error)
            return None
        return start

    @property
    def gives(self) -> bool:
        """Whether its newest record was one that is worth something."""
        return self.nothing is None

    @property
    def settled(self) -> bool:
        """Whether nothing has to be said again soon: it gives records, or events, which age not."""
        return self.nothing is None or not self._channel.max_age_ns

    @property
    def region(self) -> str:
        """The grant class of the input."""
        return self._channel.region

    @property
    def seen(self) -> int:
        """The number of the newest record that was taken."""
        assert self.ring is not None
        return self.ring.wanted - 1 if isinstance(self.ring, Cursor) else self.ring.sample.n

    @property
    def has_news(self) -> bool:
        """Whether there is a record that was not taken."""
        return self.ring is not None and self.ring.latest() != self.seen

    @property
    def is_full(self) -> bool:
        """Whether so many records wait that some may be lost before long."""
        return (
            isinstance(self.ring, Cursor)
            and self.ring.latest() - self.ring.wanted >= self.ring.entry.slots // 2
        )

    def has_turned(self) -> bool:
        """Whether a state that was there has gone: that is told at once, whatever waits."""
        if self._newest is None or self.nothing not in (None, Reason.INACTIVE):
            return False
        status = self._newest.read(self._outputs.clock())
        return status is Status.STALE or (status is Status.INVALID and self.nothing is None)

    def skips(self) -> int:
        """How many records are left out if it is drained now."""
        if not isinstance(self.ring, Reader) or not self.ring.sample.n:
            return 0
        return max(0, self.ring.latest() - self.ring.sample.n - 1)

    def drain(self) -> None:
        """Hands over what is new."""
        if self._before is not None and self.ring is not None and self.ring.latest():
            # Its writer has moved on, so what the old region holds is complete.
            self._drain(self._before)
            self._before = None
        self._drain(self.ring)

    def _drain(self, ring: Cursor | Reader | None) -> None:
        if isinstance(ring, Cursor):
            lost = ring.lost
            while self._take(ring, ring.next(self._outputs.clock())):
                if ring.lost != lost:
                    self.stream.lost(ring.lost - lost)
                    lost = ring.lost
                if ring.wanted > ring.latest():
                    # Whether it has fallen silent is judged when it has nothing.
                    return
        elif ring is not None:
            before = ring.sample.n
            status = ring.read(self._outputs.clock())
            if ring.sample.n != before or status not in (Status.SAME, Status.INVALID):
                self._take(ring, status)

    def refresh(self) -> None:
        """While the input gives nothing: says so again, so that it is seen to be so now."""
        if self.nothing is None or self._outputs.clock() - self._told_ns < _REFRESH_NS:
            return
        if self.ring is not None and self.nothing == Reason.STARTING:
            self.nothing = Reason(self.ring.region.owner(self._channel.name)[2])
        self._tell_nothing(self.nothing, self.ring)

    def _take(self, ring: Cursor | Reader, status: Status) -> bool:
        """Hands one record over; False when there was none."""
        sample = ring.sample
        if status == Status.NEW:
            self.nothing = None
            self._process(Sample(
                sample.view(self._channel.record), sample.capture_ns, True, Reason.NONE, sample.n,
                ring.region.generation,
            ))
            return True
        if status == Status.INVALID and sample.n:
            reason = Reason(sample.reason)
            if not self.nothing == reason == Reason.STARTING:
                self._tell_nothing(reason, ring)
            return True
        if status == Status.STALE and self.nothing in (None, Reason.INACTIVE):
            # That nothing was seen is not known any more, either.
            self._tell_nothing(Reason.INPUT_LOST, ring)
        return False

    def _tell_nothing(self, reason: Reason, ring: Cursor | Reader | None) -> None:
        self.nothing = reason
        self._told_ns = now = self._outputs.clock()
        sample, generation = (
            (ring.sample, ring.region.generation) if ring is not None else (EMPTY, 0)
        )
        self._process(
            Sample(self._blank, sample.capture_ns or now, False, reason, sample.n, generation)
        )

    def _process(self, sample: Sample) -> None:
        if not self.slot.streams:
            return
        try:
            self.stream.process(sample, self._outputs.publish)
        except Exception as error:  # noqa: BLE001 - one sense's fault must not end the others
            self.slot.fail(error)
