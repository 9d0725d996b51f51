"""The channels that a bridge reads, as any app does: over control, under its own name."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, NamedTuple

from sensorium.channels.catalogue import CHANNELS
from sensorium.channels.cursor import Cursor
from sensorium.channels.layout import Header, Kind
from sensorium.channels.reader import Reader
from sensorium.channels.status import Status
from sensorium.clock import now_ns
from sensorium.control.client import Client
from sensorium.control.replies import Refused
from sensorium.control.standing import began_ns
from sensorium.errors import ChannelError, DeniedError, SensoriumError

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    import numpy as np

    from sensorium.channels.reader import Snapshot
    from sensorium.channels.region import Region, Waiters

_AGAIN_NS = 2_000_000_000
"""How often a class that was refused is asked for again."""
_MOST = 64
"""Records that are taken of an event channel at a time."""


class Told(NamedTuple):
    """A record of an event channel, and when what it tells began, by the clock of grants."""

    record: np.void
    began_ns: int


class _Place(NamedTuple):
    """Where a channel was left: in which memory, and which record is next."""

    memory: tuple[int, int]
    wanted: int


class Channels:
    """Made and used by one task.

    Each record of an event channel is told once, whatever memory it lies in, but none that was
    written, or began, before this read the channel or while there was no grant.

    Args:
        app: The name by which the owner grants things.
        folder: The daemon's runtime folder.
        names: Of the channels.

    Attributes:
        lost: Records of followed channels that were overwritten before they were read.
    """

    def __init__(self, app: str, folder: Path, names: Collection[str]) -> None:
        self.lost = 0
        self._app = app
        self._folder = folder
        self._names = tuple(dict.fromkeys(names))
        self._regions: dict[str, tuple[Region, Waiters]] = {}
        self._due_ns = dict.fromkeys((CHANNELS[name].region for name in names), 0)
        self._refused: dict[str, SensoriumError] = {}
        self._readers: dict[str, Reader] = {}
        self._cursors: dict[str, Cursor] = {}
        self._places: dict[str, _Place] = {}
        self._since_ns: dict[str, int] = {}
        self._client: Client | None = None

    @property
    def refused(self) -> tuple[SensoriumError, ...]:
        """Why classes that are wanted cannot be read."""
        return tuple(self._refused.values())

    async def look(self) -> None:
        """Opens what is not open: call it before each round of reading."""
        now = now_ns()
        for region, due_ns in self._due_ns.items():
            held = self._regions.get(region)
            if held is not None and self._ended(region):
                self._drop(region)
                held, due_ns = None, 0
            if held is None and now >= due_ns:
                self._due_ns[region] = now + _AGAIN_NS
                await self._open(region)

    def since_ns(self, name: str) -> int | None:
        """From when on a channel may be read, as it is now; None: it is not, just now."""
        reader = self._readers.get(name)
        if reader is None or reader.ended():
            return None
        return self._since_ns[CHANNELS[name].region]

    def newest(self, name: str) -> np.void | None:
        """The newest record of a channel; None while there is none that counts."""
        reader = self._readers.get(name)
        if reader is None or reader.read(now_ns()) not in (Status.NEW, Status.SAME):
            return None
        row: np.void = reader.sample.view(CHANNELS[name].record)[0]
        return row

    def following(self, name: str) -> list[Told]:
        """The valid records of an event channel since the last call, in order, a few at a time."""
        cursor = self._cursors.get(name)
        found: list[Told] = []
        if cursor is None:
            return found
        before, since_ns = cursor.lost, self._since_ns[CHANNELS[name].region]
        while len(found) < _MOST:
            status = cursor.next(now_ns())
            if status is Status.NEW:
                told = _told(cursor.sample.view(CHANNELS[name].record)[0], cursor.sample)
                if told.began_ns >= since_ns:
                    found.append(told)
            elif status is not Status.INVALID or not cursor.sample.n:
                break
        self.lost += cursor.lost - before
        return found

    def close(self) -> None:
        """Gives all back."""
        for region in tuple(self._regions):
            self._drop(region)
        if self._client is not None:
            self._client.close()
            self._client = None

    def _ended(self, region: str) -> bool:
        return any(
            reader.ended() for name, reader in self._readers.items()
            if CHANNELS[name].region == region
        )

    async def _open(self, region: str) -> None:
        try:
            held, since_ns = await asyncio.to_thread(self._ask, region)
        except SensoriumError as error:
            self._refused[region] = error
            if not isinstance(error, DeniedError | Refused | ChannelError):
                # Without the connection the memory would not end with the grant.
                self.close()
            return
        self._refused.pop(region, None)
        self._regions[region] = held
        for name in self._names:
            if CHANNELS[name].region == region:
                self._readers[name] = Reader(held[0], name)
                if CHANNELS[name].kind == Kind.EVENT:
                    self._follow(name, held[0])
        begun_ns = self._since_ns.get(region) or now_ns()
        self._since_ns[region] = max(begun_ns, since_ns)

    def _follow(self, name: str, region: Region) -> None:
        """From where it stood; all in the memory that took another's place is later than that."""
        cursor = self._cursors[name] = Cursor(region, name)
        place = self._places.get(name)
        if place is not None:
            cursor.seek(place.wanted if place.memory == _memory(region) else 1)

    def _ask(self, region: str) -> tuple[tuple[Region, Waiters], int]:
        """The region, and since when its class is decided as it is."""
        if self._client is None:
            self._client = Client.connect(self._app, self._folder)
        try:
            return self._client.open(region), self._client.since_ns[region]
        except OSError as error:
            raise ChannelError(f"{region} cannot be mapped: {error.strerror}") from error

    def _drop(self, region: str) -> None:
        for name in self._names:
            if CHANNELS[name].region == region:
                self._readers.pop(name, None)
                cursor = self._cursors.pop(name, None)
                if cursor is not None:
                    self._places[name] = _Place(_memory(cursor.region), cursor.wanted)
        mapped, waiters = self._regions.pop(region)
        with contextlib.suppress(BufferError):
            mapped.close()
        waiters.close()


def _memory(region: Region) -> tuple[int, int]:
    """What tells a region's memory from any other of its class: the daemon's start, generation."""
    return region.words[Header.STARTED_NS // 8], region.generation


def _told(row: np.void, sample: Snapshot) -> Told:
    if "start_ns" not in (row.dtype.names or ()):
        return Told(row, sample.publish_ns)
    # A text comes after its sound.
    return Told(row, began_ns(int(row["start_ns"]), sample.capture_ns, sample.publish_ns))
