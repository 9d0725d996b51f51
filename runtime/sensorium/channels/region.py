"""A region: one mapping with a header, a table of channels and their rings."""

from __future__ import annotations

import ctypes
import os
import platform
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sensorium.channels import layout, mapping
from sensorium.channels.layout import Entry, Header, Slot
from sensorium.clock import CLOCK_ID, now_ns
from sensorium.errors import ChannelError, VersionError
from sensorium.health import OwnerState, Reason, RegionState

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from sensorium.channels.catalogue import Channel

_PAGE = 4096
_ENTRY = struct.Struct("<32sIHHIIQIIQQ")


@dataclass(frozen=True)
class EntryInfo:
    """What the table says of one channel; checked against the mapping's size, then kept.

    Attributes:
        base: Offset of the entry in the region, bytes.
        index: Its word in the waiters' page.
    """

    name: str
    record_id: int
    record_major: int
    record_minor: int
    record_size: int
    slots: int
    offset: int
    stride: int
    kind: int
    max_age_ns: int
    index: int
    base: int


class Region:
    """A mapped region. Made by the supervisor, opened by everybody else.

    Attributes:
        view: The whole mapping as bytes.
        words: The whole mapping as aligned 8-byte words; every live counter goes through it.
        entries: Channel name to what the table says of it.
        generation: Of this region; a newer one means: connect again.
        name: Its grant class.
    """

    def __init__(self, mapped: mapping.Mapping, entries: dict[str, EntryInfo] | None = None) -> None:
        _require_store_order()
        self.mapping = mapped
        self.view = mapped.view
        if len(self.view) < layout.HEADER_SIZE or len(self.view) % 8:
            raise ChannelError("not a Sensorium region: too small")
        self.words = self.view.cast("Q")
        self.entries = entries if entries is not None else _read_table(self.view)
        self.generation = self.words[Header.GENERATION // 8]
        raw = bytes(self.view[Header.REGION : Header.REGION + 16])
        self.name = raw.rstrip(b"\0").decode("ascii", "replace")

    @classmethod
    def create(
        cls,
        name: str,
        channels: Iterable[Channel],
        generation: int,
        *,
        path: Path | None = None,
        started_ns: int = 0,
    ) -> Region:
        """Makes a region with every channel vacant.

        Args:
            name: Its grant class, at most 15 ASCII characters.
            channels: In table order, at most 512.
            generation: Raised by one with each region that takes the place of another.
            path: A file to make; without one the memory has no name.
            started_ns: When the daemon started.
        """
        entries = _place(tuple(channels))
        last = max(entries.values(), key=lambda entry: entry.offset)
        size = -(-(last.offset + last.slots * last.stride) // _PAGE) * _PAGE
        mapped = (
            mapping.create_file(path, size) if path else mapping.create_unnamed(name, size)
        )
        _write_table(mapped.view, name, generation, entries, started_ns or now_ns())
        return cls(mapped, entries)

    @classmethod
    def map_fd(cls, handle: int, *, writable: bool = False) -> Region:
        """Maps a region from a handle that came over control, and takes the handle over."""
        return cls(mapping.map_handle(handle, writable=writable))

    @classmethod
    def map_path(cls, path: Path, *, writable: bool = False) -> Region:
        """Maps the public region's file."""
        return cls(mapping.open_file(path, writable=writable))

    @property
    def size(self) -> int:
        """Bytes of the mapping."""
        return len(self.view)

    @property
    def state(self) -> int:
        """The `health.RegionState` that the supervisor gave it."""
        return self.words[Header.STATE // 8]

    def entry(self, name: str) -> EntryInfo:
        """What the table says of a channel.

        Raises:
            ChannelError: When the region has no such channel.
        """
        try:
            return self.entries[name]
        except KeyError:
            known = ", ".join(self.entries)
            raise ChannelError(f"region {self.name} has no channel {name}; it has {known}") from None

    def heartbeat(self, time_ns: int) -> None:
        """The supervisor is alive at `time_ns`."""
        self.words[Header.HEARTBEAT_NS // 8] = time_ns

    def set_state(self, state: RegionState) -> None:
        """Closes, revokes or replaces the region for all who map it."""
        self.words[Header.STATE // 8] = state

    def set_owner(self, name: str, pid: int, state: OwnerState, reason: Reason) -> int:
        """Says who owns a channel now, or that nobody does (the supervisor's alone).

        Returns:
            The epoch: raised by one whenever a new owner starts.
        """
        word = self.entry(name).base // 8
        if state == OwnerState.STARTING:
            self.words[word + Entry.EPOCH // 8] += 1
            self.words[word + Entry.OWNER_HEARTBEAT_NS // 8] = 0
        self.words[word + Entry.OWNER_PID // 8] = pid
        self.words[word + Entry.REASON // 8] = reason
        self.words[word + Entry.STATE // 8] = state
        return self.words[word + Entry.EPOCH // 8]

    def owner(self, name: str) -> tuple[int, OwnerState, Reason]:
        """The pid, state and reason that the table gives for a channel."""
        word = self.entry(name).base // 8
        return (
            self.words[word + Entry.OWNER_PID // 8],
            OwnerState(self.words[word + Entry.STATE // 8]),
            Reason(self.words[word + Entry.REASON // 8]),
        )

    def address(self) -> int:
        """Where the mapping begins in this process, for futex calls."""
        return address_of(self.view)

    def close(self) -> None:
        """Unmaps. Readers and writers of it must not be used afterwards."""
        self.words.release()
        self.mapping.close()


class Waiters:
    """The page in which sleepers leave a lease: u64 [512] monotonic times, by entry index."""

    def __init__(self, mapped: mapping.Mapping) -> None:
        if len(mapped.view) < layout.WAITERS_SIZE:
            raise ChannelError("not a waiters' page: too small")
        self.mapping = mapped
        self.words = mapped.view.cast("Q")

    @classmethod
    def create(cls, name: str, *, path: Path | None = None) -> Waiters:
        """Makes the page of a region."""
        size = layout.WAITERS_SIZE
        return cls(
            mapping.create_file(path, size)
            if path
            else mapping.create_unnamed(f"{name}-waiters", size)
        )

    @classmethod
    def map_fd(cls, handle: int) -> Waiters:
        """Maps a page from a handle that came over control, and takes the handle over."""
        return cls(mapping.map_handle(handle, writable=True))

    @classmethod
    def map_path(cls, path: Path) -> Waiters:
        """Maps the page of the public region."""
        return cls(mapping.open_file(path, writable=True))

    def close(self) -> None:
        """Unmaps."""
        self.words.release()
        self.mapping.close()


def address_of(view: memoryview) -> int:
    """The address of a view's first byte; the view must outlive its use."""
    return int(np.frombuffer(view, np.uint8).ctypes.data)


def _place(channels: tuple[Channel, ...]) -> dict[str, EntryInfo]:
    entries: dict[str, EntryInfo] = {}
    offset = -(-(layout.HEADER_SIZE + len(channels) * layout.ENTRY_STRIDE) // _PAGE) * _PAGE
    for index, channel in enumerate(channels):
        record = channel.record
        stride = layout.stride(record.size)
        entries[channel.name] = EntryInfo(
            channel.name, record.id, record.major, record.minor, record.size, channel.slots,
            offset, stride, channel.kind, channel.max_age_ns, index,
            layout.HEADER_SIZE + index * layout.ENTRY_STRIDE,
        )
        offset += channel.slots * stride
    return entries


def _write_table(
    view: memoryview, name: str, generation: int, entries: dict[str, EntryInfo], started_ns: int
) -> None:
    struct.pack_into("<16s", view, Header.REGION, name.encode("ascii"))
    struct.pack_into("<IIQQ", view, Header.LAYOUT_MAJOR, layout.LAYOUT_MAJOR, layout.LAYOUT_MINOR,
                     len(view), generation)
    struct.pack_into("<IIII", view, Header.CLOCK_ID, CLOCK_ID, len(entries), layout.HEADER_SIZE,
                     layout.ENTRY_STRIDE)
    for entry in entries.values():
        _ENTRY.pack_into(
            view, entry.base, entry.name.encode("ascii"), entry.record_id, entry.record_major,
            entry.record_minor, entry.record_size, entry.slots, entry.offset, entry.stride,
            entry.kind, entry.max_age_ns, entry.index,
        )
    words = view.cast("Q")
    words[Header.SUPERVISOR_PID // 8] = os.getpid()
    words[Header.STARTED_NS // 8] = started_ns
    words[Header.HEARTBEAT_NS // 8] = started_ns
    words[Header.STATE // 8] = RegionState.LIVE
    words[Header.MAGIC // 8] = layout.MAGIC
    words.release()


def _read_table(view: memoryview) -> dict[str, EntryInfo]:
    magic, major, minor, size = struct.unpack_from("<QIIQ", view, 0)
    if magic != layout.MAGIC:
        raise ChannelError("not a Sensorium region: wrong magic")
    if major != layout.LAYOUT_MAJOR:
        raise VersionError(
            f"the daemon's layout is {major}.{minor}, this reader's is "
            f"{layout.LAYOUT_MAJOR}.{layout.LAYOUT_MINOR}",
            "use the client files that came with the daemon",
        )
    count, table, stride = struct.unpack_from("<III", view, Header.ENTRIES)
    if size > len(view) or table + count * stride > size or stride < layout.ENTRY_STRIDE:
        raise ChannelError("the region's table does not fit its size")
    entries = {}
    for i in range(count):
        base = table + i * stride
        name, *rest = _ENTRY.unpack_from(view, base)
        info = EntryInfo(name.rstrip(b"\0").decode("ascii", "replace"), *rest, base)
        end = info.offset + info.slots * info.stride
        if not info.slots or info.stride < Slot.RECORD + info.record_size or end > size:
            raise ChannelError(f"channel {info.name} does not fit its region")
        entries[info.name] = info
    return entries


def _require_store_order() -> None:
    """Python has no store barriers, so only a machine that keeps store order is sound."""
    machine = platform.machine().lower()
    if machine not in {"x86_64", "amd64"} or ctypes.sizeof(ctypes.c_void_p) != 8:
        raise ChannelError(
            f"this machine is {machine or 'of an unknown kind'}: shared memory from Python is sound "
            "on 64-bit x86 only",
            "a native writer for other machines does not exist yet",
        )
