"""Sets of the user's own recording: whole or not at all, private, and deleted by purge."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from sensorium import cli, folders, records
from sensorium.channels.reader import Snapshot
from sensorium.errors import EngineError, RecordingError
from sensorium.recording import Recorder
from sensorium.sensors.audio_blocks import AudioBlocks
from sensorium_tools.calibrate import calibrate
from sensorium_tools.progress import Progress
from sensorium_tools.samples import loading

DEMO = folders.data_room("configs") / "demo.mcap"


@pytest.fixture
def room(tmp_path, monkeypatch):
    monkeypatch.setenv("SENSORIUM_DATA_DIR", str(tmp_path / "data"))
    return tmp_path / "data" / "calibration"


def test_the_demo_becomes_a_set_of_hands_and_one_of_sound(room):
    row = calibrate(DEMO, "mine", Progress())
    assert row["state"] == "made"
    assert {path.name for path in room.iterdir()} == {"mine-hands", "mine-sound"}
    hands = [loading.load("mine-hands", part, Progress()) for part in ("calibration", "evaluation")]
    assert {sample.truth["handedness"] for sample in hands[0] + hands[1]} == {"left", "right"}
    sound = [
        sample
        for part in ("calibration", "evaluation")
        for sample in loading.load("mine-sound", part, Progress())
    ]
    assert sum(len(sample.data) for sample in sound) > 10 * 16_000
    assert row["samples"] == len(hands[0] + hands[1] + sound)


def test_the_sound_is_the_recordings(room):
    calibrate(DEMO, "mine", Progress())
    from sensorium.recording import Recording

    with Recording(DEMO) as recording:
        blocks = [
            np.frombuffer(snapshot.record, records.AUDIO.dtype, 1)["samples"][0]
            for _, snapshot in recording.events(("audio",))
        ]
    made = {
        sample.name.rsplit("/", 1)[-1]: sample.data
        for part in ("calibration", "evaluation")
        for sample in loading.load("mine-sound", part, Progress())
    }
    sound = np.concatenate([made[name] for name in sorted(made)])
    assert np.abs(sound - np.concatenate(blocks)[: len(sound)]).max() <= 1 / 32768


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no modes")
def test_only_the_user_may_read_it(room):
    calibrate(DEMO, "mine", Progress())
    for path in (room, *room.rglob("*")):
        assert path.stat().st_mode & 0o077 == 0, path


def test_purge_deletes_it(room, capsys):
    calibrate(DEMO, "mine", Progress())
    assert cli.main(["purge", "--calibration", "--yes"]) == 0
    assert not room.exists()


def test_a_name_that_is_taken_is_refused_and_nothing_changes(room):
    calibrate(DEMO, "mine", Progress())
    before = {path: path.stat().st_mtime_ns for path in room.rglob("*")}
    with pytest.raises(EngineError, match="there is a set of that name"):
        calibrate(DEMO, "mine", Progress())
    assert before == {path: path.stat().st_mtime_ns for path in room.rglob("*")}


@pytest.mark.parametrize("name", ["", "Mine", "../mine", "a/b", "x" * 60, "-a", "a b"])
def test_a_name_that_is_none_is_refused(room, name):
    with pytest.raises(EngineError, match="cannot be the name of a set"):
        calibrate(DEMO, name, Progress())
    assert not room.exists()


def test_a_recording_that_is_missing_or_foreign_is_named(room, tmp_path):
    foreign = tmp_path / "a.mcap"
    foreign.write_bytes(b"no recording")
    for path in (tmp_path / "none.mcap", foreign):
        with pytest.raises(RecordingError, match=path.name):
            calibrate(path, "mine", Progress())
    assert not room.exists() or not list(room.iterdir())


def test_a_recording_without_hands_or_sound_is_refused(room, tmp_path):
    path = tmp_path / "head.mcap"
    with Recorder(path, ("public", "motion")) as recorder:
        recorder.write_all(
            [("head", Snapshot(1, records.HEAD.zeros().tobytes(), 1, 2, valid=True))]
        )
    with pytest.raises(EngineError, match="neither hands nor sound"):
        calibrate(path, "mine", Progress())
    assert not list(room.iterdir())


def test_sound_is_cut_at_gaps_and_nothing_is_longer_than_half_a_minute(room, tmp_path):
    noise = np.random.default_rng(0).normal(0, 0.1, 16_000 * 70).astype(np.float32)
    path = tmp_path / "sound.mcap"
    blocks = AudioBlocks(session=1)
    snapshots = []
    for n, (record, capture_ns) in enumerate(blocks.add(noise, 70_000_000_000), 1):
        record["gap"] = n == 1501
        snapshots.append(
            ("audio", Snapshot(n, record.tobytes(), capture_ns, capture_ns + 1, valid=True))
        )
    with Recorder(path, ("public", "audio")) as recorder:
        recorder.write_all(snapshots)
    calibrate(path, "mine", Progress())
    lengths = [
        len(sample.data)
        for part in ("calibration", "evaluation")
        for sample in loading.load("mine-sound", part, Progress())
    ]
    assert max(lengths) <= 32 * 16_000
    assert 65 * 16_000 < sum(lengths) <= 70 * 16_000
    assert {path.name for path in room.iterdir()} == {"mine-sound"}


def test_a_file_in_place_of_the_folder_is_named(room):
    room.parent.mkdir(parents=True)
    Path(room).write_text("")
    with pytest.raises(EngineError, match="cannot be written"):
        calibrate(DEMO, "mine", Progress())
