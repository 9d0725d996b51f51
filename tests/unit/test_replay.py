"""The replay sensor: in time, faster, looped, stepped, muted; bad files are a state."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from fixtures.sensor_io import SensorWorld

from sensorium.channels.catalogue import CHANNELS
from sensorium.channels.reader import Snapshot
from sensorium.errors import RecordingError
from sensorium.health import Reason
from sensorium.recording import Recorder
from sensorium.sensors.replay import Replay
from sensorium.sensors.replayed import ReplayOptions, channels, steps

if TYPE_CHECKING:
    from pathlib import Path

    from fixtures.sensor_io import Published

START_NS = 77_000_000_000
SECONDS = 0.6


def written(path: Path) -> list[tuple[str, Snapshot]]:
    """A recording of head, left hand, sound, gaze, and of a gesture that a sense made."""
    samples = []
    for i in range(int(SECONDS * 90)):
        now = START_NS + i * 11_111_111
        for name, late in (("head", 50_000), ("hand_left", 90_000), ("gaze", 95_000)):
            record = CHANNELS[name].record.zeros()
            record["source"] = 1
            if name == "gaze":
                record["sample_ns"] = now - 4_000_000
            away = name == "hand_left" and i > 40
            samples.append((name, snapshot(record, i + 1, now + late, 2_000_000, away)))
        record = CHANNELS["gesture_left"].record.zeros()
        samples.append(("gesture_left", snapshot(record, i + 1, now + 900_000, 3_000_000)))
    for i in range(int(SECONDS * 1000) // 32):
        now = START_NS + (i + 1) * 32_000_000
        record = CHANNELS["audio"].record.zeros()
        record["first_sample"], record["session"] = i * 512, 1 + i // 9
        record["samples"] = np.random.default_rng(i).uniform(-1, 1, 512)
        samples.append(("audio", snapshot(record, i + 1, now, 6_000_000)))
        record = CHANNELS["microphone"].record.zeros()
        record["state"], record["changed_ns"] = 1, START_NS
        samples.append(("microphone", snapshot(record, i + 1, now, 0)))
    samples.sort(key=lambda item: item[1].publish_ns)
    with Recorder(path, ["public", "motion", "audio", "gaze"]) as recorder:
        assert recorder.write_all(samples)
    return samples


def snapshot(
    record: np.ndarray, n: int, publish_ns: int, age_ns: int, away: bool = False
) -> Snapshot:
    return Snapshot(
        n, record.tobytes(), publish_ns - age_ns, publish_ns, not away,
        Reason.INACTIVE if away else Reason.NONE, confidence=0.5,
    )


@pytest.fixture
def recorded(tmp_path: Path) -> tuple[Path, list[tuple[str, Snapshot]]]:
    path = tmp_path / "r.mcap"
    return path, [item for item in written(path) if item[0] != "gesture_left"]


def play(options: ReplayOptions, until: str = "ended") -> SensorWorld:
    world = SensorWorld()
    with world.run(Replay(options, world)):
        world.until(lambda: world.reports and world.reports[-1][0] == until)
    return world


def before_the_end(world: SensorWorld, count: int) -> list[Published]:
    return world.published[:count]


def test_it_writes_what_sensors_recorded_and_not_what_senses_made(
    recorded: tuple[Path, list[tuple[str, Snapshot]]],
) -> None:
    names = ("microphone", "head", "hand_left", "gaze", "audio")
    assert channels(ReplayOptions(recorded[0])) == names
    assert Replay.writes(ReplayOptions(recorded[0], channels=("audio", "gaze"))) == (
        "gaze", "audio",
    )


@pytest.mark.parametrize("speed", [1.0, 20.0])
def test_records_keep_their_order_distance_and_age(
    recorded: tuple[Path, list[tuple[str, Snapshot]]], speed: float
) -> None:
    path, samples = recorded
    world = play(ReplayOptions(path, speed=speed))
    played = before_the_end(world, len(samples))
    assert [item.channel for item in played] == [name for name, _ in samples]
    shift = played[0].capture_ns - samples[0][1].capture_ns
    for item, (name, sample) in zip(played, samples, strict=True):
        assert item.capture_ns - sample.capture_ns == shift
        assert (item.valid, item.reason) == (sample.valid, sample.reason)
        if speed == 1.0:
            assert item.publish_ns - item.capture_ns >= sample.publish_ns - sample.capture_ns
        if name == "audio":
            expected = np.frombuffer(sample.record, CHANNELS["audio"].record.dtype)
            np.testing.assert_array_equal(item.record["samples"], expected["samples"])
        if name in ("head", "hand_left"):
            assert item.record["source"][0] == 3
        if name == "gaze":
            assert item.record["source"][0] == 1
            assert item.capture_ns - int(item.record["sample_ns"][0]) == 2_095_000
        if name == "microphone":
            assert int(item.record["changed_ns"][0]) == START_NS + shift


def test_at_its_end_every_channel_is_closed_and_stays_so(
    recorded: tuple[Path, list[tuple[str, Snapshot]]],
) -> None:
    path, samples = recorded
    world = SensorWorld()
    with world.run(Replay(ReplayOptions(path, speed=50.0), world)):
        world.until(lambda: len(world.published) > len(samples) + 20)
    after = world.published[len(samples) :]
    assert all(not item.valid and item.reason is Reason.CLOSED for item in after)
    assert {item.channel for item in after} == {name for name, _ in samples}
    assert sum(item.channel == "audio" for item in after) == 1
    assert world.reports[0][0] == "live"


def test_a_loop_goes_on_in_time_and_resets_what_listens(
    recorded: tuple[Path, list[tuple[str, Snapshot]]],
) -> None:
    path, samples = recorded
    world = SensorWorld()
    with world.run(Replay(ReplayOptions(path, speed=5.0, loop=True), world)):
        world.until(lambda: len(world.published) > 3 * len(samples))
    for name in ("head", "hand_left", "audio", "gaze"):
        captured = [item.capture_ns for item in world.of(name)]
        assert captured == sorted(captured)
        published = [item.publish_ns for item in world.of(name)]
        assert published == sorted(published)
    sessions = [int(item.record["session"][0]) for item in world.of("audio")]
    assert sessions == sorted(sessions)
    assert set(sessions) == set(range(1, max(sessions) + 1))
    for first, second in zip(world.of("audio"), world.of("audio")[1:], strict=False):
        follows = second.record["first_sample"][0] == first.record["first_sample"][0] + 512
        assert follows or second.record["session"][0] == first.record["session"][0] + 1


def test_steps_are_the_same_twice_and_as_recorded(
    recorded: tuple[Path, list[tuple[str, Snapshot]]],
) -> None:
    path, samples = recorded
    once, twice = list(steps(ReplayOptions(path))), list(steps(ReplayOptions(path)))
    assert [(s.channel, s.capture_ns, s.publish_ns, s.valid, s.reason) for s in once] == [
        (name, s.capture_ns, s.publish_ns, s.valid, s.reason) for name, s in samples
    ]
    for one, two in zip(once, twice, strict=True):
        assert one.record.tobytes() == two.record.tobytes()
        assert one.record.shape == (1,)
        assert one.confidence == 0.5
        assert one[:1] + one[2:] == two[:1] + two[2:]


def test_a_mute_silences_a_replay_too(
    recorded: tuple[Path, list[tuple[str, Snapshot]]],
) -> None:
    world = SensorWorld()
    with world.run(Replay(ReplayOptions(recorded[0], loop=True), world)):
        world.until(lambda: len(world.of("audio")) > 3)
        world.need(1, muted=True)
        world.until(lambda: not world.of("audio")[-1].valid)
        world.until(lambda: world.of("microphone")[-1].record["state"][0] == 3)
        silent = len(world.of("audio"))
        heads = len(world.of("head"))
        world.until(lambda: len(world.of("head")) > heads + 30)
        assert len(world.of("audio")) == silent
        assert world.of("audio")[-1].reason is Reason.MUTED
        before = int(world.of("audio")[-2].record["session"][0])
        world.need(1)
        world.until(lambda: len(world.of("audio")) > silent)
        assert int(world.of("audio")[silent].record["session"][0]) > before
        world.until(lambda: world.of("microphone")[-1].record["state"][0] == 1)


def test_a_file_that_is_gone_is_said_and_retried_by_nobody(
    recorded: tuple[Path, list[tuple[str, Snapshot]]],
) -> None:
    path, _ = recorded
    world = SensorWorld()
    replay = Replay(ReplayOptions(path), world)
    path.unlink()
    with world.run(replay):
        world.until(lambda: len(world.published) > 20)
    assert world.reports == [
        ("failed", f"{path}: cannot be read: No such file or directory", "name a recording")
    ]
    assert {item.reason for item in world.published} == {Reason.FAILED}


def test_a_recording_without_a_sensors_records_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "r.mcap"
    with Recorder(path, ["public"]) as recorder:
        record = CHANNELS["gesture_left"].record.zeros()
        recorder.write("gesture_left", snapshot(record, 1, START_NS, 0))
    with pytest.raises(RecordingError, match=r"holds no records of .* \(it holds: gesture_left\)"):
        channels(ReplayOptions(path))
    with pytest.raises(RecordingError, match="holds no records of audio"):
        channels(ReplayOptions(path, channels=("audio",)))
