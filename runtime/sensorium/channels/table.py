"""The table of a region: which channels it has and where each ring lies."""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sensorium.channels import layout
from sensorium.channels.layout import Header, Slot
from sensorium.clock import CLOCK_ID
from sensorium.errors import ChannelError, VersionError
from sensorium.health import RegionState

if TYPE_CHECKING:
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


def region_size(entries: dict[str, EntryInfo]) -> int:
    """Bytes of a region with these entries, in whole pages."""
    last = max(entries.values(), key=lambda entry: entry.offset)
    return -(-(last.offset + last.slots * last.stride) // _PAGE) * _PAGE


def place(channels: tuple[Channel, ...]) -> dict[str, EntryInfo]:
    """Gives each channel its entry and its ring, in order."""
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


def write(
    view: memoryview, name: str, generation: int, entries: dict[str, EntryInfo], started_ns: int
) -> None:
    """Writes header and table into zeroed memory; the magic last."""
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


def read(view: memoryview) -> dict[str, EntryInfo]:
    """Reads and checks the table of a mapped region.

    Raises:
        ChannelError: When it is not a region or something lies outside the mapping.
        VersionError: When its layout has another major version.
    """
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
        (raw, record, record_major, record_minor, record_size, slots, offset, slot_stride, kind,
         max_age_ns, index) = _ENTRY.unpack_from(view, base)
        info = EntryInfo(
            raw.rstrip(b"\0").decode("ascii", "replace"), record, record_major, record_minor,
            record_size, slots, offset, slot_stride, kind, max_age_ns, index, base,
        )
        end = info.offset + info.slots * info.stride
        if (
            not info.slots
            or info.stride < Slot.RECORD + info.record_size
            or end > size
            or (info.offset | info.stride) % 8
            or info.index >= layout.FIRST_SEAT
        ):
            raise ChannelError(f"channel {info.name} does not fit its region")
        entries[info.name] = info
    return entries
