"""A region: one mapping with a header, a table of channels and their rings."""

from __future__ import annotations

import ctypes
import platform
from typing import TYPE_CHECKING

import numpy as np

from sensorium.channels import layout, mapping, table, wait
from sensorium.channels.layout import Entry, Header
from sensorium.clock import now_ns
from sensorium.errors import ChannelError
from sensorium.health import OwnerState, Reason, RegionState

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from sensorium.channels.catalogue import Channel
    from sensorium.channels.table import EntryInfo

_U64 = (1 << 64) - 1


class Region:
    """A mapped region. Made by the supervisor, opened by everybody else.

    Attributes:
        view: The whole mapping as bytes.
        words: The whole mapping as aligned 8-byte words; every live counter goes through it.
        entries: Channel name to what the table says of it.
        generation: Of this region; a newer one means: connect again.
        name: Its grant class.
    """

    def __init__(
        self, mapped: mapping.Mapping, entries: dict[str, EntryInfo] | None = None
    ) -> None:
        _require_store_order()
        self.mapping = mapped
        self.view = mapped.view
        if len(self.view) < layout.HEADER_SIZE or len(self.view) % 8:
            raise ChannelError("not a Sensorium region: too small")
        self.words = self.view.cast("Q")
        self.entries = entries if entries is not None else table.read(self.view)
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
            channels: In table order, at most 480.
            generation: Raised by one with each region that takes the place of another.
            path: A file to make; without one the memory has no name.
            started_ns: When the daemon started.
        """
        entries = table.place(tuple(channels))
        size = table.region_size(entries)
        mapped = (
            mapping.create_file(path, size) if path else mapping.create_unnamed(name, size)
        )
        table.write(mapped.view, name, generation, entries, started_ns or now_ns())
        return cls(mapped, entries)

    @classmethod
    def map_fd(cls, handle: int, *, writable: bool = False) -> Region:
        """Maps a region from a handle that came over control, and takes the handle over."""
        return cls(mapping.map_handle(handle, writable=writable, keep_handle=False))

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
            raise ChannelError(
                f"region {self.name} has no channel {name}; it has {known}"
            ) from None

    def heartbeat(self, time_ns: int) -> None:
        """The supervisor is alive at `time_ns`."""
        self.words[Header.HEARTBEAT_NS // 8] = time_ns

    def set_state(self, state: RegionState) -> None:
        """Closes, revokes or replaces the region for all who map it, and wakes who sleeps on it."""
        self.words[Header.STATE // 8] = state
        wait.wake_all(self)

    def new_owner(self, name: str, pid: int, heartbeat_ns: int = 0) -> int:
        """A new owner is starting; until it is live, readers go on seeing the channel as it is.

        Args:
            name: The channel.
            pid: Of the owner.
            heartbeat_ns: When it was alive last, where it only moves to this region.

        Returns:
            Its epoch, one more than the last owner's.
        """
        word = self.entry(name).base // 8
        # An app can write any number into its own region.
        epoch = (self.words[word + Entry.EPOCH // 8] + 1) & _U64
        self.words[word + Entry.EPOCH // 8] = epoch
        self.words[word + Entry.OWNER_HEARTBEAT_NS // 8] = heartbeat_ns
        self.words[word + Entry.OWNER_PID // 8] = pid
        if self.words[word + Entry.STATE // 8] == OwnerState.VACANT:
            self.set_owner_state(name, OwnerState.STARTING, Reason.STARTING)
        return epoch

    def set_owner_state(self, name: str, state: OwnerState, reason: Reason) -> None:
        """Says what became of a channel's owner (the supervisor's alone)."""
        word = self.entry(name).base // 8
        self.words[word + Entry.REASON // 8] = reason
        self.words[word + Entry.STATE // 8] = state

    def owner_heartbeat(self, name: str) -> int:
        """When the owner was alive last, in ns; 0: not yet."""
        return self.words[(self.entry(name).base + Entry.OWNER_HEARTBEAT_NS) // 8]

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
    def create(cls, name: str) -> Waiters:
        """Makes the page of a region, sealed: who may write it can still not shrink it."""
        return cls(mapping.create_unnamed(f"{name}-waiters", layout.WAITERS_SIZE))

    @classmethod
    def map_fd(cls, handle: int) -> Waiters:
        """Maps a page from a handle that came over control, and takes the handle over."""
        return cls(mapping.map_handle(handle, writable=True, keep_handle=False))

    def close(self) -> None:
        """Unmaps."""
        self.words.release()
        self.mapping.close()


def address_of(view: memoryview) -> int:
    """The address of a view's first byte; the view must outlive its use."""
    return int(np.frombuffer(view, np.uint8).ctypes.data)


def _require_store_order() -> None:
    """Python has no store barriers, so only a machine that keeps store order is sound."""
    machine = platform.machine().lower()
    if machine not in {"x86_64", "amd64"} or ctypes.sizeof(ctypes.c_void_p) != 8:
        raise ChannelError(
            f"this machine is {machine or 'of an unknown kind'}: "
            "shared memory from Python is sound on 64-bit x86 only",
            "a native writer for other machines does not exist yet",
        )
