"""Recordings: written, limited, read back, and decoded by stock MCAP tools."""

from __future__ import annotations

import stat
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest
from mcap.reader import make_reader
from mcap_ros2.decoder import DecoderFactory

from sensorium.channels.catalogue import CHANNELS, REGIONS
from sensorium.channels.layout import Slot
from sensorium.channels.reader import Snapshot
from sensorium.errors import RecordingError
from sensorium.health import Device, Precision, Reason
from sensorium.recording import Recorder, Recording, Stop, schema
from sensorium.records import Struct

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from sensorium.records import Record

START_NS = 5_000_000_000


def snapshot(record: Record, n: int = 1, *, publish_ns: int = START_NS, seed: int = 0) -> Snapshot:
    """A record whose every field differs from zero, reproducibly."""
    random = np.random.default_rng([record.id, n, seed])
    data = random.integers(1, 127, record.size, dtype=np.uint8).tobytes()
    return Snapshot(
        n=n, record=data, capture_ns=publish_ns - 1_000_000, publish_ns=publish_ns,
        valid=True, reason=Reason.NONE, confidence=0.25, precision=Precision.FP32,
        device=Device.CPU, flags=1, epoch=3, engine="an_engine", engine_hash=0xDEADBEEF,
    )


def assert_same(decoded: Any, value: np.void, struct: Struct) -> None:
    """Every field of a message that a stock tool decoded equals the record's."""
    for field in struct.fields:
        got, want = getattr(decoded, field.name), value[field.name]
        if isinstance(field.type, Struct):
            items = [(got, want)] if field.count == 1 else list(zip(got, want, strict=True))
            for one, other in items:
                assert_same(one, other, field.type)
        elif field.type == "char":
            assert bytes(got).rstrip(b"\0") == want
        elif isinstance(got, bytes):
            assert got == bytes(want)
        else:
            np.testing.assert_array_equal(np.asarray(got, np.asarray(want).dtype), want)


def test_the_slot_header_of_a_message_lies_as_in_a_ring() -> None:
    offsets = {placed.field.name: placed.offset for placed in schema.SLOT.placed}
    for slot in Slot:
        if slot not in (Slot.SEQ, Slot.RECORD):
            assert offsets[slot.name.lower()] == slot
    assert offsets["number"] == Slot.SEQ
    assert schema.SLOT.size == Slot.RECORD


def test_a_stock_tool_decodes_every_field_of_every_record(tmp_path: Path) -> None:
    written = {}
    with Recorder(tmp_path / "all.mcap", REGIONS) as recorder:
        for i, channel in enumerate(recorder.channels):
            sample = snapshot(channel.record, publish_ns=START_NS + i)
            written[channel.name] = sample
            assert recorder.write(channel.name, sample)
    assert {CHANNELS[name].record.id for name in written} >= {1, 2, 3, 4, 5, 6, 7, 8, 9}
    decoded = {}
    with (tmp_path / "all.mcap").open("rb") as file:
        reader = make_reader(file, decoder_factories=[DecoderFactory()], validate_crcs=True)
        for schema_, channel, message, content in reader.iter_decoded_messages():
            name = channel.topic.removeprefix("/sensorium/")
            decoded[name] = content
            record = CHANNELS[name].record
            assert schema_.encoding == "ros2msg"
            assert schema_.name.startswith("sensorium_msgs/msg/")
            sample = written[name]
            assert_same(content, np.frombuffer(sample.record, record.dtype)[0], record)
            slot = content.slot
            assert (slot.number, slot.capture_ns, slot.publish_ns) == (
                sample.n, sample.capture_ns, sample.publish_ns,
            )
            assert (slot.valid, slot.reason, slot.confidence) == (1, 0, 0.25)
            assert (slot.precision, slot.device, slot.flags, slot.epoch) == (1, 1, 1, 3)
            assert slot.engine_hash == 0xDEADBEEF
            assert bytes(slot.engine).rstrip(b"\0") == b"an_engine"
            assert message.log_time - message.publish_time == 1_000_000
    assert decoded.keys() == written.keys()


def test_records_come_back_in_order_of_publishing(tmp_path: Path) -> None:
    path = tmp_path / "ordered.mcap"
    random = np.random.default_rng(1)
    written: list[tuple[str, Snapshot]] = []
    head, hand = CHANNELS["head"].record, CHANNELS["hand_left"].record
    with Recorder(path, ["motion"]) as recorder:
        # Drained channel by channel, as a recorder does: out of order within 200 ms.
        for step in range(100):
            for name, record in (("head", head), ("hand_left", hand)):
                for k in range(18):
                    jitter = int(random.integers(0, 1000))
                    time_ns = START_NS + step * 200_000_000 + k * 11_111_111 + jitter
                    sample = snapshot(record, step * 18 + k + 1, publish_ns=time_ns)
                    written.append((name, sample))
                    recorder.write(name, sample)
    with Recording(path) as recording:
        read = list(recording.events())
        assert recording.counts == {"head": 1800, "hand_left": 1800}
        assert recording.complete
        assert recording.classes == ("motion",)
        only = [name for name, _ in recording.events(["head"])]
    assert read == sorted(written, key=lambda item: item[1].publish_ns)
    assert only == ["head"] * 1800


def test_an_invalid_record_keeps_its_reason(tmp_path: Path) -> None:
    sample = snapshot(CHANNELS["head"].record)._replace(valid=False, reason=Reason.INACTIVE)
    with Recorder(tmp_path / "r.mcap", ["motion"]) as recorder:
        recorder.write("head", sample)
    with Recording(tmp_path / "r.mcap") as recording:
        ((_, read),) = recording.events()
    assert not read.valid
    assert read.reason == Reason.INACTIVE


def test_only_named_classes_are_written(tmp_path: Path) -> None:
    with Recorder(tmp_path / "r.mcap", ["public"]) as recorder:
        with pytest.raises(RecordingError, match="audio is not of the recorded classes public"):
            recorder.write("audio", snapshot(CHANNELS["audio"].record))
        assert {channel.region for channel in recorder.channels} == {"public"}


@pytest.mark.parametrize("classes", [[], ["everything"]])
def test_a_class_that_does_not_exist_is_refused_before_the_file_is_made(
    tmp_path: Path, classes: list[str]
) -> None:
    with pytest.raises(RecordingError, match="name some of: public, motion"):
        Recorder(tmp_path / "r.mcap", classes)
    assert not (tmp_path / "r.mcap").exists()


def test_an_existing_file_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "r.mcap").write_bytes(b"mine")
    with pytest.raises(RecordingError, match="exists already"):
        Recorder(tmp_path / "r.mcap", ["public"])
    assert (tmp_path / "r.mcap").read_bytes() == b"mine"


@pytest.mark.skipif(sys.platform == "win32", reason="files have no mode there")
def test_the_file_is_the_users_alone(tmp_path: Path) -> None:
    with Recorder(tmp_path / "new" / "r.mcap", ["public"]):
        pass
    assert stat.S_IMODE((tmp_path / "new" / "r.mcap").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o700


def test_the_largest_size_holds(tmp_path: Path) -> None:
    path = tmp_path / "r.mcap"
    audio = CHANNELS["audio"].record
    n = 0
    with Recorder(path, ["audio"], max_bytes=300_000) as recorder:
        while recorder.write("audio", snapshot(audio, n + 1, publish_ns=START_NS + n * 32_000_000)):
            n += 1
            assert n < 1000
        assert recorder.stopped is Stop.BYTES
    assert 200_000 < path.stat().st_size <= 300_000
    with Recording(path) as recording:
        assert recording.counts == {"audio": n}
        assert recording.reason == Stop.BYTES.value


def test_the_longest_time_holds(tmp_path: Path) -> None:
    head = CHANNELS["head"].record
    with Recorder(tmp_path / "r.mcap", ["motion"], max_minutes=0.1) as recorder:
        samples = (
            ("head", snapshot(head, n, publish_ns=START_NS + n * 100_000_000)) for n in range(1000)
        )
        assert not recorder.write_all(samples)
        assert recorder.stopped is Stop.MINUTES
        assert recorder.messages == 61
    with Recording(tmp_path / "r.mcap") as recording:
        assert recording.duration_ns == 6_000_000_000


def test_what_was_lost_is_in_the_file(tmp_path: Path) -> None:
    with Recorder(tmp_path / "r.mcap", ["motion"]) as recorder:
        recorder.write("head", snapshot(CHANNELS["head"].record))
        recorder.lost["head"] = 7
    with Recording(tmp_path / "r.mcap") as recording:
        assert recording.lost == {"head": 7}


def test_a_recording_without_records_is_readable(tmp_path: Path) -> None:
    with Recorder(tmp_path / "r.mcap", ["motion"]):
        pass
    with Recording(tmp_path / "r.mcap") as recording:
        assert recording.counts == {}
        assert list(recording.events()) == []
