"""The records' rules: sizes, alignment, padding, text."""

from __future__ import annotations

import ctypes

import pytest

from sensorium import records
from sensorium.channels.catalogue import CHANNELS, REGIONS
from sensorium.records.fields import Struct

C_TYPES = {
    "u8": ctypes.c_uint8, "u16": ctypes.c_uint16, "u32": ctypes.c_uint32,
    "u64": ctypes.c_uint64, "i32": ctypes.c_int32, "f32": ctypes.c_float,
    "f64": ctypes.c_double, "char": ctypes.c_char,
}


def as_ctypes(struct: Struct) -> type[ctypes.Structure]:
    """The struct as ctypes lays it out by the platform's own C rules, without our padding."""
    fields = []
    for field in struct.fields:
        kind = as_ctypes(field.type) if isinstance(field.type, Struct) else C_TYPES[field.type]
        fields.append((field.name, kind * field.count if field.count > 1 else kind))
    return type(struct.name, (ctypes.Structure,), {"_fields_": fields})


@pytest.mark.parametrize("record", records.RECORDS, ids=lambda record: record.name)
def test_offsets_are_those_of_c(record):
    c = as_ctypes(record)
    for placed in record.placed:
        if not placed.field.name.startswith("_pad"):
            assert getattr(c, placed.field.name).offset == placed.offset
    assert record.size == -(-ctypes.sizeof(c) // 64) * 64
    assert record.dtype.itemsize == record.size


@pytest.mark.parametrize("record", records.RECORDS, ids=lambda record: record.name)
def test_every_byte_belongs_to_a_field(record):
    def check(struct: Struct) -> None:
        end = 0
        for placed in struct.placed:
            assert placed.offset == end
            end += placed.field.size
            if isinstance(placed.field.type, Struct):
                check(placed.field.type)
        assert end == struct.size

    check(record)


def test_ids_and_names_are_unique():
    assert len({record.id for record in records.RECORDS}) == len(records.RECORDS)
    assert len({record.name for record in records.RECORDS}) == len(records.RECORDS)
    assert all(channel.record in records.RECORDS for channel in CHANNELS.values())
    assert {channel.region for channel in CHANNELS.values()} == {*REGIONS, "app"}


@pytest.mark.parametrize(
    ("text", "size", "expected"),
    [
        ("fist", 8, (b"fist", False)),
        ("1234567", 8, (b"1234567", False)),
        ("12345678", 8, (b"1234567", True)),
        ("ab\N{GRINNING FACE}", 6, (b"ab", True)),
        ("\N{LATIN SMALL LETTER E WITH ACUTE}" * 4, 8, (b"\xc3\xa9" * 3, True)),
        ("", 8, (b"", False)),
    ],
)
def test_text_is_never_cut_inside_a_code_point(text, size, expected):
    assert records.encode_text(text, size) == expected
