"""Where everything lies in a region: the offsets that every reader and writer agrees on.

A region is one mapping: a header of 256 bytes, a table of entries (one a channel), the rings.
All numbers are little endian; all live counters are aligned 8-byte words.

A ring holds N slots. Counter n starts at 1; 0 is "never written". The record number n lies in
slot n % N. Write: slot.seq = 2n - 1; header and payload; slot.seq = 2n; latest = n.
Read: load latest = n, require slot.seq == 2n, copy, fence, check slot.seq again.
"""

from __future__ import annotations

from enum import IntEnum

MAGIC = 0x314D524F534E4553
"""`SENSORM1` read as a little-endian u64."""

LAYOUT_MAJOR = 1
LAYOUT_MINOR = 0

NAME_BYTES = 32
"""Bytes of a channel's name, its closing NUL included."""


class Header(IntEnum):
    """Byte offsets in the region's header."""

    MAGIC = 0  # u64
    LAYOUT_MAJOR = 8  # u32
    LAYOUT_MINOR = 12  # u32
    SIZE = 16  # u64, of the whole region
    GENERATION = 24  # u64
    CLOCK_ID = 32  # u32, clock.CLOCK_ID
    ENTRIES = 36  # u32, entries in the table
    TABLE = 40  # u32, offset of the table
    ENTRY_STRIDE = 44  # u32
    REGION = 48  # char[16], the grant class
    SUPERVISOR_PID = 64  # u64
    STARTED_NS = 72  # u64, when the supervisor started
    HEARTBEAT_NS = 128  # u64, the supervisor's newest
    STATE = 136  # u64, health.RegionState


HEADER_SIZE = 256


class Entry(IntEnum):
    """Byte offsets in an entry of the table: five cache lines."""

    NAME = 0  # char[32]
    RECORD_ID = 32  # u32
    RECORD_MAJOR = 36  # u16
    RECORD_MINOR = 38  # u16
    RECORD_SIZE = 40  # u32
    SLOTS = 44  # u32
    OFFSET = 48  # u64, of slot 0 from the region's start
    STRIDE = 56  # u32, bytes from slot to slot
    KIND = 60  # u32, 1 state, 2 event
    MAX_AGE_NS = 64  # u64, 0: never too old
    INDEX = 72  # u64, of this entry: its word in the waiters' page
    OWNER_PID = 128  # u64
    EPOCH = 136  # u64, counts owners
    OWNER_HEARTBEAT_NS = 144  # u64, by the owner
    STATE = 192  # u64, health.OwnerState, by the supervisor
    REASON = 200  # u64, health.Reason, by the supervisor
    LATEST = 256  # u64, by the owner; its low half is the futex word


ENTRY_STRIDE = 320


class Slot(IntEnum):
    """Byte offsets in a slot: its header, then the record."""

    SEQ = 0  # u64
    CAPTURE_NS = 8  # u64, when the world was so
    PUBLISH_NS = 16  # u64, when the record was written
    LENGTH = 24  # u32, bytes of the record
    VALID = 28  # u16, 1 valid, 0 see REASON
    REASON = 30  # u16, health.Reason
    CONFIDENCE = 32  # f32, 0..1; NaN: the source gives none
    PRECISION = 36  # u8, health.Precision
    DEVICE = 37  # u8, health.Device
    FLAGS = 38  # u16, bit 0: something did not fit; see the record's own counts
    EPOCH = 40  # u32, of the owner that wrote it
    ENGINE_HASH = 44  # u32, first four bytes of the engine file's sha256
    ENGINE = 64  # char[40], the engine's name
    RECORD = 128


WAITERS_SIZE = 4096
"""Bytes of the waiters' page, u64 [512]: a lease (monotonic ns) for each entry's index, then one
for each seat."""
SEATS = 32
"""Windows: how many can sleep on a region at once; others look at it every 2 ms."""
FIRST_SEAT = WAITERS_SIZE // 8 - SEATS
"""The word of the first seat; indexes of entries are less."""


class Kind(IntEnum):
    """What a channel is for."""

    STATE = 1
    """Only the newest counts: read it."""
    EVENT = 2
    """Each one counts: follow it with a cursor."""


def stride(record_size: int) -> int:
    """Bytes from slot to slot: header and record with a quarter spare, in whole cache lines."""
    return -(-(Slot.RECORD + record_size) * 5 // 4 // 64) * 64
