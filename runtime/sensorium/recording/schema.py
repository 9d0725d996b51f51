"""What a message in a recording looks like: a ring's slot, described as a ROS 2 message.

Records and the slot header lie at natural alignment and every gap is a field of its own, so the
bytes of a slot are at the same time the CDR encoding of a message with these fields. A message
is the encapsulation header of four bytes, the slot header (its sequence word holds the record's
number), the record. Text is `uint8[n]`, UTF-8 padded with NUL: CDR has no fixed-length text.

Sources: DDSI-RTPS 2.5, section 10.2 (encapsulation and alignment); REP 149 and the MCAP format
registry (`cdr`, `ros2msg`: the definitions a message needs follow it, each behind a line of `=`).
"""

from __future__ import annotations

import struct as binary
from typing import TYPE_CHECKING

from sensorium.channels.layout import Slot
from sensorium.channels.reader import Snapshot
from sensorium.records.fields import Struct, array, scalar, text

if TYPE_CHECKING:
    from sensorium.records import Field, Record

PACKAGE = "sensorium_msgs"
MESSAGE_ENCODING = "cdr"
SCHEMA_ENCODING = "ros2msg"
TOPIC = "/sensorium/"
"""A channel's topic is this and its name."""

ENCAPSULATION = b"\x00\x01\x00\x00"
"""Plain CDR, little endian, no options."""

SLOT = Struct(
    "slot",
    (
        scalar("number", "u64", "of the record in its channel, from 1"),
        scalar("capture_ns", "u64", "when the world was so, the daemon's monotonic clock"),
        scalar("publish_ns", "u64", "when the record was written, the same clock"),
        scalar("length", "u32", "bytes of the record"),
        scalar("valid", "u16", "1 valid, 0 see `reason`"),
        scalar("reason", "u16", "health.Reason"),
        scalar("confidence", "f32", "0..1; NaN where the source gives none"),
        scalar("precision", "u8", "health.Precision"),
        scalar("device", "u8", "health.Device"),
        scalar("flags", "u16", "bit 0: something did not fit"),
        scalar("epoch", "u32", "counts owners"),
        scalar("engine_hash", "u32", "first four bytes of the engine file's sha256"),
        array("reserved", "u8", 16, "0"),
        text("engine", 40, "name of the engine's card"),
        array("spare", "u8", 24, "0"),
    ),
    "The header of every record, as it lies in a ring.",
)

HEAD_BYTES = len(ENCAPSULATION) + Slot.RECORD
"""Bytes before the record."""

_HEAD = binary.Struct("<4sQQQIHHfBBHII16x40s24x")
_TYPES = {
    "u8": "uint8",
    "u16": "uint16",
    "u32": "uint32",
    "u64": "uint64",
    "i32": "int32",
    "f32": "float32",
    "f64": "float64",
    "char": "uint8",
}
_LINE = "=" * 80


def schema_name(record: Record) -> str:
    """The ROS 2 name of a record's message."""
    return f"{PACKAGE}/msg/{_camel(record.name)}"


def definition(record: Record) -> bytes:
    """The `ros2msg` text of a record's message and of every struct in it."""
    parts = [f"# {record.doc}\n{PACKAGE}/{_camel(SLOT.name)} {SLOT.name}\n{_fields(record)}"]
    parts.extend(
        f"{_LINE}\nMSG: {PACKAGE}/{_camel(struct.name)}\n# {struct.doc}\n{_fields(struct)}"
        for struct in (SLOT, *_structs(record))
    )
    return "".join(parts).encode()


def metadata(record: Record, grant_class: str) -> dict[str, str]:
    """What a recorded channel says of itself, so that a reader can check the version."""
    return {
        "class": grant_class,
        "record_id": str(record.id),
        "record_major": str(record.major),
        "record_minor": str(record.minor),
        "record_size": str(record.size),
    }


def encode(sample: Snapshot) -> bytes:
    """One message: encapsulation, slot header, record."""
    head = _HEAD.pack(
        ENCAPSULATION, sample.n, sample.capture_ns, sample.publish_ns, len(sample.record),
        sample.valid, sample.reason, sample.confidence, sample.precision, sample.device,
        sample.flags, sample.epoch, sample.engine_hash, sample.engine.encode(),
    )
    return head + sample.record


def decode(message: bytes, size: int) -> Snapshot:
    """The record of one message.

    Args:
        message: As `encode` made it.
        size: Bytes of the record as this version knows it. An older, shorter record is filled
            up with zeros, of a newer one the known part is taken.

    Raises:
        ValueError: When the message is shorter than its head or differently encoded.
    """
    if len(message) < HEAD_BYTES:
        raise ValueError(f"a message of {len(message)} bytes, its head alone has {HEAD_BYTES}")
    (encapsulation, number, capture, publish, length, valid, reason, confidence, precision,
     device, flags, epoch, engine_hash, engine) = _HEAD.unpack_from(message)
    if encapsulation != ENCAPSULATION:
        raise ValueError("a message that is not little-endian CDR")
    record = message[HEAD_BYTES : HEAD_BYTES + min(length, size)].ljust(size, b"\0")
    return Snapshot(
        number, record, capture, publish, valid == 1, reason, confidence, precision, device,
        flags, epoch, engine.rstrip(b"\0").decode("utf-8", "replace"), engine_hash,
    )


def _structs(struct: Struct) -> list[Struct]:
    """Every struct that `struct` contains, at any depth, each once."""
    found: dict[str, Struct] = {}
    for field in struct.fields:
        if isinstance(field.type, Struct):
            found[field.type.name] = field.type
            found |= {inner.name: inner for inner in _structs(field.type)}
    return list(found.values())


def _fields(struct: Struct) -> str:
    return "".join(_field(placed.field) for placed in struct.placed)


def _field(field: Field) -> str:
    name = field.name
    if name.startswith("_pad"):
        name = f"padding{name.removeprefix('_pad')}"
    if isinstance(field.type, Struct):
        kind = f"{PACKAGE}/{_camel(field.type.name)}"
    else:
        kind = _TYPES[field.type]
    is_array = field.count > 1 or field.type == "char" or name.startswith("padding")
    return f"{kind}{f'[{field.count}]' if is_array else ''} {name}  # {field.doc}\n"


def _camel(name: str) -> str:
    return "".join(word.capitalize() for word in name.split("_"))
