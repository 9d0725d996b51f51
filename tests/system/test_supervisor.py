"""The real daemon on the shipped recording: crashes, grants, mute, a second instance."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
from fixtures.daemon import Daemon

from sensorium import records
from sensorium.channels.cursor import Cursor
from sensorium.channels.reader import Reader
from sensorium.channels.region import Region
from sensorium.channels.status import Status
from sensorium.channels.writer import Writer
from sensorium.clock import now_ns
from sensorium.errors import ControlError, DeniedError
from sensorium.folders import data_room
from sensorium.health import Reason

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(sys.platform != "linux", reason="uses Linux signals"),
]
PATIENCE_S = 60.0


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    with Daemon(tmp_path, "replay") as running:
        yield running


def public(daemon: Daemon) -> Region:
    generation = int((daemon.runtime_dir / "current").read_text())
    return Region.map_path(daemon.runtime_dir / f"public.{generation}")


def until(condition: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end, f"never came: {what}"
        time.sleep(0.002)


def pid_of(daemon: Daemon, name: str) -> int:
    with daemon.client("tests") as client:
        processes = client.request("status")["processes"]
    return next(process["pid"] for process in processes if process["name"] == name)


@pytest.mark.parametrize(
    ("process", "channel"),
    [("fast", "voice_activity"), ("fast", "gesture_left"), ("capture", "voice_activity")],
)
def test_killed_process_is_stale_and_comes_back(daemon: Daemon, process: str, channel: str) -> None:
    region = public(daemon)
    reader = Reader(region, channel)
    until(lambda: reader.read(now_ns()) is Status.NEW, f"{channel} live")
    os.kill(pid_of(daemon, process), signal.SIGKILL)
    until(
        lambda: reader.read(now_ns()) is Status.STALE or reader.reason == Reason.INPUT_LOST,
        "stale",
    )
    until(lambda: reader.read(now_ns()) is Status.NEW, f"{channel} live again")
    with daemon.client("tests") as client:
        restarts = {p["name"]: p["restarts"] for p in client.request("status")["processes"]}
    assert restarts[process] == 1


def test_client_that_comes_as_a_process_dies(daemon: Daemon) -> None:
    before = pid_of(daemon, "fast")
    os.kill(daemon.process.pid, signal.SIGSTOP)
    os.kill(before, signal.SIGKILL)
    until(lambda: not alive(before), "the end of the process")
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(daemon.runtime_dir / "control.sock"))
        os.kill(daemon.process.pid, signal.SIGCONT)
        until(lambda: pid_of(daemon, "fast") not in (0, before), "another process")
    assert daemon.process.poll() is None


def test_hanging_process_is_killed_and_restarted(daemon: Daemon) -> None:
    reader = Reader(public(daemon), "gesture_left")
    before = pid_of(daemon, "fast")
    os.kill(before, signal.SIGSTOP)
    until(lambda: reader.read(now_ns()) is Status.STALE, "stale")
    until(lambda: pid_of(daemon, "fast") not in (0, before), "another process")
    until(lambda: reader.read(now_ns()) is Status.NEW, "live again")


def test_killed_supervisor_leaves_stale_memory_and_no_process(daemon: Daemon) -> None:
    region = public(daemon)
    reader = Reader(region, "health")
    until(lambda: reader.read(now_ns()) is Status.NEW, "health")
    children = [pid_of(daemon, name) for name in ("capture", "fast")]
    os.kill(daemon.process.pid, signal.SIGKILL)
    until(lambda: reader.read(now_ns()) is Status.STALE, "stale")
    assert reader.sample.view(records.HEALTH)["process_count"][0] == 3
    until(lambda: not any(alive(pid) for pid in children), "children gone")
    daemon.process.wait(PATIENCE_S)
    daemon.start()
    fresh = Reader(public(daemon), "health")
    until(lambda: fresh.read(now_ns()) is Status.NEW, "the next daemon")
    assert fresh.region.generation == region.generation + 1
    assert reader.read(now_ns()) is Status.STALE


def alive(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_clean_stop_closes_regions_and_leaves_nothing(daemon: Daemon, number: int) -> None:
    reader = Reader(public(daemon), "health")
    until(lambda: reader.read(now_ns()) is Status.NEW, "health")
    children = [pid_of(daemon, name) for name in ("capture", "fast")]
    daemon.process.send_signal(number)
    assert daemon.process.wait(PATIENCE_S) == 0
    assert reader.read(now_ns()) is Status.CLOSED
    assert not any(alive(pid) for pid in children)
    left = sorted(path.name for path in daemon.runtime_dir.iterdir())
    assert left == ["current", "daemon.lock", "layer"]


def test_second_daemon_is_told_about_the_first(daemon: Daemon) -> None:
    second = subprocess.run(
        [sys.executable, "-m", "sensorium", "run", "--config", "replay"],
        env=daemon.environment, capture_output=True, text=True, timeout=180, check=False,
    )
    assert second.returncode == 1
    assert f"running already (process {daemon.process.pid})" in second.stderr
    assert "sensorium stop" in second.stderr


def test_private_region_needs_a_grant_and_is_left_when_it_ends(daemon: Daemon) -> None:
    with daemon.client("game") as game, daemon.client("other") as other:
        with pytest.raises(DeniedError, match="sensorium grants allow game motion"):
            game.open("motion")
        for app in ("game", "other"):
            game.request("grant", action="allow", app=app, classes="motion")
        region, _ = game.open("motion")
        reader = Reader(region, "hand_left")
        until(lambda: reader.read(now_ns()) is Status.NEW, "a hand")
        game.request("grant", action="revoke", app="game", classes="motion")
        assert reader.read(now_ns()) is Status.DENIED
        with pytest.raises(DeniedError):
            game.open("motion")
        again = Reader(other.open("motion")[0], "hand_left")
        until(lambda: again.read(now_ns()) is Status.NEW, "a hand in the new region")
        last = reader.latest()
        other.request("grant", action="allow", app="game", classes="motion")
        third = Reader(game.open("motion")[0], "hand_left")
        other.request("grant", action="deny", app="game", classes="motion")
        assert third.read(now_ns()) is Status.CLOSED
        assert reader.latest() == last
        gesture = Reader(public(daemon), "gesture_left")
        until(lambda: gesture.read(now_ns()) is Status.NEW, "gestures from the new region")


def test_app_region_takes_frames_and_scene_and_goes_with_its_connection(daemon: Daemon) -> None:
    def row() -> dict[str, int]:
        with daemon.client("tests") as client:
            apps = client.request("status")["clients"]
        return next(app["app_region"] for app in apps if app["app"] == "game")

    with daemon.client("game") as game:
        region, page = game.open("app")
        scene = records.SCENE.zeros()
        scene["world_orientation"] = (0, 0, 0, 1)
        scene["world_scale"] = 1
        Writer(region, "scene", page).publish(scene, now_ns())
        frames = Writer(region, "frame_timing", page)
        for i in range(3):
            frame = records.FRAME_TIMING.zeros()
            frame["frame"], frame["source"] = i, 1
            frame["begin_ns"] = frame["end_ns"] = now_ns()
            frames.publish(frame, now_ns())
        frames.publish(b"rubbish", now_ns())
        until(lambda: row()["frames"] == 3 and row()["refused"] == 1, "the frames")
        command = Cursor(region, "command")
        assert command.next(now_ns()) is Status.INVALID
        assert command.reason == Reason.NOT_CONFIGURED
    reader = Reader(region, "target")
    until(lambda: reader.read(now_ns()) is Status.CLOSED, "closed with its connection")


def test_mute_survives_a_restart(daemon: Daemon) -> None:
    with daemon.client("tests") as client:
        client.request("mute", on=True)
        assert client.request("status")["muted"] is True
    daemon.stop()
    daemon.start()
    with daemon.client("tests") as client:
        assert client.request("status")["muted"] is True
        client.request("mute", on=False)
        assert client.request("status")["muted"] is False


def test_reload_takes_a_changed_configuration_and_refuses_a_bad_one(tmp_path: Path) -> None:
    text = "[sensors.replay]\nfile = \"{}\"\nloop = true\n[senses.gesture]\nenabled = {}\n"
    recording = data_room("configs") / "demo.mcap"
    path = tmp_path / "own.toml"
    path.write_text(text.format(recording, "true"))
    (tmp_path / "own").mkdir()
    with Daemon(tmp_path / "own", path) as own:
        reader = Reader(public(own), "gesture_left")
        until(lambda: reader.read(now_ns()) is Status.NEW, "gestures")
        path.write_text(text.format(recording, "perhaps"))
        with own.client("tests") as client:
            with pytest.raises(ControlError, match="line 5"):
                client.request("reload")
            until(lambda: reader.read(now_ns()) is Status.NEW, "gestures still")
            path.write_text(text.format(recording, "false"))
            client.request("reload")
            names = [process["name"] for process in client.request("status")["processes"]]
        assert names == ["capture"]
        until(lambda: reader.read(now_ns()) is Status.STALE, "gestures stopped")

