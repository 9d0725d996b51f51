"""A real daemon gives way to real apps: within two frames, with its reasons, and back again."""

from __future__ import annotations

import json
import signal
import time
from typing import TYPE_CHECKING, Any

import pytest
from fixtures import layer
from fixtures.daemon import Daemon
from fixtures.frames_app import FramesApp
from fixtures.hello_xr import NAME, HelloXr
from fixtures.layer import LayerHome
from fixtures.monado import MonadoService
from fixtures.waiting import eventually

from sensorium import folders, records
from sensorium.channels.cursor import Cursor
from sensorium.channels.reader import Reader
from sensorium.channels.status import Status
from sensorium.clock import now_ns
from sensorium.errors import SensoriumError
from sensorium.health import OwnerState, Reason
from sensorium.inference.governor.step import Cause, StepKind
from sensorium.supervisor.governing.game_frames import GameFrames
from sensorium_tools import layer_build

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import numpy as np

    from sensorium.control.client import Client

pytestmark = pytest.mark.system

HZ = 90
PERIOD_NS = 1_000_000_000 // HZ


class Onlooker:
    """Reads the governor's channels, as any app may."""

    def __init__(self, client: Client) -> None:
        self._region, self._waiters = client.open("public")
        self._steps = Cursor(self._region, "governor_step", records.GOVERNOR_STEP)
        self._steps.seek_newest()

    def steps(self) -> list[np.void]:
        """Those that are new."""
        found = []
        while self._steps.next(now_ns()) is Status.NEW:
            found.append(self._steps.sample.view(records.GOVERNOR_STEP)[0])
        return found

    def until(self, what: Callable[[np.void], object], words: str) -> list[np.void]:
        """All steps until one of which that holds."""
        seen: list[np.void] = []

        def look() -> bool:
            new = self.steps()
            seen.extend(new)
            return any(what(step) for step in new)

        eventually(look, lambda: f"{words}; steps: {[step.tolist() for step in seen]}")
        return seen

    def reads(self, channel: str) -> tuple[Status, Reader]:
        """A channel as it is now."""
        reader = Reader(self._region, channel)
        return reader.read(now_ns()), reader

    def close(self) -> None:
        self._region.close()
        self._waiters.close()


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    with Daemon(tmp_path_factory.mktemp("governor"), "replay") as running:
        yield running


@pytest.fixture
def onlooker(daemon: Daemon) -> Iterator[Onlooker]:
    with daemon.client("onlooker") as client:
        made = Onlooker(client)
        yield made
        made.close()


def governor(daemon: Daemon) -> dict[str, Any]:
    found: dict[str, Any] = daemon.status()["governor"]
    return found


def settles(daemon: Daemon, app: str) -> None:
    """Waits until an app's frames are known, and every sense is at full for a second."""

    def has() -> bool:
        with daemon.client() as client:
            told = client.request("governor", most=1)
        now, steps = told["governor"], told["steps"]
        rests = not steps or steps[0]["ago_s"] > 1.2
        return bool(rests and (now["app"], now["risk"], now["level"]) == (app, "room", 0))

    eventually(has, lambda: f"at full with {app}: {governor(daemon)}")


def answers(onlooker: Onlooker, app: str, first: int) -> list[np.void]:
    """The steps that a first late frame leads to, within two frames."""
    steps = onlooker.until(lambda step: step["cause"] == Cause.LATE, f"late frames from {first}")
    steps += onlooker.steps()
    answer = steps[0]
    assert answer["app"].decode() == app
    assert answer["cause"] == Cause.LATE
    assert first <= answer["frame"] <= first + 2
    return steps


def test_a_late_frame_is_answered_within_two_and_all_is_given_back(
    daemon: Daemon, onlooker: Onlooker
) -> None:
    with FramesApp(daemon.folder, daemon, "game", HZ) as app:
        app("steady")
        settles(daemon, "game")
        first = int(app("late"))
        taken = answers(onlooker, "game", first)
        answer = taken[0]
        if not any(step["sense"] == b"gesture" for step in taken):
            # It has first tried whether the background is enough.
            taken += onlooker.until(lambda step: step["sense"] == b"gesture", "a sense is slowed")
        assert answer["late_ns"] == pytest.approx(0.6 * PERIOD_NS, rel=0.01)
        assert answer["frame_ns"] == pytest.approx(1.6 * PERIOD_NS, rel=0.01)
        assert answer["period_ns"] == PERIOD_NS
        status, phase = onlooker.reads("frame_phase")
        assert status is Status.NEW
        row = phase.sample.view(records.FRAME_PHASE)[0]
        assert row["submitted_ns"] < row["due_ns"]
        assert row["risk"] == 3
        app("steady")
        given = onlooker.until(lambda step: step["level"] == 0, "everything at full")
        settles(daemon, "game")
        given += onlooker.steps()
        steps = [*taken, *given]
        reduced = {bytes(step["sense"]) for step in steps if step["to_step"] == StepKind.REDUCED}
        assert reduced == {b"", b"gesture"}
        (engine,) = {step["engine"] for step in steps if step["sense"] == b"gesture"}
        assert engine == b"gesture-recognizer"
        assert {step["cause"] for step in given} == {Cause.RELIEF}
        shown = json.loads(daemon.command("why", "--frames", "100", "--json").stdout)
        ours = [step for step in shown["steps"] if step["change"] >= answer["change"]]
        assert len(ours) == len(steps)
        assert (ours[-1]["cause"], ours[-1]["frame"]) == ("late", answer["frame"])
        assert ours[-1]["late_ms"] == round(int(answer["late_ns"]) / 1e6, 3)
        counts = {
            (row["direction"], row["cause"]): row["count"]
            for row in shown["counts"] if row["sense"] == "background"
        }  # fmt: skip
        assert counts["less", "late"] >= 1
        assert counts["more", "relief"] >= 1
        said = daemon.command("why", "--frames").stdout
        assert "gesture" in said
        assert "too late" in " ".join(said.split())
        refused = daemon.command("why", "--frames", "0")
        assert refused.returncode == 2
        assert "1 to 128" in refused.stderr
        now = governor(daemon)
        assert (now["app"], now["policy"], now["risk"]) == ("game", "frames", "room")
        assert now["held_s"] > 0
        assert now["at_risk_s"] > 0
        assert {sense["step"] for sense in now["senses"]} == {"full"}
        assert "every sense is at full" in daemon.command("status").stdout
        assert "governor game" in daemon.command("top", "--once").stdout


def test_an_app_that_is_killed_gives_all_back(daemon: Daemon, onlooker: Onlooker) -> None:
    with FramesApp(daemon.folder, daemon, "doomed", HZ) as app:
        app("steady")
        settles(daemon, "doomed")
        app("late")
        onlooker.until(
            lambda step: step["app"] == b"doomed" and step["cause"] == Cause.LATE, "late frames"
        )
        app.kill()
        onlooker.until(
            lambda step: step["cause"] == Cause.GONE and step["level"] == 0, "the app is gone"
        )
    eventually(lambda: governor(daemon)["app"] == "", "nobody's frames")
    status, phase = onlooker.reads("frame_phase")
    assert (status, phase.reason) == (Status.INVALID, Reason.INACTIVE)
    status, state = onlooker.reads("governor")
    row = state.sample.view(records.GOVERNOR)[0]
    assert (status, row["app"], row["level"], row["risk"]) == (Status.NEW, b"", 0, 0)
    assert not row["senses"]["step"].any()


def test_of_two_apps_the_one_that_is_late_is_held(daemon: Daemon, onlooker: Onlooker) -> None:
    with (
        FramesApp(daemon.folder, daemon, "calm", HZ) as calm,
        FramesApp(daemon.folder, daemon, "hasty", 120) as hasty,
    ):
        hasty("steady")
        settles(daemon, "hasty")
        calm("steady")
        eventually(
            lambda: sorted(governor(daemon)["apps"]) == ["calm", "hasty"], "both are known"
        )
        onlooker.steps()
        answers(onlooker, "hasty", int(hasty("late")))
        hasty("silent")
        settles(daemon, "calm")


def test_noise_in_an_apps_frames_harms_nobody(daemon: Daemon, onlooker: Onlooker) -> None:
    with FramesApp(daemon.folder, daemon, "noisy", HZ) as app:
        app("steady")
        settles(daemon, "noisy")
        assert app("noise") == "OK"
        eventually(lambda: int(app("steady")) > 100, "a hundred frames")
        settles(daemon, "noisy")
        onlooker.steps()
        answers(onlooker, "noisy", int(app("late")))
    assert governor(daemon)["problem"] == ""
    assert "the governor failed" not in daemon.read_log()


OWN = """
[sensors.replay]
file = "demo.mcap"
[senses.voice_activity]
[senses.gesture]
"""


def test_the_owner_says_what_holds_for_whom_and_a_restart_finds_the_app_again(
    tmp_path: Path,
) -> None:
    config = OWN.replace("demo.mcap", str(folders.data_room("configs") / "demo.mcap"))
    with (
        Daemon(tmp_path, config) as daemon,
        FramesApp(tmp_path, daemon, "quiet", HZ) as app,
        daemon.client("onlooker") as client,
    ):

        def reload(more: str) -> None:
            (tmp_path / "daemon.toml").write_text(f"{config}\n{more}\n")
            client.request("reload")

        onlooker = Onlooker(client)
        app("steady")
        settles(daemon, "quiet")
        children = daemon.children()
        reload('[governor.apps]\nquiet = "pause"\n[governor.longest_ms]\ngesture = 500')
        steps = onlooker.until(lambda step: step["cause"] == Cause.POLICY, "a pause")
        assert {step["to_step"] for step in steps if step["sense"]} == {StepKind.PAUSED}
        shown = governor(daemon)
        assert shown["policy"] == "pause"
        gesture = next(one for one in shown["senses"] if one["sense"] == "gesture")
        assert (gesture["step"], gesture["longest_ms"]) == ("paused", 500)
        app("silent")
        onlooker.until(
            lambda step: step["cause"] == Cause.GONE and step["level"] == 0, "full again"
        )
        reload("[governor]\nenabled = false")
        for channel in ("governor", "frame_phase", "governor_step"):
            status, reader = onlooker.reads(channel)
            assert status in (Status.STALE, Status.INVALID)
            assert reader.region.owner(channel)[1:] == (OwnerState.VACANT, Reason.NOT_CONFIGURED)
        assert governor(daemon)["enabled"] is False
        assert "governor off" in daemon.command("status").stdout
        with pytest.raises(SensoriumError, match="did you mean gesture?"):
            reload("[governor]\npriority = { gestures = 3 }")
        reload("")
        app("steady")
        settles(daemon, "quiet")
        assert daemon.children() == children
        onlooker.close()
        daemon.stop()
        daemon.start()
        settles(daemon, "quiet")
        with daemon.client("onlooker") as again:
            onlooker = Onlooker(again)
            answers(onlooker, "quiet", int(app("late")))
            onlooker.close()


def test_an_unmodified_app_is_seen_through_the_layer_and_its_stop_answered(
    tmp_path: Path,
) -> None:
    layer.require()
    library = layer_build.build(tmp_path, "linux")
    service = MonadoService(tmp_path / "m")
    service.start()
    daemon = Daemon(
        tmp_path, "replay", environment=service.environment, python=service.python,
        arguments=("--set", "governor.policy=quality"),
    )
    try:
        with service.connect(), LayerHome(daemon) as home, daemon:
            home.command("install", "--library", str(library))
            home.command("allow", NAME)
            with (
                HelloXr(service, tmp_path, home.environment) as app,
                daemon.client("onlooker") as client,
            ):
                onlooker = Onlooker(client)
                app.reaches("FOCUSED")
                eventually(lambda: governor(daemon)["app"] == NAME, "its frames")
                (file,) = home.files()
                frames = GameFrames(file)
                before = max(one.missed for one in frames.take(now_ns()))
                seen: list[np.void] = []
                missed = before

                def stopped() -> bool:
                    """Stops it twice within a second: `quality` waits for a second late frame."""
                    nonlocal missed
                    for _ in range(2):
                        app.process.send_signal(signal.SIGSTOP)
                        time.sleep(0.2)
                        app.process.send_signal(signal.SIGCONT)
                        time.sleep(0.2)
                    seen.extend(
                        step for step in onlooker.steps()
                        if step["cause"] in (Cause.MISSED, Cause.LATE)
                    )
                    missed = max([missed, *(one.missed for one in frames.take(now_ns()))])
                    return bool(seen) and missed > before

                eventually(stopped, "its stops are missed frames, and answered", pause_s=1.0)
                assert {step["app"].decode() for step in seen} == {NAME}
                assert all(step["frame"] > 0 and step["frame_ns"] > 0 for step in seen)
                frames.close()
                onlooker.close()
                app.process.kill()
            eventually(lambda: governor(daemon)["apps"] == [], "it is gone")
            assert governor(daemon)["level"] == 0
    finally:
        service.stop()
