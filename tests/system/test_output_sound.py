"""What the PC plays, captured on a real PulseAudio server: heard, gone and back, muted, moved."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import numpy as np
import pytest
from fixtures import pulse
from fixtures.pulse import PulseServer, write_wav
from fixtures.sensor_io import SensorWorld
from fixtures.tones import level, tone

from sensorium.health import Reason
from sensorium.sensors.microphone import Microphone, MicrophoneOptions
from sensorium.sensors.output_sound import OutputOptions, OutputSound

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fixtures.sensor_io import Published

pytestmark = pytest.mark.system


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[PulseServer]:
    pulse.require()
    with PulseServer() as running:
        for name, value in running.environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.delenv("PULSE_SOURCE", raising=False)
        running.run("pactl", "set-default-sink", "other")
        yield running


def output(world: SensorWorld, device: str = "") -> SensorWorld:
    return world.run(OutputSound(OutputOptions(device), world))


def blocks(world: SensorWorld, channel: str = "output_audio") -> list[Published]:
    return [item for item in world.of(channel) if item.valid]


def hear(world: SensorWorld, count: int) -> np.ndarray:
    """The next `count` blocks, as sound at 16 kHz."""
    return joined(next_blocks(world, count))


def joined(heard: list[Published]) -> np.ndarray:
    return np.concatenate([item.record["samples"][0] for item in heard])


def next_blocks(
    world: SensorWorld, count: int, channel: str = "output_audio"
) -> list[Published]:
    """The next `count` blocks."""
    before = len(blocks(world, channel))
    world.until(lambda: len(blocks(world, channel)) >= before + count)
    return blocks(world, channel)[before : before + count]


def whole_blocks(
    world: SensorWorld, count: int, channel: str = "output_audio"
) -> list[Published]:
    """The next `count` blocks without a gap: a busy machine may lose some sound."""
    for _ in range(5):
        heard = next_blocks(world, count, channel)
        if not any(item.record["gap"][0] for item in heard):
            return heard
    raise AssertionError("sound is lost again and again")


def test_what_the_default_output_plays_is_captured_and_nothing_else(
    server: PulseServer, tmp_path: Path
) -> None:
    path = write_wav(tmp_path / "tone.wav", tone(1000, 20))
    world = SensorWorld()
    with output(world):
        assert not hear(world, 30).any()
        with server.play(path, sink="vmic") as player:
            assert not hear(world, 30).any()
            player.kill()
        with server.play(path, sink="other") as player:
            world.until(lambda: blocks(world)[-1].record["rms"][0] > 0.1)
            hear(world, 5)
            heard = whole_blocks(world, 60)
            assert level(joined(heard), 1000) == pytest.approx(0.5, rel=0.02)
            player.kill()
    captured = np.array([item.capture_ns for item in heard])
    assert (np.diff(captured) > 0).all()
    assert (captured[-1] - captured[0]) / (len(captured) - 1) == pytest.approx(32e6, rel=0.02)
    assert all(item.capture_ns <= item.publish_ns for item in heard)


def test_it_goes_with_its_server_and_comes_back(server: PulseServer) -> None:
    world = SensorWorld()
    with output(world):
        hear(world, 10)
        server.stop()
        world.until(lambda: not world.of("output_audio")[-1].valid)
        assert world.of("output_audio")[-1].reason is Reason.DEVICE_MISSING
        state, _, remedy = world.reports[-1]
        assert state == "missing"
        assert "start" in remedy
        server.start()
        hear(world, 10)
    assert blocks(world)[-1].record["session"][0] >= 2
    world.until(lambda: server.listeners() == 0)


def test_a_server_that_hangs_ends_nothing_but_the_sound(server: PulseServer) -> None:
    world = SensorWorld()
    with contextlib.ExitStack() as running:
        running.enter_context(output(world))
        hear(world, 10)
        with server.frozen():
            world.until(lambda: not world.of("output_audio")[-1].valid)
        hear(world, 10)
        with server.frozen():
            world.until(lambda: not world.of("output_audio")[-1].valid)
            # The sensor stops while its server stands still.
            running.close()
    assert not world.of("output_audio")[-1].valid


def test_a_source_that_is_not_there_is_a_state_and_the_microphone_goes_on(
    server: PulseServer,
) -> None:
    world, beside = SensorWorld(), SensorWorld()
    with (
        beside.run(Microphone(MicrophoneOptions("pulse:vmic.monitor"), beside)),
        output(world, "nowhere"),
    ):
        world.until(lambda: len(world.reports) >= 1)
        whole_blocks(beside, 60, "audio")
    state, detail, remedy = world.reports[-1]
    assert (state, detail) == ("missing", "the sound server has no source nowhere")
    assert "pactl list short sources" in remedy
    assert [item.reason for item in world.of("output_audio")] == [Reason.DEVICE_MISSING]


def test_it_is_open_only_while_it_is_wanted_and_not_muted(server: PulseServer) -> None:
    world = SensorWorld()
    world.need(0)
    with output(world):
        world.until(lambda: world.of("output_audio"))
        assert (world.of("output_audio")[-1].reason, server.listeners()) == (Reason.CLOSED, 0)
        world.need(1)
        hear(world, 5)
        assert server.listeners() == 1
        world.need(1, muted=True)
        world.until(lambda: not world.of("output_audio")[-1].valid)
        assert world.of("output_audio")[-1].reason is Reason.MUTED
        world.until(lambda: server.listeners() == 0)


def test_a_default_output_that_changes_is_followed_when_it_is_silent(
    server: PulseServer, tmp_path: Path
) -> None:
    path = write_wav(tmp_path / "tone.wav", tone(1000, 30))
    world = SensorWorld()
    with output(world):
        hear(world, 5)
        server.run("pactl", "set-default-sink", "vmic")
        with server.play(path, sink="vmic") as player:
            world.until(lambda: blocks(world)[-1].record["rms"][0] > 0.1)
            player.kill()
        assert server.listeners() == 1
    assert all(item.valid for item in world.of("output_audio"))
