"""Recordings that ended badly or are not ours: a full disk, a killed writer, damaged files."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from mcap.reader import make_reader
from mcap.writer import Writer

from sensorium.channels.catalogue import CHANNELS
from sensorium.channels.reader import Snapshot
from sensorium.errors import RecordingError
from sensorium.recording import Recorder, Recording, Stop, schema
from sensorium.recording.writer import ABOUT, CLOCK

if TYPE_CHECKING:
    from collections.abc import Iterator

AUDIO = CHANNELS["audio"].record
HEAD = CHANNELS["head"].record


def noise(n: int) -> Snapshot:
    """A block of sound that cannot be compressed."""
    data = np.random.default_rng(n).integers(0, 256, AUDIO.size, dtype=np.uint8).tobytes()
    time_ns = n * 32_000_000
    return Snapshot(n, data, time_ns, time_ns, valid=True)


def write_small(path: Path, count: int = 300) -> None:
    with Recorder(path, ["audio"]) as recorder:
        recorder.write_all(("audio", noise(n)) for n in range(1, count + 1))


def read_all(path: Path) -> int:
    with Recording(path) as recording:
        return sum(1 for _ in recording.events())


def assert_whole_up_to_its_end(path: Path) -> int:
    """Our reader and a stock one read the same records, from the first on without a hole."""
    with Recording(path) as recording:
        read = [sample for _, sample in recording.events()]
    assert [sample.n for sample in read] == list(range(1, len(read) + 1))
    assert all(sample.record == noise(sample.n).record for sample in read)
    with path.open("rb") as file:
        stock = [message.sequence for _, _, message in make_reader(file).iter_messages()]
    assert stock == [sample.n for sample in read]
    return len(read)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 1 MB."""
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("mounting a small file system needs root on Linux")
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1M", "tmpfs", str(disk)],
        check=False, capture_output=True, text=True,
    )
    if mounted.returncode:
        pytest.skip(f"mount refused: {mounted.stderr.strip()}")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def fill(path: Path) -> tuple[int, Stop | None]:
    with Recorder(path, ["audio"]) as recorder:
        taken = 0
        while recorder.write("audio", noise(taken + 1)):
            taken += 1
            assert taken < 2000
        assert not recorder.write("audio", noise(1))
        return taken, recorder.stopped


def test_a_full_disk_ends_the_recording_and_leaves_it_readable(small_disk: Path) -> None:
    taken, stopped = fill(small_disk / "r.mcap")
    assert stopped is Stop.DISK
    read = assert_whole_up_to_its_end(small_disk / "r.mcap")
    assert read > 300
    assert taken - read <= 32  # at most the second that was not on the disk yet
    os.sync()


def test_a_disk_that_is_full_from_the_start_is_an_error(small_disk: Path) -> None:
    (small_disk / "fill").write_bytes(bytes(900_000))
    with pytest.raises(OSError, match="No space left"):
        (small_disk / "rest").write_bytes(bytes(1_000_000))
    with pytest.raises(RecordingError, match=r"r\.mcap: cannot be .*No space left"):
        Recorder(small_disk / "r.mcap", ["audio"])


LIMITED = """
import resource, sys
sys.path[:0] = {path!r}
resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))
from pathlib import Path
from unit.test_recording_damage import fill
taken, stopped = fill(Path(sys.argv[1]))
sys.stdout.write(stopped.name)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="has no limit on a file's size")
def test_a_file_that_may_not_grow_stays_readable(tmp_path: Path) -> None:
    """The same as a full disk, for users without root: the system's limit on a file's size."""
    tests = str(Path(__file__).parents[1])
    code = LIMITED.format(path=[tests, *sys.path])
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "r.mcap")],
        check=True, capture_output=True, text=True,
    )
    assert done.stdout == "DISK"
    assert (tmp_path / "r.mcap").stat().st_size <= 300_000
    assert assert_whole_up_to_its_end(tmp_path / "r.mcap") > 90


KILLED = """
import sys
sys.path[:0] = {path!r}
from pathlib import Path
from sensorium.recording import Recorder
from unit.test_recording_damage import noise
recorder = Recorder(Path(sys.argv[1]), ["audio"])
for n in range(1, 10_000):
    recorder.write("audio", noise(n))
    if n == 1000:
        sys.stdout.write("go\\n")
        sys.stdout.flush()
"""


def test_a_killed_writer_leaves_a_readable_recording(tmp_path: Path) -> None:
    tests = str(Path(__file__).parents[1])
    code = KILLED.format(path=[tests, *sys.path])
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path / "r.mcap")], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "go\n"
        process.send_signal(signal.SIGKILL if sys.platform != "win32" else signal.SIGTERM)
    with Recording(tmp_path / "r.mcap") as recording:
        numbers = [sample.n for _, sample in recording.events()]
        assert recording.reason == ""
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) >= 1000 - 32


def test_a_recording_cut_anywhere_is_read_up_to_there(tmp_path: Path) -> None:
    whole = tmp_path / "whole.mcap"
    write_small(whole)
    data = whole.read_bytes()
    counts = []
    for part in np.linspace(400, len(data) - 60, 40, dtype=int):
        cut = tmp_path / "cut.mcap"
        cut.write_bytes(data[:part])
        with Recording(cut) as recording:
            numbers = [sample.n for _, sample in recording.events()]
        assert numbers == list(range(1, len(numbers) + 1))
        counts.append(len(numbers))
    assert counts == sorted(counts)
    assert counts[-1] == 300


def test_a_changed_byte_in_a_chunk_is_found(tmp_path: Path) -> None:
    path = tmp_path / "r.mcap"
    write_small(path)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)
    with pytest.raises(RecordingError, match=r"r\.mcap: is damaged at byte \d+"):
        read_all(path)


def test_random_damage_is_an_error_or_harmless(tmp_path: Path) -> None:
    path = tmp_path / "r.mcap"
    write_small(path, 40)
    good = path.read_bytes()
    random = np.random.default_rng(5)
    for _ in range(300):
        data = bytearray(good)
        for place in random.integers(0, len(data), 3):
            data[place] = int(random.integers(0, 256))
        path.write_bytes(data)
        try:
            read_all(path)
        except RecordingError as error:
            assert str(path) in str(error)  # noqa: PT017 - either outcome is right


@pytest.mark.parametrize("content", [b"", b"RIFF----WAVEfmt ", b"\x89MCAP0", bytes(5000)])
def test_a_file_that_is_no_mcap_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "sound.wav"
    path.write_bytes(content)
    with pytest.raises(RecordingError, match=r"sound\.wav: is not a recording"):
        Recording(path)


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match=r"none\.mcap: cannot be read"):
        Recording(tmp_path / "none.mcap")
    with pytest.raises(RecordingError, match="cannot be read"):
        Recording(tmp_path)


def test_an_mcap_of_another_program_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "robot.mcap"
    with path.open("wb") as file:
        writer = Writer(file)
        writer.start()
        topic = writer.register_channel("/odom", "json", 0)
        writer.add_message(topic, 1, b"{}", 1)
        writer.finish()
    with pytest.raises(RecordingError, match=r"robot\.mcap: is an MCAP file, but not one of"):
        Recording(path)


def write_version(path: Path, data: bytes, **changed: str) -> None:
    """A recording of one head pose, as another version of Sensorium would write it."""
    with path.open("wb") as file:
        writer = Writer(file)
        writer.start()
        writer.add_metadata(CLOCK, {"wall_offset_ns": "0"})
        writer.add_metadata(ABOUT, {"classes": "motion"})
        id_ = writer.register_schema(schema.schema_name(HEAD), "ros2msg", schema.definition(HEAD))
        topic = writer.register_channel(
            "/sensorium/head", "cdr", id_, schema.metadata(HEAD, "motion") | changed
        )
        writer.add_message(topic, 1, schema.encode(Snapshot(1, data, 1, 1, valid=True)), 1)
        writer.finish()


def test_another_major_version_is_refused_with_both_numbers(tmp_path: Path) -> None:
    path = tmp_path / "new.mcap"
    write_version(path, bytes(HEAD.size), record_major="2")
    with pytest.raises(
        RecordingError, match=r"head holds record 2 of major version 2, .* knows head 1"
    ):
        Recording(path)


def test_an_unknown_record_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "new.mcap"
    write_version(path, bytes(HEAD.size), record_id="9999")
    with pytest.raises(RecordingError, match=r"record 9999 .* knows no such record"):
        Recording(path)


@pytest.mark.parametrize("size", [HEAD.size - 64, HEAD.size + 64])
def test_an_older_or_newer_minor_version_is_read(tmp_path: Path, size: int) -> None:
    path = tmp_path / "other.mcap"
    data = bytes(range(1, 255))[:size].ljust(size, b"\xaa")
    write_version(path, data, record_minor="5", record_size=str(size))
    with Recording(path) as recording:
        ((_, sample),) = recording.events()
    assert len(sample.record) == HEAD.size
    assert sample.record == data[: HEAD.size].ljust(HEAD.size, b"\0")
