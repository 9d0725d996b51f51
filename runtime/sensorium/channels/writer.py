"""The writer of one channel. One process owns a channel at a time."""

from __future__ import annotations

import struct
import threading
from typing import TYPE_CHECKING

import numpy as np

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

_pack_head = struct.Struct("<QQIHHf").pack_into
_NAN = float("nan")


class Writer:
    """Publishes records to one channel; must be used from one thread at a time.

    Args:
        region: Mapped writable.
        name: The channel.
        waiters: The region's page of leases; None where nobody can sleep on it.
        clock: Gives the publish time.
    """

    def __init__(
        self, region: Region, name: str, waiters: Waiters | None, clock: Clock = now_ns
    ) -> None:
        entry = region.entry(name)
        if not region.mapping.writable:
            raise ChannelError(f"channel {name}: the region is mapped read-only")
        self.name = name
        self._entry = entry
        self._clock = clock
        self._words = region.words
        self._slots = tuple(
            (
                (entry.offset + i * entry.stride) // 8,
                region.view[entry.offset + i * entry.stride :][: entry.stride],
            )
            for i in range(entry.slots)
        )
        self._count = entry.slots
        self._room = entry.stride - Slot.RECORD
        self._latest = (entry.base + Entry.LATEST) // 8
        self._heartbeat = (entry.base + Entry.OWNER_HEARTBEAT_NS) // 8
        self._leases = waiters.words if waiters else None
        self._lease = entry.index
        self._futex = region.address() + entry.base + Entry.LATEST
        fence = threading.Lock()
        self._enter_fence, self._leave_fence = fence.acquire, fence.release
        self._epoch = self._words[(entry.base + Entry.EPOCH) // 8]
        self._n = self._words[self._latest]
        self.tag("", 0, Precision.NONE, Device.NONE)

    def tag(self, engine: str, engine_hash: int, precision: Precision, device: Device) -> None:
        """Says what computes the records from now on.

        Args:
            engine: Name of the engine's card, at most 39 bytes; empty for none.
            engine_hash: First four bytes of its file's sha256.
            precision: Of its arithmetic.
            device: Where it runs.
        """
        self._tail = struct.pack(
            "<BBHII16x40s24x", precision, device, 0, self._epoch & 0xFFFFFFFF, engine_hash,
            engine.encode()[:39],
        )

    def publish(
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
            flags: Bit 0: something did not fit, the record's own counts say what.

        Returns:
            The record's number, from 1.

        Raises:
            ChannelError: When the record is larger than the channel's room.
        """
        data = record.tobytes() if isinstance(record, np.ndarray) else record
        size = len(data)
        if size > self._room:
            raise ChannelError(f"channel {self.name}: {size} bytes, room is {self._room}")
        n = self._n + 1
        words = self._words
        word, slot = self._slots[n % self._count]
        now = self._clock()
        words[word] = 2 * n - 1
        _pack_head(slot, 8, capture_ns, now, size, valid, reason, confidence)
        slot[36:128] = self._tail
        if flags:
            slot[38] = flags
        slot[128 : 128 + size] = data
        words[word] = 2 * n
        words[self._latest] = n
        self._n = n
        if self._leases is not None:
            # Taking a lock is a full fence: `latest` is out before the lease is looked at.
            self._enter_fence()
            self._leave_fence()
            if self._leases[self._lease] > now:
                wait.wake(self._futex)
        return n

    def heartbeat(self, time_ns: int) -> None:
        """The owner is alive at `time_ns`."""
        self._words[self._heartbeat] = time_ns
