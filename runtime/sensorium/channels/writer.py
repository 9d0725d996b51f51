"""The writer of one channel. One process owns a channel at a time."""

from __future__ import annotations

import struct
import threading
from typing import TYPE_CHECKING, Protocol

from sensorium.channels import wait
from sensorium.channels.layout import Entry, Slot
from sensorium.clock import now_ns
from sensorium.errors import ChannelError
from sensorium.health import Device, Precision, Reason

if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import NDArray

    from sensorium.channels.region import Region, Waiters
    from sensorium.clock import Clock

_TAIL = struct.Struct("<BBHII16x40s24x")
_NAN = float("nan")


def _slot_format(size: int) -> struct.Struct:
    """A slot behind its `seq`, with a record of `size` bytes: one call writes all of it."""
    return struct.Struct(f"<QQIHHf{_TAIL.size}s{size}s")


class Publish(Protocol):
    """Writes one record to a channel."""

    def __call__(
        self,
        record: NDArray[Any] | bytes | bytearray,
        capture_ns: int,
        *,
        valid: bool = True,
        reason: Reason = Reason.NONE,
        confidence: float = _NAN,
        flags: int = 0,
    ) -> int:
        """Writes one record.

        Args:
            record: Its bytes (or a numpy array of them), at most the channel's room.
            capture_ns: When the world was so.
            valid: False: nothing to give, see `reason`.
            reason: Why not.
            confidence: 0..1, or NaN.
            flags: 0, or 1: something did not fit, the record's own counts say what.

        Returns:
            The record's number, from 1.

        Raises:
            ChannelError: When the record is larger than the channel's room.
        """
        ...


class Writer:
    """Publishes records to one channel; must be used from one thread at a time.

    Args:
        region: Mapped writable.
        name: The channel.
        waiters: The region's page of leases; None where nobody can sleep on it.
        clock: Gives the publish time.

    Attributes:
        publish: See `Publish`. A closure, since an attribute's look-up costs as much as a store.

    Raises:
        ChannelError: When the region has no such channel or is mapped read-only.
    """

    publish: Publish

    def __init__(
        self, region: Region, name: str, waiters: Waiters | None, clock: Clock = now_ns
    ) -> None:
        entry = region.entry(name)
        if not region.mapping.writable:
            raise ChannelError(f"channel {name}: the region is mapped read-only")
        self.name = name
        self._words = region.words
        self._heartbeat = (entry.base + Entry.OWNER_HEARTBEAT_NS) // 8
        self._epoch = self._words[(entry.base + Entry.EPOCH) // 8] & 0xFFFFFFFF
        self._tag = [b"", b""]
        self.tag("", 0, Precision.NONE, Device.NONE)
        self.publish = _publisher(region, name, waiters, clock, self._tag)

    def tag(self, engine: str, engine_hash: int, precision: Precision, device: Device) -> None:
        """Says what computes the records from now on.

        Args:
            engine: Name of the engine's card, at most 39 bytes; empty for none.
            engine_hash: First four bytes of its file's sha256.
            precision: Of its arithmetic.
            device: Where it runs.
        """
        self._tag[:] = (
            _TAIL.pack(precision, device, flags, self._epoch, engine_hash, engine.encode()[:39])
            for flags in (0, 1)
        )

    def heartbeat(self, time_ns: int) -> None:
        """The owner is alive at `time_ns`."""
        self._words[self._heartbeat] = time_ns


def _bytes(record: NDArray[Any] | bytearray) -> bytes:
    return bytes(record) if isinstance(record, bytearray) else record.tobytes()


def _publisher(
    region: Region, name: str, waiters: Waiters | None, clock: Clock, tag: list[bytes]
) -> Publish:
    entry = region.entry(name)
    words = region.words
    rings = tuple(
        (start // 8, region.view[start : start + entry.stride])
        for start in range(entry.offset, entry.offset + entry.slots * entry.stride, entry.stride)
    )
    slots = entry.slots
    room = entry.stride - int(Slot.RECORD)
    latest = (entry.base + Entry.LATEST) // 8
    leases = waiters.words if waiters else memoryview(bytes(8)).cast("Q")
    lease = entry.index if waiters else 0
    wake = wait.waker(region, entry, waiters)
    fence = threading.Lock()
    enter_fence, leave_fence = fence.acquire, fence.release
    usual = entry.record_size
    pack_usual = _slot_format(usual).pack_into
    n = words[latest]

    def publish(
        record: NDArray[Any] | bytes | bytearray,
        capture_ns: int,
        *,
        valid: bool = True,
        reason: Reason = Reason.NONE,
        confidence: float = _NAN,
        flags: int = 0,
    ) -> int:
        nonlocal n
        data = record if isinstance(record, bytes) else _bytes(record)
        size = len(data)
        if size == usual:
            pack = pack_usual
        elif size <= room:
            pack = _slot_format(size).pack_into
        else:
            raise ChannelError(f"channel {name}: {size} bytes, room is {room}")
        n += 1
        twice = n + n
        word, slot = rings[n % slots]
        now = clock()
        words[word] = twice - 1
        pack(slot, 8, capture_ns, now, size, valid, reason, confidence, tag[flags], data)
        words[word] = twice
        words[latest] = n
        if leases[lease]:
            # Somebody sleeps here at times. Taking a lock is a full fence: `latest` is out
            # before the lease is judged, so a sleeper either sees it or is woken.
            enter_fence()
            leave_fence()
            if leases[lease] > now:
                wake(now)
        return n

    return publish
