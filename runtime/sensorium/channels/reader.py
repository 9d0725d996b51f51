"""The reader of one channel's newest record: no system call, no lock, no wait."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sensorium import records
from sensorium.channels.layout import Entry, Header, Slot
from sensorium.channels.status import Status
from sensorium.health import OwnerState, Reason, RegionState

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sensorium.channels.region import Region

SUPERVISOR_MAX_AGE_NS = 1_000_000_000
"""A supervisor that has not beaten for this long is taken for dead."""

_TRIES = 4
# Plain numbers: arithmetic on an IntEnum costs more than the read itself.
_RECORD = int(Slot.RECORD) - 8
_REGION_STATE = Header.STATE // 8
_HEARTBEAT = Header.HEARTBEAT_NS // 8
_LIVE = int(RegionState.LIVE)
_ABANDONED = (int(OwnerState.LOST), int(OwnerState.STOPPED), int(OwnerState.VACANT))
_FUTURE_NS = 1_000_000_000
"""A record from further ahead than this is of another clock, and nobody knows how old it is."""
_HEAD = struct.Struct("<QQIHHfBBHII16x40s24x")


class Snapshot(NamedTuple):
    """One record as it was read.

    Attributes:
        n: Its number in the channel, from 1; 0: nothing was ever written.
        record: Its bytes.
        capture_ns: When the world was so.
        publish_ns: When it was written.
        valid: False: nothing to give, see `reason`.
        reason: Why not.
        confidence: 0..1, NaN where none is given.
        precision: `health.Precision`.
        device: `health.Device`.
        flags: Bit 0: something did not fit.
        epoch: Counts owners.
        engine: Name of the engine's card; empty for none.
        engine_hash: First four bytes of its file's sha256.
        length: Bytes that were written; `record` may be the first of them.
    """

    n: int = 0
    record: bytes = b""
    capture_ns: int = 0
    publish_ns: int = 0
    valid: bool = False
    reason: int = Reason.NONE
    confidence: float = float("nan")
    precision: int = 0
    device: int = 0
    flags: int = 0
    epoch: int = 0
    engine: str = ""
    engine_hash: int = 0
    length: int = 0

    def view(self, record: records.Record) -> NDArray[np.void]:
        """The bytes as a read-only array of shape (1,) of `record`'s dtype."""
        return np.frombuffer(self.record, record.dtype, 1)


EMPTY = Snapshot()


class Ring:
    """What a reader and a cursor share: the words of one channel and a checked copy of a slot.

    Args:
        region: Mapped.
        name: The channel.
        record: What this reader knows; None: this version's own record of the channel's id.
        live: False judges a record by its age alone and goes on in a region that has ended: for
            a clock that is not the daemon's, and to take what is left.
        head: Bytes of each record that are copied, its first; None: all of it.

    Attributes:
        sample: The record that was read last.
        age_ns: Its age since it was written, in ns.
        live: As given; may be changed.
        reason: The `health.Reason` of an INVALID answer, or why its writer is gone.
    """

    def __init__(
        self,
        region: Region,
        name: str,
        record: records.Record | None = None,
        *,
        live: bool = True,
        head: int | None = None,
    ) -> None:
        entry = region.entry(name)
        self.name = name
        self.entry = entry
        self.region = region
        self.sample = EMPTY
        self.age_ns = 0
        self.reason: int = Reason.NONE
        self._max_age_ns = entry.max_age_ns
        room = entry.stride - _RECORD - 8
        self._most = room if head is None else min(room, head)
        self._words = region.words
        self._view = region.view
        self._latest = (entry.base + Entry.LATEST) // 8
        self._state = (entry.base + Entry.STATE) // 8
        self._futex = 0
        self.live = live
        self._expected = record or records.BY_ID.get(entry.record_id)
        self.version_ok = (
            self._expected is not None
            and entry.record_id == self._expected.id
            and entry.record_major == self._expected.major
            and entry.record_size >= self._expected.size
        )

    @property
    def version(self) -> str:
        """The channel's record and the one that this reader knows, for an error message."""
        entry, own = self.entry, self._expected
        known = f"{own.name} {own.major}.{own.minor} of {own.size} bytes" if own else "none"
        return (
            f"channel {self.name} carries record {entry.record_id} {entry.record_major}."
            f"{entry.record_minor} of {entry.record_size} bytes, this reader knows {known}"
        )

    def latest(self) -> int:
        """The number of the newest record; 0: nothing was ever written."""
        return self._words[self._latest]

    def ended(self) -> bool:
        """Whether the region was closed, replaced or revoked."""
        return self._words[_REGION_STATE] != _LIVE

    def futex(self) -> int:
        """The address of the word that a sleeper waits on."""
        if not self._futex:
            self._futex = self.region.address() + self.entry.base + Entry.LATEST
        return self._futex

    def _copy(self, n: int) -> Snapshot | None:
        """Copies record `n`, or gives None when it is not whole or not there any more."""
        entry = self.entry
        start = entry.offset + (n % entry.slots) * entry.stride
        if self._words[start // 8] != 2 * n:
            return None
        # What a slot has to spare, of a large record tens of kilobytes, is not copied.
        (capture, publish, length, valid, reason, confidence, precision, device, flags, epoch,
         engine_hash, engine) = _HEAD.unpack_from(self._view, start + 8)
        first = start + 8 + _RECORD
        record = bytes(self._view[first : first + min(length, self._most)])
        if self._words[start // 8] != 2 * n:
            return None
        return Snapshot(
            n, record, capture, publish, valid == 1, reason, confidence,
            precision, device, flags, epoch, engine.rstrip(b"\0").decode("utf-8", "replace"),
            engine_hash, length,
        )

    def _gone(self) -> Status | None:
        """VERSION, DENIED or CLOSED, where the whole region or record is out of reach."""
        if not self.version_ok:
            return Status.VERSION
        state = self._words[_REGION_STATE]
        if state == _LIVE or not self.live:
            return None
        return Status.DENIED if state == RegionState.REVOKED else Status.CLOSED

    def _abandoned(self, now_ns: int) -> bool:
        """Whether the channel's writer or the daemon is gone; the table's reason says why."""
        if not self.live:
            return False
        if self._words[self._state] in _ABANDONED:
            self.reason = self._words[self._state + 1]
            return True
        return now_ns - self._words[_HEARTBEAT] > SUPERVISOR_MAX_AGE_NS

    def _judge(self, now_ns: int, *, new: bool) -> Status:
        sample = self.sample
        age_ns = now_ns - sample.publish_ns
        self.age_ns = max(0, age_ns)
        self.reason = sample.reason
        if self._abandoned(now_ns) or 0 < self._max_age_ns < age_ns or age_ns < -_FUTURE_NS:
            return Status.STALE
        if not sample.valid:
            return Status.INVALID
        return Status.NEW if new else Status.SAME

    def _never_written(self) -> Status:
        self.sample = EMPTY
        word = (self.entry.base + Entry.REASON) // 8
        self.reason = self._words[word] or Reason.STARTING
        return Status.INVALID


class Reader(Ring):
    """Reads the newest record of a channel.

    After `read`: `sample` is the record, `age_ns` its age, `reason` why it is INVALID or STALE.
    """

    def read(self, now_ns: int) -> Status:
        """Reads once, with at most four tries; then the last value stands.

        Args:
            now_ns: The time of the caller's clock (one call a frame is enough).

        Returns:
            What `sample` is worth.
        """
        gone = self._gone()
        if gone is not None:
            return gone
        for _ in range(_TRIES):
            n = self._words[self._latest]
            if n == 0:
                return self._never_written()
            if n == self.sample.n:
                return self._judge(now_ns, new=False)
            sample = self._copy(n)
            if sample is not None:
                self.sample = sample
                return self._judge(now_ns, new=True)
        return self._never_written() if self.sample.n == 0 else self._judge(now_ns, new=False)
