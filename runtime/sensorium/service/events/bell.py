"""A channel of our own that wakes the thread that sleeps on the channels of the daemon."""

from __future__ import annotations

from sensorium import records
from sensorium.channels.catalogue import STATE_SLOTS, Channel
from sensorium.channels.layout import Kind
from sensorium.channels.reader import Reader
from sensorium.channels.region import Region, Waiters
from sensorium.channels.writer import Writer
from sensorium.clock import now_ns

_NAME = "bell"
_RECORD = records.PUSH_TO_TALK


class Bell:
    """Rung by one thread, slept on by another.

    Attributes:
        ring: What the sleeper waits on.
        waiters: The page of its lease.
    """

    def __init__(self) -> None:
        channel = Channel(_NAME, _RECORD, _NAME, Kind.STATE, STATE_SLOTS, 0, _NAME)
        self._region = Region.create(_NAME, (channel,), 1)
        self.waiters = Waiters.create(_NAME)
        self.ring = Reader(self._region, _NAME)
        self._writer = Writer(self._region, _NAME, self.waiters)
        self._note = _RECORD.zeros().tobytes()

    def strike(self) -> None:
        """Wakes who sleeps on it; from one thread at a time."""
        self._writer.publish(self._note, now_ns())

    def close(self) -> None:
        """Unmaps; nobody may sleep on it any more."""
        self._region.close()
        self.waiters.close()
