"""The ring's protocol, step by step: what a reader and a cursor return when."""

from __future__ import annotations

import sys
import threading
import time

import numpy as np
import pytest

from sensorium import records
from sensorium.channels import layout, mapping, wait
from sensorium.channels.catalogue import CHANNELS, in_region
from sensorium.channels.cursor import Cursor
from sensorium.channels.layout import Entry, Header, Kind, Slot
from sensorium.channels.reader import SUPERVISOR_MAX_AGE_NS, Reader
from sensorium.channels.region import Region, Waiters
from sensorium.channels.status import Status
from sensorium.channels.writer import Writer
from sensorium.errors import ChannelError, VersionError
from sensorium.health import Device, OwnerState, Precision, Reason, RegionState

STARTED = 1_000_000_000


class Ticking:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now = STARTED

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock():
    return Ticking()


@pytest.fixture
def motion(clock):
    region = live_region("motion", 7)
    yield region
    region.close()


def live_region(name: str, generation: int) -> Region:
    """A region whose channels all have an owner that is live."""
    region = Region.create(name, in_region(name), generation, started_ns=STARTED)
    for channel in region.entries:
        region.set_owner_state(channel, OwnerState.LIVE, Reason.NONE)
    return region


def other_view(region: Region) -> Region:
    """A second, read-only mapping of the same memory, as another process has it."""
    return Region.map_fd(mapping.new_handle(region.mapping, writable=False))


def test_region_is_read_back_as_it_was_made(motion):
    other = other_view(motion)
    assert (other.name, other.generation, other.state) == ("motion", 7, RegionState.LIVE)
    assert other.entries == motion.entries
    entry = other.entry("hand_left")
    assert (entry.record_id, entry.record_size) == (records.HAND.id, records.HAND.size)
    assert entry.stride % 64 == 0
    assert entry.stride >= (Slot.RECORD + records.HAND.size) * 1.2


def test_read_only_handle_cannot_be_mapped_writable(motion):
    with pytest.raises(ChannelError, match="cannot map"):
        Region.map_fd(mapping.new_handle(motion.mapping, writable=False), writable=True)


@pytest.mark.skipif(sys.platform == "win32", reason="a section has no size to change")
def test_unnamed_region_can_be_neither_shrunk_nor_grown(motion):
    import os

    for size in (0, motion.size * 2):
        with pytest.raises(PermissionError):
            os.ftruncate(motion.mapping.handle, size)


def test_status_of_each_step(motion, clock):
    writer = Writer(motion, "head", None, clock)
    reader = Reader(other_view(motion), "head")
    assert reader.read(clock.now) is Status.INVALID
    assert reader.reason == Reason.STARTING
    record = records.HEAD.zeros()
    record["pose"]["position"] = (1, 2, 3)
    writer.tag("openxr", 0xABCD, Precision.FP32, Device.RUNTIME)
    assert writer.publish(record, STARTED - 5, confidence=0.5, flags=1) == 1
    assert reader.read(clock.now) is Status.NEW
    sample = reader.sample
    assert (sample.n, sample.capture_ns, sample.publish_ns) == (1, STARTED - 5, STARTED)
    assert (sample.engine, sample.engine_hash, sample.flags) == ("openxr", 0xABCD, 1)
    assert (sample.precision, sample.device, sample.confidence) == (1, 3, 0.5)
    assert sample.view(records.HEAD)["pose"]["position"][0].tolist() == [1, 2, 3]
    assert reader.read(clock.now) is Status.SAME
    writer.publish(record, STARTED, valid=False, reason=Reason.INACTIVE)
    assert reader.read(clock.now) is Status.INVALID
    assert reader.reason == Reason.INACTIVE


def test_old_record_is_stale_and_still_given(motion, clock):
    Writer(motion, "head", None, clock).publish(records.HEAD.zeros(), STARTED)
    reader = Reader(motion, "head")
    limit = CHANNELS["head"].max_age_ns
    assert reader.read(clock.now + limit) is Status.NEW
    assert reader.read(clock.now + limit + 1) is Status.STALE
    assert reader.sample.n == 1
    assert reader.age_ns == limit + 1


@pytest.mark.parametrize("state", [OwnerState.LOST, OwnerState.STOPPED, OwnerState.VACANT])
def test_record_of_a_lost_owner_is_stale_at_once_and_says_why(motion, clock, state):
    Writer(motion, "head", None, clock).publish(records.HEAD.zeros(), STARTED)
    reader, cursor = Reader(motion, "head"), Cursor(motion, "head")
    motion.set_owner_state("head", state, Reason.OWNER_LOST)
    assert reader.read(clock.now) is Status.STALE
    assert reader.reason == Reason.OWNER_LOST
    assert cursor.next(clock.now) is Status.STALE
    assert cursor.reason == Reason.OWNER_LOST


def test_record_from_the_future_is_stale(motion, clock):
    Writer(motion, "head", None, clock).publish(records.HEAD.zeros(), STARTED)
    reader = Reader(motion, "head")
    assert reader.read(STARTED - 1_000_000_000) is Status.NEW
    assert reader.age_ns == 0
    assert reader.read(STARTED - 1_000_000_001) is Status.STALE


def test_reader_of_another_clock_judges_by_age_alone(motion, clock):
    Writer(motion, "head", None, clock).publish(records.HEAD.zeros(), STARTED)
    motion.heartbeat(1)
    assert Reader(motion, "head").read(STARTED + SUPERVISOR_MAX_AGE_NS) is Status.STALE
    assert Reader(motion, "head", live=False).read(STARTED + 1) is Status.NEW


def test_sleeping_on_nothing_is_a_sleep():
    before = time.process_time()
    assert wait.wait_any([], [], 0.3) is False
    spent_s = time.process_time() - before
    assert spent_s < 0.2, "it spun"


def test_silent_supervisor_makes_everything_stale(motion):
    moment = STARTED + SUPERVISOR_MAX_AGE_NS
    Writer(motion, "head", None, lambda: moment).publish(records.HEAD.zeros(), moment)
    assert Reader(motion, "head").read(moment) is Status.NEW
    assert Reader(motion, "head").read(moment + 1) is Status.STALE


@pytest.mark.parametrize(
    ("state", "status"),
    [
        (RegionState.REVOKED, Status.DENIED),
        (RegionState.REPLACED, Status.CLOSED),
        (RegionState.CLOSED, Status.CLOSED),
    ],
)
def test_ended_region(motion, clock, state, status):
    Writer(motion, "head", None, clock).publish(records.HEAD.zeros(), STARTED)
    reader, cursor = Reader(motion, "head"), Cursor(motion, "head")
    motion.set_state(state)
    assert reader.read(clock.now) is status
    assert cursor.next(clock.now) is status


def test_record_of_another_major_or_smaller_size_is_version(motion, clock):
    import dataclasses

    for change in ({"major": 2}, {"id": 99}):
        reader = Reader(motion, "head", dataclasses.replace(records.HEAD, **change))
        assert reader.read(clock.now) is Status.VERSION
    longer = records.Record("head", records.HAND.fields, "longer", id=records.HEAD.id)
    reader = Reader(motion, "head", longer)
    assert reader.read(clock.now) is Status.VERSION
    assert "128 bytes" in reader.version
    assert "1600 bytes" in reader.version


def test_older_reader_of_a_grown_record_works(motion, clock):
    shorter = records.Record("hand", records.HAND.fields[:4], "older", id=records.HAND.id)
    record = records.HAND.zeros()
    record["side"] = 2
    Writer(motion, "hand_right", None, clock).publish(record, STARTED)
    reader = Reader(motion, "hand_right", shorter)
    assert reader.read(clock.now) is Status.NEW
    assert reader.sample.view(shorter)["side"][0] == 2


def test_half_written_slot_is_never_returned(motion, clock):
    writer = Writer(motion, "head", None, clock)
    reader, cursor = Reader(motion, "head"), Cursor(motion, "head")
    cursor.seek_oldest()
    writer.publish(records.HEAD.zeros(), STARTED)
    entry = motion.entry("head")
    second = (entry.offset + 2 * entry.stride) // 8
    motion.words[second] = 2 * 2 - 1
    assert reader.read(clock.now) is Status.NEW
    assert reader.sample.n == 1
    motion.words[(entry.base + Entry.LATEST) // 8] = 2
    assert reader.read(clock.now) is Status.SAME
    assert reader.sample.n == 1
    assert cursor.next(clock.now) is Status.NEW
    assert cursor.next(clock.now) is Status.SAME
    assert cursor.lost == 1


def test_restarted_writer_goes_on_behind_the_last_record(motion, clock):
    first = Writer(motion, "head", None, clock)
    for _ in range(6):
        first.publish(records.HEAD.zeros(), STARTED)
    entry = motion.entry("head")
    motion.words[(entry.offset + (7 % 4) * entry.stride) // 8] = 2 * 7 - 1  # died in the 7th
    assert motion.new_owner("head", 4711) == 1
    second = Writer(motion, "head", None, clock)
    assert second.publish(records.HEAD.zeros(), STARTED) == 7
    reader = Reader(motion, "head")
    assert reader.read(clock.now) is Status.NEW
    assert (reader.sample.n, reader.sample.epoch) == (7, 1)


def test_cursor_returns_each_event_once_and_counts_what_it_lost(clock):
    region = live_region("public", 1)
    writer = Writer(region, "voice_event", None, clock)
    cursor = Cursor(region, "voice_event")
    event = records.VOICE_ACTIVITY.zeros()

    def publish(count: int) -> None:
        for _ in range(count):
            event["onsets"] += 1
            writer.publish(event, STARTED)

    def taken() -> list[int]:
        numbers = []
        while cursor.next(clock.now) is Status.NEW:
            numbers.append(int(cursor.sample.view(records.VOICE_ACTIVITY)["onsets"][0]))
        return numbers

    publish(254)
    assert taken() == list(range(1, 255))
    assert cursor.lost == 0
    publish(300)
    # latest - wanted >= N - 1: the oldest slots may be under the writer's hands.
    assert taken() == list(range(554 - 256 + 2, 555))
    assert cursor.lost == 300 - 255
    cursor.seek_oldest()
    assert taken()[0] == 300


def test_cursor_of_audio_reaches_back_half_a_minute():
    channel = CHANNELS["audio"]
    assert channel.kind is Kind.EVENT
    assert (channel.slots - 2) * 512 / 16000 >= 30


def test_writer_refuses_what_does_not_fit_and_what_it_may_not_write(motion, clock):
    writer = Writer(motion, "head", None, clock)
    with pytest.raises(ChannelError, match="room is"):
        writer.publish(bytes(4096), STARTED)
    with pytest.raises(ChannelError, match="read-only"):
        Writer(other_view(motion), "head", None, clock)
    with pytest.raises(ChannelError, match="has no channel nose"):
        Writer(motion, "nose", None, clock)


@pytest.mark.parametrize("timeout_s", [0.0, 0.05])
def test_wait_ends_by_itself(motion, timeout_s):
    page = Waiters.create("motion")
    readers = [(Reader(motion, name), 0) for name in ("head", "hand_left")]
    assert wait.wait_any(readers, [page, page], timeout_s) is False


@pytest.mark.parametrize("names", [("head",), ("hand_left", "head")])
def test_sleeper_is_woken_by_a_record_and_by_the_regions_end(motion, names):
    page = Waiters.create("motion")
    other = other_view(motion)
    readers = [(Reader(other, name), 0) for name in names]
    writer = Writer(motion, "head", page)
    answers = []

    def sleep() -> None:
        answers.append(wait.wait_any(readers, [page] * len(names), 60.0))

    for act in (
        lambda: writer.publish(records.HEAD.zeros(), STARTED),
        lambda: motion.set_state(RegionState.CLOSED),
    ):
        sleeper = threading.Thread(target=sleep)
        sleeper.start()
        while not page.words[motion.entry("head").index]:
            time.sleep(0.001)
        act()
        sleeper.join(60.0)
        assert not sleeper.is_alive()
        readers = [(reader, reader.latest()) for reader, _ in readers]
        page.words[motion.entry("head").index] = 0
    assert answers == [True, True]


def damaged(offset: int, value: int, size: int) -> bytes:
    region = Region.create("motion", in_region("motion"), 1)
    data = bytearray(region.view)
    data[offset : offset + size] = value.to_bytes(size, "little")
    return bytes(data)


@pytest.mark.parametrize(
    ("offset", "value", "size", "error", "words"),
    [
        (Header.MAGIC, 0, 8, ChannelError, "magic"),
        (Header.LAYOUT_MAJOR, 9, 4, VersionError, "9.0"),
        (Header.SIZE, 1 << 40, 8, ChannelError, "table"),
        (Header.ENTRIES, 1 << 20, 4, ChannelError, "table"),
        (layout.HEADER_SIZE + Entry.OFFSET, 1 << 30, 8, ChannelError, "head does not fit"),
        (layout.HEADER_SIZE + Entry.STRIDE, 64, 4, ChannelError, "head does not fit"),
        (layout.HEADER_SIZE + Entry.SLOTS, 0, 4, ChannelError, "head does not fit"),
    ],
)
def test_damaged_region_is_refused(tmp_path, offset, value, size, error, words):
    path = tmp_path / "region"
    path.write_bytes(damaged(offset, value, size))
    with pytest.raises(error, match=words):
        Region.map_path(path)


def test_missing_and_foreign_files_are_refused(tmp_path):
    with pytest.raises(ChannelError, match="cannot open"):
        Region.map_path(tmp_path / "nothing")
    (tmp_path / "short").write_bytes(b"x")
    with pytest.raises(ChannelError, match="too small"):
        Region.map_path(tmp_path / "short")


def test_publishing_an_array_and_its_bytes_is_the_same(motion, clock):
    record = records.HAND.zeros()
    record["joints"]["position"] = np.arange(78).reshape(26, 3)
    writer, reader = Writer(motion, "hand_left", None, clock), Reader(motion, "hand_left")
    writer.publish(record, STARTED)
    reader.read(clock.now)
    first = reader.sample.record
    writer.publish(record.tobytes(), STARTED)
    reader.read(clock.now)
    assert reader.sample.record == first
