"""The OpenXR runtime dies, starts late, stops, or offers less: a state each, never a failure."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from fixtures.channel_reader import ChannelReader
from fixtures.daemon import Daemon
from fixtures.monado import MARKS, MonadoService

from sensorium.clock import now_ns

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = MARKS

CONFIG = """
[sensors.openxr]
enabled = true
"""
POSES = {
    "head": "pose", "hand_left": "joints", "hand_right": "joints", "controller_left": "grip",
    "controller_right": "grip",
}
CHANNELS = tuple(POSES)


@pytest.fixture
def service(tmp_path: Path) -> Iterator[MonadoService]:
    service = MonadoService(tmp_path / "m")
    yield service
    service.stop()


def until_reported(daemon: Daemon, state: str) -> dict[str, str]:
    """What `sensorium status` says of the sensor, once it says `state`."""
    end = time.monotonic() + 60
    while True:
        report = daemon.status()["parts"]["openxr"]
        if report["state"] == state:
            return report
        assert time.monotonic() < end, report
        time.sleep(0.05)


def test_runtime_that_starts_late_is_taken_up(service: MonadoService, tmp_path: Path) -> None:
    daemon = Daemon(tmp_path, CONFIG, environment=service.environment, python=service.python)
    with daemon, ChannelReader(tmp_path, daemon) as reader:
        for channel in CHANNELS:
            reader.until(channel, lambda got: got.reason == "runtime_missing")
        service.start()
        with service.connect() as remote:
            remote.send()
            for channel in CHANNELS:
                reader.until(channel, lambda got: got.status == "new")


@pytest.mark.parametrize("end", ["kill", "stop"])
def test_runtime_that_goes_and_comes_back(
    service: MonadoService, tmp_path: Path, end: str
) -> None:
    service.start()
    daemon = Daemon(tmp_path, CONFIG, environment=service.environment, python=service.python)
    with daemon, ChannelReader(tmp_path, daemon) as reader:
        with service.connect() as remote:
            remote.send()
            for channel in CHANNELS:
                before = reader.until(channel, lambda got: got.status == "new")
        getattr(service, end)()
        ended_ns = now_ns()
        for channel in CHANNELS:
            gone = reader.until(channel, lambda got: got.status == "invalid")
            reader.until(channel, lambda got: got.reason == "runtime_missing")
            assert not gone.record[POSES[channel]]["position"].any()
        print(f"{end}: all invalid {(now_ns() - ended_ns) / 1e6:.0f} ms after its end")
        assert "monado-service" in until_reported(daemon, "missing")["remedy"]
        service.start()
        with service.connect() as remote:
            remote.send()
            for channel in CHANNELS:
                back = reader.until(channel, lambda got: got.status == "new")
                assert back.record["space_generation"][0] > before.record["space_generation"][0]
        assert "90 Hz" in until_reported(daemon, "live")["detail"]


def test_headset_without_hand_tracking(tmp_path: Path) -> None:
    service = MonadoService(tmp_path / "m", driver="simulated")
    service.start()
    daemon = Daemon(tmp_path, CONFIG, environment=service.environment, python=service.python)
    try:
        with daemon, ChannelReader(tmp_path, daemon) as reader:
            for channel in ("head", "controller_left", "controller_right"):
                reader.until(channel, lambda got: got.status == "new")
            for channel in ("hand_left", "hand_right"):
                got = reader.until(channel, lambda got: got.reason == "not_offered")
                assert got.status == "invalid"
    finally:
        service.stop()


def test_parts_switched_off_say_so(service: MonadoService, tmp_path: Path) -> None:
    service.start()
    config = CONFIG + "hands = false\ncontrollers = false\n"
    daemon = Daemon(tmp_path, config, environment=service.environment, python=service.python)
    with daemon, ChannelReader(tmp_path, daemon) as reader:
        reader.until("head", lambda got: got.status == "new")
        for channel in CHANNELS[1:]:
            reader.until(channel, lambda got: got.reason == "not_configured")


def test_recentre_is_counted_and_moves_the_poses(service: MonadoService, tmp_path: Path) -> None:
    service.start()
    config = CONFIG + 'space = "local"\n'
    daemon = Daemon(tmp_path, config, environment=service.environment, python=service.python)
    with (
        daemon, service.connect() as remote, ChannelReader(tmp_path, daemon) as reader
    ):
        remote.send(position=(1.0, 1.5, -2.0))
        before = reader.until("head", lambda got: got.status == "new")
        assert before.record["space"][0] == 3
        service.recentre()
        generation = before.record["space_generation"][0] + 1
        after = reader.until("head", lambda got: got.record["space_generation"][0] == generation)
        hand = reader.until("hand_left", lambda got: got.capture_ns >= after.capture_ns)
        assert hand.record["space_generation"][0] == generation
        horizontal = [0, 2]
        reader.until(
            "head",
            lambda got: abs(got.record["pose"]["position"][0][horizontal]).max() < 1e-5,
        )
