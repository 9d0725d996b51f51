"""The bytes of a slot: each field at its offset, whatever was written there before."""

from __future__ import annotations

import itertools
import math
import struct

import numpy as np
import pytest

from sensorium import records
from sensorium.channels.catalogue import Channel
from sensorium.channels.cursor import Cursor
from sensorium.channels.layout import Entry, Kind, Slot, stride
from sensorium.channels.region import Region
from sensorium.channels.status import Status
from sensorium.channels.writer import Writer
from sensorium.errors import ChannelError
from sensorium.health import Device, Precision, Reason

SIZE = 64
BLOCK = records.Record(
    "block", (records.fields.array("data", "u8", SIZE, "bytes"),), "64 B", id=99
)
NOW, CAPTURE = 5_000_000_000, 4_000_000_000
ROOM = stride(SIZE) - Slot.RECORD
TAGS = (
    ("", 0, Precision.NONE, Device.NONE),
    ("gesture-recognizer", 0xABCD1234, Precision.INT8, Device.CPU),
    ("x" * 60, 0xFFFFFFFF, Precision.FP32, Device.GPU),
)


@pytest.fixture
def region():
    made = Region.create("bench", [channel(4)], 1)
    yield made
    made.close()


def channel(slots: int) -> Channel:
    return Channel("block", BLOCK, "bench", Kind.STATE, slots, 0, "none")


def slot_of(region: Region, n: int) -> bytes:
    entry = region.entry("block")
    start = entry.offset + n % entry.slots * entry.stride
    return bytes(region.view[start : start + entry.stride])


def said(region: Region, n: int) -> dict[str, object]:
    """The slot of record `n` field by field, as the layout has them."""
    raw = slot_of(region, n)
    kinds = {
        Slot.SEQ: "Q", Slot.CAPTURE_NS: "Q", Slot.PUBLISH_NS: "Q", Slot.LENGTH: "I",
        Slot.VALID: "H", Slot.REASON: "H", Slot.CONFIDENCE: "f", Slot.PRECISION: "B",
        Slot.DEVICE: "B", Slot.FLAGS: "H", Slot.EPOCH: "I", Slot.ENGINE_HASH: "I",
        Slot.ENGINE: "40s",
    }
    fields = {
        place.name: struct.unpack_from(f"<{kind}", raw, place)[0] for place, kind in kinds.items()
    }
    length = fields["LENGTH"]
    return {**fields, "record": raw[Slot.RECORD : Slot.RECORD + length]}


def expected(
    n: int, epoch: int, tag, data: bytes, valid: bool, reason: int, confidence: float, flags: int
) -> dict[str, object]:
    engine, engine_hash, precision, device = tag
    return {
        "SEQ": 2 * n, "CAPTURE_NS": CAPTURE + n, "PUBLISH_NS": NOW, "LENGTH": len(data),
        "VALID": valid, "REASON": reason, "CONFIDENCE": confidence, "PRECISION": precision,
        "DEVICE": device, "FLAGS": flags, "EPOCH": epoch, "ENGINE_HASH": engine_hash,
        "ENGINE": engine.encode()[:39].ljust(40, b"\0"), "record": data,
    }


CASES = list(itertools.product(
    (True, False, 1, 0, np.True_), (Reason.NONE, Reason.MUTED, 0, 3), (0.5, 0.0, 1.0), (0, 1),
    (SIZE, SIZE - 1, SIZE + 1, 1, 0, ROOM),
))


def test_every_field_is_as_given_whatever_the_slot_held(region):
    noise = np.random.default_rng(0)
    writer, epoch, tag = Writer(region, "block", None, lambda: NOW), 0, TAGS[0]
    word = (region.entry("block").base + Entry.EPOCH) // 8
    for n, place in enumerate(noise.permutation(np.tile(np.arange(len(CASES)), 4)), 1):
        valid, reason, confidence, flags, size = CASES[place]
        if noise.random() < 0.1:
            epoch = region.words[word] = int(noise.integers(1, 1 << 32))
            writer, tag = Writer(region, "block", None, lambda: NOW), TAGS[0]
        elif noise.random() < 0.2:
            tag = TAGS[noise.integers(len(TAGS))]
            writer.tag(*tag)
        data = noise.bytes(size)
        given = (data, bytearray(data), np.frombuffer(data, np.uint8))[noise.integers(3)]
        assert n == writer.publish(
            given, CAPTURE + n, valid=valid, reason=reason, confidence=confidence, flags=flags
        )
        assert said(region, n) == expected(
            n, epoch, tag, data, bool(valid), int(reason), confidence, flags
        )
        assert region.words[(region.entry("block").base + Entry.LATEST) // 8] == n


def test_what_is_left_out_is_valid_without_confidence(region):
    writer = Writer(region, "block", None, lambda: NOW)
    writer.publish(bytes(SIZE), CAPTURE)
    found = said(region, 1)
    assert (found["VALID"], found["REASON"], found["FLAGS"]) == (1, 0, 0)
    assert math.isnan(found["CONFIDENCE"])


@pytest.mark.parametrize("wrong", [{"capture_ns": -1}, {"confidence": "high"}, {"flags": 2}])
def test_a_refused_record_leaves_the_slot_odd_and_the_next_one_takes_it(region, wrong):
    writer = Writer(region, "block", None, lambda: NOW)
    writer.publish(b"a" * SIZE, CAPTURE)
    with pytest.raises((struct.error, IndexError)):
        writer.publish(b"b" * SIZE, **{"capture_ns": CAPTURE, **wrong})
    assert region.words[(region.entry("block").base + Entry.LATEST) // 8] == 1
    assert said(region, 2)["SEQ"] == 3
    assert writer.publish(b"c" * SIZE, CAPTURE) == 2
    assert said(region, 2)["SEQ"] == 4
    assert said(region, 2)["record"] == b"c" * SIZE


def test_numbers_that_are_skipped_are_not_there(region):
    writer = Writer(region, "block", None, lambda: NOW)
    reader = Cursor(region, "block", BLOCK, live=False)
    assert writer.publish(bytes(SIZE), CAPTURE) == 1
    assert writer.skip_to(7)
    assert writer.publish(bytes(SIZE), CAPTURE) == 7
    assert not writer.skip_to(7)
    assert writer.publish(bytes(SIZE), CAPTURE) == 8
    reader.seek_oldest()
    found = []
    while reader.next(NOW) == Status.NEW:
        found.append(reader.sample.n)
    assert found == [7, 8]


def test_number_of_slots_that_is_no_power_of_two_is_refused():
    region = Region.create("bench", [channel(3)], 1)
    with pytest.raises(ChannelError, match="3 slots"):
        Writer(region, "block", None)
    region.close()
