"""The regions of single apps that a child may write, and publishing into one of them.

An app can write its own region, the table and the counters included. So nothing of it is believed:
the layout is this version's own, and where a counter makes no sense the app gets nothing.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sensorium.channels import mapping, table
from sensorium.channels.catalogue import CHANNELS, in_region
from sensorium.channels.cursor import Cursor
from sensorium.channels.layout import Entry
from sensorium.channels.reader import Reader
from sensorium.channels.region import Region, Waiters
from sensorium.channels.writer import Writer
from sensorium.clock import now_ns
from sensorium.health import Reason
from sensorium.perception.sense import App, Sample

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sensorium.clock import Clock

_log = logging.getLogger(__name__)
_MOST_RECORDS = 1 << 48
"""No channel has had so many; a larger counter was written by somebody else."""


@dataclass(frozen=True)
class _Held:
    app: App
    region: Region
    writers: dict[str, Writer]
    rings: dict[str, Cursor] = field(default_factory=dict)


class AppOutputs:
    """The apps' regions; see `perception.sense.Apps`. They come and go in the main thread.

    Args:
        writes: The child's channels; those of other regions are left out.
    """

    def __init__(self, writes: Sequence[str]) -> None:
        self._writes = tuple(name for name in writes if CHANNELS[name].region == "app")
        self._held: dict[int, _Held] = {}

    def add(self, app: App, handles: Sequence[int], clock: Clock) -> None:
        """Maps an app's region.

        Args:
            app: Whose it is.
            handles: Of the region and its waiters' page, both taken over.
            clock: Gives publish times. Where it is not the daemon's, `since_ns` is of another
                clock, and everything counts as later.
        """
        waiters = Waiters.map_fd(handles[1])
        entries = table.place(in_region("app"))
        mapped = mapping.map_handle(handles[0], writable=True, keep_handle=False)
        region = Region(mapped, entries)
        if any(region.words[(entries[name].base + Entry.LATEST) // 8] > _MOST_RECORDS
               for name in self._writes):
            _log.warning("the region of %s takes no records: it was written over", app.name)
            return
        writers = {name: Writer(region, name, waiters, clock) for name in self._writes}
        if clock is not now_ns:
            app = app._replace(since_ns=0)
        self._held[app.session] = _Held(app, region, writers)

    def remove(self, session: int) -> None:
        """The app is gone. Whoever uses its region just now keeps it mapped until then."""
        self._held.pop(session, None)

    def connected(self) -> tuple[App, ...]:
        """See `Apps.connected`."""
        return tuple(held.app for held in tuple(self._held.values()))

    def latest(self, session: int, channel: str) -> int:
        """See `Apps.latest`."""
        held = self._held.get(session)
        if held is None:
            return 0
        return held.region.words[(held.region.entry(channel).base + Entry.LATEST) // 8]

    def newest(self, session: int, channel: str) -> Sample | None:
        """See `Apps.newest`."""
        held = self._held.get(session)
        if held is None:
            return None
        record = CHANNELS[channel].record
        reader = Reader(held.region, channel, record, live=False)
        reader.read(now_ns())
        found = reader.sample
        if not found.n or len(found.record) < record.size:
            return None
        return Sample(found.view(record), found.capture_ns, found.valid, Reason.NONE, found.n)

    def at(self, session: int, channel: str, n: int) -> Sample | None:
        """See `Apps.at`."""
        held = self._held.get(session)
        if held is None:
            return None
        ring = held.rings.get(channel)
        if ring is None:
            ring = held.rings[channel] = Cursor(held.region, channel, live=False)
        record, latest = CHANNELS[channel].record, self.latest(session, channel)
        # Not further than the ring: a counter that the app wrote would send the cursor far.
        if not max(0, latest - ring.entry.slots) < n <= latest:
            return None
        ring.seek(n)
        ring.next(now_ns())
        found = ring.sample
        if found.n != n or len(found.record) < record.size:
            return None
        return Sample(found.view(record), found.capture_ns, found.valid, Reason.NONE, n)

    def writer(self, session: int, channel: str) -> Writer | None:
        """The writer of a channel of an app; None where the app is gone."""
        held = self._held.get(session)
        return held.writers.get(channel) if held is not None else None

    def heartbeat(self, time_ns: int) -> None:
        """This child is alive."""
        for held in tuple(self._held.values()):
            for writer in held.writers.values():
                writer.heartbeat(time_ns)
