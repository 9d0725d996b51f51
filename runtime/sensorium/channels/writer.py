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
    from collections.abc import Callable
    from typing import Any

    from numpy.typing import NDArray

    from sensorium.channels.region import Region, Waiters
    from sensorium.clock import Clock

_TAIL = struct.Struct("<BBHII16x40s24x")
_NAN = float("nan")


_NONE = Reason.NONE
_VALID = 1 << 32
_NOBODY = memoryview(bytes(8))


def _slot_format(size: int) -> struct.Struct:
    """A slot behind its `seq`, with a record of `size` bytes: one call writes all of it.

    Capture and publish time, `_shape`, confidence, `_TAIL`, the record.
    """
    return struct.Struct(f"<QQQf{_TAIL.size}s{size}s")


def _shape(size: int, valid: bool, reason: Reason) -> int:
    """A slot's length, validity and reason, which lie side by side, as one u64."""
    return size | (_VALID if valid else 0) | reason << 48


class Publish(Protocol):
    """Writes one record to a channel."""

    def __call__(
        self,
        record: NDArray[Any] | bytes | bytearray,
        capture_ns: int,
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
        skip_to: Gives the next record this number: those in between are never there. False, and
            nothing is changed, when a record of that number or a later one was written.
        generation: Of the region.

    Raises:
        ChannelError: When the region has no such channel or is mapped read-only, or the number of
            its slots is not a power of two.
    """

    publish: Publish
    skip_to: Callable[[int], bool]

    def __init__(
        self, region: Region, name: str, waiters: Waiters | None, clock: Clock = now_ns
    ) -> None:
        entry = region.entry(name)
        if not region.mapping.writable:
            raise ChannelError(f"channel {name}: the region is mapped read-only")
        self.name = name
        self.generation = region.generation
        self._words = region.words
        self._heartbeat = (entry.base + Entry.OWNER_HEARTBEAT_NS) // 8
        self._epoch = self._words[(entry.base + Entry.EPOCH) // 8] & 0xFFFFFFFF
        self._tag = [b"", b""]
        self.tag("", 0, Precision.NONE, Device.NONE)
        self.publish, self.skip_to = _publisher(region, name, waiters, clock, self._tag)

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


def _bytes(record: NDArray[Any] | bytes | bytearray) -> bytes:
    return bytes(record) if isinstance(record, (bytes, bytearray)) else record.tobytes()


def _word(view: memoryview, offset: int) -> memoryview:
    """One aligned u64 that `word[()]` loads and stores: no index has to be checked on the way."""
    return view[offset : offset + 8].cast("B").cast("Q", shape=[])


def _publisher(
    region: Region, name: str, waiters: Waiters | None, clock: Clock, tag: list[bytes]
) -> tuple[Publish, Callable[[int], bool]]:
    entry = region.entry(name)
    rings = tuple(
        (_word(region.view, start), start + 8)
        for start in range(entry.offset, entry.offset + entry.slots * entry.stride, entry.stride)
    )
    mask = entry.slots - 1
    if entry.slots & mask:
        raise ChannelError(f"channel {name}: {entry.slots} slots, must be a power of two")
    room = entry.stride - int(Slot.RECORD)
    # What the view is of takes writes at an offset sooner than a view of each slot.
    memory: Any = region.view.obj
    latest = _word(region.view, entry.base + Entry.LATEST)
    lease = _word(waiters.words.cast("B"), 8 * entry.index) if waiters else _word(_NOBODY, 0)
    wake = wait.waker(region, entry, waiters)
    fence = threading.Lock()
    enter_fence, leave_fence = fence.acquire, fence.release
    usual = entry.record_size
    shape_usual = usual | _VALID
    pack_usual = _slot_format(usual).pack_into
    n: int = latest[()]

    # A call costs as much as a store, and each store about a tenth of all this: so no helper, the
    # usual record first, and its three fields of fixed value as one number made beforehand.
    def publish(
        record: NDArray[Any] | bytes | bytearray,
        capture_ns: int,
        valid: bool = True,
        reason: Reason = _NONE,
        confidence: float = _NAN,
        flags: int = 0,
    ) -> int:
        nonlocal n
        if len(record) != usual:
            return publish_other(record, capture_ns, valid, reason, confidence, flags)
        number = n + 1
        seq, at = rings[number & mask]
        seq[()] = number + n
        try:
            pack_usual(
                memory, at, capture_ns, clock(),
                shape_usual if valid is True and reason is _NONE else _shape(usual, valid, reason),
                confidence, tag[flags], record,
            )
        except struct.error:
            if isinstance(record, (bytes, bytearray)):
                raise
            return publish_other(record, capture_ns, valid, reason, confidence, flags)
        seq[()] = number + number
        latest[()] = n = number
        if lease[()]:
            wake_sleepers()
        return number

    def publish_other(
        record: NDArray[Any] | bytes | bytearray,
        capture_ns: int,
        valid: bool,
        reason: Reason,
        confidence: float,
        flags: int,
    ) -> int:
        """Arrays, and records of another size than usual."""
        nonlocal n
        data = _bytes(record)
        size = len(data)
        if size > room:
            raise ChannelError(f"channel {name}: {size} bytes, room is {room}")
        pack = pack_usual if size == usual else _slot_format(size).pack_into
        number = n + 1
        seq, at = rings[number & mask]
        seq[()] = number + n
        pack(
            memory, at, capture_ns, clock(), _shape(size, valid, reason), confidence, tag[flags],
            data,
        )
        seq[()] = number + number
        latest[()] = n = number
        if lease[()]:
            wake_sleepers()
        return number

    def skip_to(number: int) -> bool:
        nonlocal n
        if number <= n:
            return False
        n = number - 1
        return True

    def wake_sleepers() -> None:
        """Somebody sleeps here at times: wakes those whose lease stands.

        Taking a lock is a full fence: `latest` is out before the lease is judged, so a sleeper
        either sees it or is woken.
        """
        enter_fence()
        leave_fence()
        now = clock()
        if lease[()] > now:
            wake(now)

    return publish, skip_to
