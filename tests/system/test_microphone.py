"""The microphone sensor on a real PulseAudio server: heard, unplugged, muted, chosen, missing."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from fixtures import pulse
from fixtures.pulse import PulseServer, write_wav
from fixtures.sensor_io import SensorWorld
from fixtures.tones import level, tone

from sensorium.health import Reason
from sensorium.sensors import portaudio
from sensorium.sensors.microphone import Microphone, MicrophoneOptions
from sensorium.sensors.sound_sensor import State

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fixtures.sensor_io import Published

pytestmark = pytest.mark.system


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[PulseServer]:
    pulse.require()
    with PulseServer() as running:
        for name, value in running.environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.delenv("PULSE_SOURCE", raising=False)
        # It was loaded before this server was there.
        portaudio.rescan(portaudio.load())
        yield running


def microphone(world: SensorWorld, device: str = "pulse") -> SensorWorld:
    return world.run(Microphone(MicrophoneOptions(device), world))


def blocks(world: SensorWorld) -> list[Published]:
    return [item for item in world.of("audio") if item.valid]


def hear(world: SensorWorld, count: int) -> list[Published]:
    """The next `count` blocks."""
    before = len(blocks(world))
    world.until(lambda: len(blocks(world)) >= before + count)
    return blocks(world)[before : before + count]


def hear_whole(world: SensorWorld, count: int) -> list[Published]:
    """The next `count` blocks without a gap: a busy machine may lose some sound."""
    for _ in range(5):
        heard = hear(world, count)
        if not any(item.record["gap"][0] for item in heard):
            return heard
    raise AssertionError("sound is lost again and again")


def state(world: SensorWorld) -> State:
    return State(int(world.of("microphone")[-1].record["state"][0]))


def joined(heard: list[Published]) -> np.ndarray:
    return np.concatenate([item.record["samples"][0] for item in heard])


def test_blocks_come_one_after_the_other(server: PulseServer) -> None:
    world = SensorWorld()
    with microphone(world):
        hear(world, 60)
        heard = hear_whole(world, 60)
    first = [int(item.record["first_sample"][0]) for item in heard]
    assert np.diff(first).tolist() == [512] * 59
    captured = np.array([item.capture_ns for item in heard])
    assert np.all(np.diff(captured) > 0)
    assert (captured[-1] - captured[0]) / 59 == pytest.approx(32e6, rel=0.02)
    assert all(item.capture_ns <= item.publish_ns for item in heard)
    record = heard[-1].record[0]
    assert (record["sample_rate"], record["count"], record["session"]) == (16_000, 512, 1)
    told = world.of("microphone")[-1].record[0]
    assert (told["state"], told["native_rate"], told["users"]) == (State.OPEN, 48_000, 1)
    assert told["device"] == b"pulse"


def test_what_is_played_is_heard_and_nothing_folds_back(
    server: PulseServer, tmp_path: Path
) -> None:
    path = write_wav(tmp_path / "tones.wav", (tone(1000, 12) + tone(13_000, 12)) * 0.9)
    world = SensorWorld()
    with microphone(world):
        hear(world, 30)
        with server.play(path) as player:
            world.until(lambda: blocks(world)[-1].record["rms"][0] > 0.1)
            hear(world, 15)
            sound = joined(hear_whole(world, 30))
            peak, rms = (blocks(world)[-1].record[name][0] for name in ("peak", "rms"))
            player.kill()
    assert level(sound, 1000) == pytest.approx(0.45, rel=0.02)
    assert level(sound, 16_000 - 13_000) < 1e-3
    assert peak == pytest.approx(0.45, rel=0.05)
    assert rms == pytest.approx(0.45 / np.sqrt(2), rel=0.05)


def test_in_silence_blocks_come_together_and_none_is_lost_when_sound_begins(
    server: PulseServer, tmp_path: Path
) -> None:
    path = write_wav(tmp_path / "tone.wav", tone(1000, 6))
    world = SensorWorld()
    with microphone(world):
        hear(world, 60)
        world.hushed = True
        together = 0
        while together < 4:
            heard = hear(world, 16)
            spans = np.diff([item.publish_ns - item.capture_ns for item in heard])
            # Of those that are made together each was taken 32 ms after the one before.
            together = int((spans < -25e6).sum())
        with server.play(path) as player:
            world.until(lambda: blocks(world)[-1].record["rms"][0] > 0.1)
            player.kill()
        first = [int(item.record["first_sample"][0]) for item in blocks(world)]
        gaps = sum(int(item.record["gap"][0]) for item in blocks(world))
    assert gaps or np.diff(first).tolist() == [512] * (len(first) - 1)


@pytest.mark.parametrize("hushed", [False, True])
def test_portaudio_serves_where_no_sound_server_is_named(
    server: PulseServer, tmp_path: Path, hushed: bool
) -> None:
    """ALSA's device `default` leads to the same server by another way."""
    path = write_wav(tmp_path / "tone.wav", tone(1000, 12))
    world = SensorWorld(hushed=hushed)
    with microphone(world, "default"):
        hear(world, 30)
        with server.play(path) as player:
            world.until(lambda: blocks(world)[-1].record["rms"][0] > 0.1)
            hear(world, 15)
            sound = joined(hear_whole(world, 20))
            player.kill()
    assert world.of("microphone")[-1].record["device"][0] != b"pulse"
    assert level(sound, 1000) == pytest.approx(0.5, rel=0.05)


def test_unplugged_and_back(server: PulseServer) -> None:
    world = SensorWorld()
    with microphone(world):
        hear(world, 10)
        server.stop()
        world.until(lambda: state(world) is State.MISSING)
        lost = world.of("audio")[-1]
        assert not lost.valid
        assert lost.reason is Reason.DEVICE_MISSING
        told, detail, remedy = world.reports[-1]
        assert told == "missing"
        assert detail
        assert remedy
        silent = len(world.of("audio"))
        told_before = len(world.of("microphone"))
        world.until(lambda: len(world.of("microphone")) > told_before + 4)
        assert len(world.of("audio")) == silent  # the ring keeps what was heard
        server.start()
        again = hear(world, 10)
        world.until(lambda: state(world) is State.OPEN)
        assert again[0].record["session"][0] == 2
        assert again[0].record["first_sample"][0] == 0


def test_mute_closes_the_device(server: PulseServer) -> None:
    world = SensorWorld()
    with microphone(world):
        hear(world, 5)
        assert server.listeners() == 1
        world.need(1, muted=True)
        world.until(lambda: state(world) is State.MUTED)
        world.until(lambda: server.listeners() == 0)
        assert world.of("audio")[-1].reason is Reason.MUTED
        count = len(world.of("audio"))
        world.need(5, muted=True)
        world.until(lambda: world.of("microphone")[-1].record["users"][0] == 5)
        assert (len(world.of("audio")), server.listeners()) == (count, 0)
        world.need(1)
        hear(world, 5)
        world.until(lambda: (state(world), server.listeners()) == (State.OPEN, 1))
    world.until(lambda: server.listeners() == 0)


def test_nobody_needs_it_so_it_stays_closed(server: PulseServer) -> None:
    world = SensorWorld()
    world.need(0)
    with microphone(world):
        world.until(lambda: len(world.of("microphone")) >= 3)
        assert state(world) is State.CLOSED
        assert [item.reason for item in world.of("audio")] == [Reason.CLOSED]
        assert server.listeners() == 0
        world.need(4)
        hear(world, 5)
        world.need(0)
        world.until(lambda: state(world) is State.CLOSED)
        world.until(lambda: server.listeners() == 0)


def test_a_source_is_chosen_by_name(server: PulseServer, tmp_path: Path) -> None:
    path = write_wav(tmp_path / "tone.wav", tone(2000, 12))
    world = SensorWorld()
    with microphone(world, "pulse:other.monitor"):
        hear(world, 30)
        with server.play(path, sink="vmic") as player:
            hear(world, 30)
            quiet = joined(hear(world, 10))
            player.kill()
        with server.play(path, sink="other") as player:
            world.until(lambda: blocks(world)[-1].record["rms"][0] > 0.1)
            hear(world, 10)
            loud = joined(hear_whole(world, 10))
            player.kill()
        assert "PULSE_SOURCE" not in os.environ
    assert level(quiet, 2000) < 1e-4
    assert level(loud, 2000) == pytest.approx(0.5, rel=0.02)


@pytest.mark.parametrize("rate", [8_000, 192_000])
def test_a_device_of_an_odd_rate_is_heard(server: PulseServer, tmp_path: Path, rate: int) -> None:
    server.run("pactl", "load-module", "module-null-sink", "sink_name=odd", f"rate={rate}")
    path = write_wav(tmp_path / "tone.wav", tone(2000, 12))
    world = SensorWorld()
    with microphone(world, "pulse:odd.monitor"):
        hear(world, 10)
        with server.play(path, sink="odd") as player:
            world.until(lambda: blocks(world)[-1].record["rms"][0] > 0.1)
            hear(world, 5)
            sound = joined(hear_whole(world, 20))
            player.kill()
    assert level(sound, 2000) == pytest.approx(0.5, rel=0.05)


def test_a_device_of_zeros_is_reported_as_one_that_is_switched_off(server: PulseServer) -> None:
    world = SensorWorld()
    with microphone(world):
        world.until(lambda: any("zeros" in words for _, words, _ in world.reports))
    state_, words, remedy = world.reports[-1]
    assert (state_, "switch it on" in remedy) == ("live", True)
    assert "pulse" in words


def test_a_name_that_no_device_has_is_a_state_with_the_names_that_there_are(
    server: PulseServer,
) -> None:
    world = SensorWorld()
    with microphone(world, "Valve Index"):
        world.until(lambda: world.of("microphone"))
        assert state(world) is State.MISSING
    told, detail, remedy = world.reports[-1]
    assert (told, detail) == ("missing", "no microphone is named Valve Index")
    assert "pulse" in remedy


def test_sound_that_is_held_up_keeps_its_time(server: PulseServer) -> None:
    """The server stands still for 0.6 s: what was lost is counted, and times stay true."""
    world = SensorWorld()
    with microphone(world):
        hear(world, 60)
        start = hear(world, 1)[0]
        with server.frozen():
            world.wait(0.6)
        hear(world, 40)
        end = hear(world, 1)[0]
        world.until(lambda: state(world) is State.OPEN)
    if start.record["session"][0] == end.record["session"][0]:
        samples = int(end.record["first_sample"][0]) - int(start.record["first_sample"][0])
        drift_s = (end.capture_ns - start.capture_ns) / 1e9 - samples / 16_000
        assert abs(drift_s) < 0.08
        lost = int(end.record["lost_samples"][0])
        gaps = [item for item in blocks(world) if item.record["gap"][0]]
        assert bool(lost) == bool(gaps)


WITHOUT_LIBRARY = """
import json, sys
sys.path[:0] = {path!r}
from fixtures.sensor_io import SensorWorld
from sensorium.sensors.microphone import Microphone, MicrophoneOptions
world = SensorWorld()
with world.run(Microphone(MicrophoneOptions(), world)):
    world.until(lambda: len(world.of("microphone")) >= 2)
last = world.of("microphone")[-1].record
audio = world.of("audio")[-1]
json.dump([int(last["state"][0]), audio.reason.name, *world.reports[-1]], sys.stdout)
"""


def test_a_system_without_portaudio_is_a_state_that_names_the_package() -> None:
    """In a mount namespace where the library is an empty file."""
    pulse.require()
    library = next(Path("/usr/lib").glob("*/libportaudio.so.2"), None)
    if library is None or os.geteuid() != 0 or shutil.which("unshare") is None:
        pytest.skip("hiding libportaudio.so.2 needs root and the Debian package")
    tests = str(Path(__file__).parents[1])
    code = WITHOUT_LIBRARY.format(path=[tests, *sys.path])
    script = 'mount --bind /dev/null "$1" && exec "$2" -c "$3"'
    done = subprocess.run(
        ["unshare", "-m", "sh", "-c", script, "sh", str(library.resolve()), sys.executable, code],
        check=False, capture_output=True, text=True,
    )
    if "unshare" in done.stderr or "mount" in done.stderr:
        pytest.skip(f"no mount namespace: {done.stderr.strip()}")
    assert done.returncode == 0, done.stderr
    shown, reason, told, detail, remedy = json.loads(done.stdout)
    assert (shown, reason, told) == (State.MISSING, "DEVICE_MISSING", "missing")
    assert "PortAudio" in detail
    assert "libportaudio2" in remedy
