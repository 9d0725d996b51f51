"""The regions that a child process maps, and publishing into them by channel name."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from sensorium.channels.catalogue import CHANNELS
from sensorium.channels.layout import Kind
from sensorium.channels.writer import Writer
from sensorium.health import Device, Precision, Reason
from sensorium.process.app_outputs import AppOutputs

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from sensorium.channels.region import Region, Waiters
    from sensorium.clock import Clock
    from sensorium.inference.engine import Engine

_log = logging.getLogger(__name__)
_NAN = float("nan")


class Outputs:
    """The child's regions and its writers. Replaced regions are left to their last user.

    Attributes:
        regions: Grant class to region and waiters' page.
        apps: The regions of single apps.
        earlier: Grant class to the region that was replaced last: what is being worked on may lie
            in it.
        clock: Gives publish times; what is read is judged by it too.
        deferred: Whether a region that is handed over waits for `take_over`.
        generation: Raised whenever a region was replaced, so that readers map it anew.
    """

    def __init__(self, writes: tuple[str, ...], clock: Clock) -> None:
        self._writes = writes
        self.clock = clock
        self.apps = AppOutputs(writes)
        self._writers: dict[str, Writer] = {}
        self._earlier_writers: dict[str, Writer] = {}
        self._makers: dict[str, tuple[Writer, Engine | None, Device, int]] = {}
        self.regions: dict[str, tuple[Region, Waiters]] = {}
        self.earlier: dict[str, Region] = {}
        self.deferred = False
        self.generation = 0
        self._waiting: list[tuple[Region, Waiters]] = []

    def map(self, region: Region, waiters: Waiters) -> None:
        """Takes a region over, now or, where that is deferred, at the next `take_over`."""
        self._waiting.append((region, waiters))
        if not self.deferred:
            self.take_over()

    def take_over(self) -> None:
        """Writes to the regions that were handed over, from now on.

        At first every state channel is "starting", so that nothing of an earlier owner looks
        fresh once this owner is live.
        """
        while self._waiting:
            self._take_over(*self._waiting.pop(0))

    def _take_over(self, region: Region, waiters: Waiters) -> None:
        first = region.name not in self.regions
        if not first:
            self.earlier[region.name] = self.regions[region.name][0]
        self.regions[region.name] = (region, waiters)
        for name in self._writes:
            channel = CHANNELS[name]
            if channel.region != region.name:
                continue
            if name in self._writers:
                self._earlier_writers[name] = self._writers[name]
            writer = Writer(region, name, waiters, self.clock)
            if first and channel.kind == Kind.STATE:
                writer.publish(
                    channel.record.blank, self.clock(), valid=False, reason=Reason.STARTING
                )
            self._writers[name] = writer
        self.generation += 1

    def publish(
        self,
        channel: str,
        record: NDArray[np.void] | None,
        capture_ns: int,
        *,
        valid: bool = True,
        reason: Reason = Reason.NONE,
        confidence: float = _NAN,
        engine: Engine | None = None,
        device: Device = Device.NONE,
        flags: int = 0,
        app: int = 0,
        place: tuple[int, int] | None = None,
    ) -> None:
        """Publishes one record; a channel whose region is not mapped (any more) takes nothing.

        See `perception.sense.Publish`; None stands for a record of zeros.
        """
        writer = self.apps.writer(app, channel) if app else self._writers.get(channel)
        if place is not None and writer is not None:
            writer = self._at(channel, writer, *place)
        if writer is None:
            return
        # The file tells two precisions and devices of one engine apart.
        maker = (writer, engine, device, engine.file_hash if engine is not None else 0)
        if self._makers.get(channel) != maker:
            self._makers[channel] = maker
            if engine:
                writer.tag(engine.name, engine.file_hash, engine.precision, engine.device)
            else:
                geometry = device is Device.CPU
                writer.tag(
                    "", 0, Precision.GEOMETRY if geometry else Precision.NONE, device
                )
        # By position: names would cost this most frequent of calls as much as a store.
        data = CHANNELS[channel].record.blank if record is None else record.tobytes()
        writer.publish(data, capture_ns, valid, reason, confidence, flags)

    def _at(self, channel: str, writer: Writer, generation: int, n: int) -> Writer | None:
        """The writer to the region of a generation, about to write record `n`; None: it is gone."""
        if writer.generation != generation:
            earlier = self._earlier_writers.get(channel)
            if earlier is None or earlier.generation != generation:
                return None
            writer = earlier
        return writer if writer.skip_to(n) else None

    def refuse(self, channels: tuple[str, ...], reason: Reason) -> None:
        """Marks state channels invalid with a reason; events need no mark."""
        now = self.clock()
        for name in channels:
            if CHANNELS[name].kind == Kind.STATE:
                self.publish(name, None, now, valid=False, reason=reason)

    def heartbeat(self, time_ns: int) -> None:
        """This child is alive."""
        for writer in tuple(self._writers.values()):
            writer.heartbeat(time_ns)
        self.apps.heartbeat(time_ns)
