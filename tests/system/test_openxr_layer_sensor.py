"""A real daemon that reads an unmodified OpenXR app through the layer, on a real runtime."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pytest
from fixtures import layer
from fixtures.channel_reader import ChannelReader
from fixtures.daemon import Daemon
from fixtures.hello_xr import NAME, HelloXr
from fixtures.layer import LayerHome
from fixtures.layer_file import Game
from fixtures.monado import MARKS, MonadoService
from fixtures.remote_driver import ABSENT, Controller, Remote
from fixtures.waiting import eventually

from sensorium import records
from sensorium.channels.writer import Writer
from sensorium.cli.doctor.devices import openxr_layer
from sensorium.cli.doctor.finding import Verdict
from sensorium.clock import now_ns
from sensorium.config import load
from sensorium.sensors.openxr_layer import layout
from sensorium.sensors.sensor import SENSORS
from sensorium_tools import layer_build

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import ArrayLike

pytestmark = MARKS

LAYER_ONLY = """
[sensors.openxr_layer]
"""
BOTH = """
[sensors.openxr]
[sensors.openxr_layer]
"""
TOLERANCE = 1e-6
TRACKED = 15
STATES = 15
SESSION, LAYER = 1, 2
PERIOD_NS = 10_000_000


class Rig(NamedTuple):
    service: MonadoService
    remote: Remote
    library: Path


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    folder = tmp_path_factory.mktemp("layer")
    layer.require()
    library = layer_build.build(folder, "linux")
    service = MonadoService(folder / "m")
    service.start()
    try:
        with service.connect() as remote:
            yield Rig(service, remote, library)
    finally:
        service.stop()


class Played(NamedTuple):
    """A daemon with a game."""

    daemon: Daemon
    home: LayerHome
    rig: Rig


@pytest.fixture(scope="module")
def played(rig: Rig, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    folder = tmp_path_factory.mktemp("daemon")
    daemon = Daemon(
        folder, LAYER_ONLY, environment=rig.service.environment, python=rig.service.python
    )
    with LayerHome(daemon) as home, daemon:
        assert part(daemon)["state"] == "missing"
        home.command("install", "--library", str(rig.library))
        home.command("allow", NAME, "--mode", "thread")
        yield Played(daemon, home, rig)


def part(daemon: Daemon, name: str = "openxr_layer") -> dict[str, str]:
    found: dict[str, str] = daemon.status()["parts"][name]
    return found


def apps(daemon: Daemon, *, frames: bool = True) -> list[dict[str, Any]]:
    """The apps whose frames are known."""
    return [app for app in daemon.status()["apps"] if app["frames"] or not frames]


def near(found: ArrayLike, injected: ArrayLike) -> bool:
    return bool(np.allclose(found, injected, rtol=0, atol=TOLERANCE))


def same_turn(found: ArrayLike, injected: ArrayLike) -> bool:
    """A quaternion and its negative are the same."""
    return near(found, injected) or near(-np.asarray(found), injected)


def given(reader: ChannelReader, place: ArrayLike) -> np.void:
    """The head's record that has this place."""
    got = reader.until(
        "head",
        lambda got: got.status == "new" and near(got.record["pose"]["position"][0], place),
    )
    row: np.void = got.record[0]
    return row


def test_what_is_injected_is_in_the_channels(played: Played, tmp_path: Path) -> None:
    random = np.random.default_rng(11)
    rig = played.rig
    with (
        HelloXr(rig.service, tmp_path, played.home.environment) as app,
        ChannelReader(tmp_path, played.daemon) as reader,
    ):
        app.reaches("FOCUSED")
        for _ in range(STATES):
            places = random.uniform(-2, 2, (3, 3))
            turns = random.normal(size=(3, 4))
            turns /= np.linalg.norm(turns, axis=1, keepdims=True)
            hands = [
                Controller(
                    position=tuple(place), orientation=tuple(turn),
                    trigger=float(random.uniform(0.01, 1)), pressed=frozenset({"a_click"}),
                )
                for place, turn in zip(places[1:], turns[1:], strict=True)
            ]
            rig.remote.send(tuple(places[0]), tuple(turns[0]), *hands)
            head = given(reader, places[0])
            assert (head["space"], head["source"]) == (1, LAYER)
            assert head["pose"]["flags"] & TRACKED == TRACKED
            assert same_turn(head["pose"]["orientation"], turns[0])
            for side, sent in zip(("left", "right"), hands, strict=True):
                got = reader.until(
                    f"controller_{side}",
                    lambda got, sent=sent: got.status == "new"
                    and near(got.record["grip"]["position"][0], sent.position)
                    and near(got.record["trigger"], sent.trigger),
                )
                held = got.record[0]
                assert held["source"] == LAYER
                assert held["side"] == (1 if side == "left" else 2)
                assert same_turn(held["grip"]["orientation"], sent.orientation)
                assert near(held["aim"]["position"], sent.position)
                assert held["pressed"] & 16
                assert held["space_generation"] == head["space_generation"]
                assert held["profile"].startswith(b"/interaction_profiles/")
                # hello_xr asked for no hands; joint 1 is the wrist.
                hand = reader.until(
                    f"hand_{side}",
                    lambda got, sent=sent: got.status == "new"
                    and near(got.record["joints"]["position"][0, 1], sent.position),
                ).record[0]
                assert hand["source"] == LAYER
                assert (hand["joints"]["flags"] & TRACKED == TRACKED).all()
        rig.remote.send(left=ABSENT)
        reader.until("hand_left", lambda got: got.status == "invalid" and got.reason == "inactive")
        (told,) = frames = eventually(lambda: apps(played.daemon), "frames of an app")
        assert len(frames) == 1
        assert (told["app"], told["source"]) == (NAME, "layer")
        assert told["rate_hz"] > 0
        assert told["cpu_ms"]["p50"] > 0
        assert told["late"] is not None
        assert told["gpu_ms"] is None
        assert sum(told["minute"]["frames"]) > 0
        assert part(played.daemon)["state"] == "live"
        assert part(played.daemon)["detail"] == f"{NAME}, focused"

        # Of a daemon that is killed its own files are left, too.
        for place, end in (((0.5, 1.5, -0.25), played.daemon.stop),
                           ((0.5, 1.0, -0.25), played.daemon.kill)):
            end()
            played.daemon.start()
            with ChannelReader(tmp_path, played.daemon) as again:
                rig.remote.send(place)
                assert given(again, place)["source"] == LAYER
                (told,) = eventually(lambda: apps(played.daemon), "its frames again")
                assert told["app"] == NAME

        with ChannelReader(tmp_path, played.daemon) as again:
            with _spoilt(played.home):
                eventually(
                    lambda: len(apps(played.daemon, frames=False)) == 2, "the noise is looked at"
                )
                rig.remote.send((0.25, 1.0, 0.75))
                assert given(again, (0.25, 1.0, 0.75))["source"] == LAYER

            app.process.kill()
            again.until("head", lambda got: got.status == "invalid" and got.reason == "inactive")
            eventually(
                lambda: part(played.daemon)["state"] == "closed" and not played.home.files(),
                lambda: str(part(played.daemon)),
            )
    assert all(child["restarts"] == 0 for child in played.daemon.status()["processes"])


@contextmanager
def _spoilt(home: LayerHome) -> Iterator[None]:
    """Puts files of noise beside the game's, of which one has a good header and a holder."""
    random = np.random.default_rng(5)
    games = [Game(home.folder / f"4000000000-{number}") for number in (1, 2)]
    for game in games:
        rings = game.bytes[layout.FRAMES_AT :]
        rings[:] = random.integers(0, 256, rings.size, np.uint8)
        game.header["frames"] = game.header["inputs"] = 1 << 40
        game.header["pid"] = 4_000_000_000
    games[1].header["magic"] = 7
    for game in games:
        game.save()
    held = games[0].hold()
    try:
        yield
    finally:
        os.close(held)


def test_doctor_names_the_apps_that_may_be_read(
    played: Played, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in played.home.environment.items():
        monkeypatch.setenv(name, value)
    file = tmp_path / "daemon.toml"
    file.write_text(LAYER_ONLY)
    config = load(file, sensors=SENSORS)
    for mode, finding in (
        ("timing", (Verdict.MISSING, "no app may show its poses")),
        ("thread", (Verdict.OK, f"installed; may show poses: {NAME}")),
    ):
        played.home.allow(mode, NAME)
        (found,) = openxr_layer(config)
        assert (found.verdict, found.detail) == finding


def test_of_two_games_the_one_in_front_counts(played: Played, tmp_path: Path) -> None:
    rig = played.rig
    (tmp_path / "first").mkdir()
    with (
        HelloXr(rig.service, tmp_path / "first", played.home.environment) as first,
        ChannelReader(tmp_path, played.daemon) as reader,
    ):
        first.reaches("FOCUSED")
        rig.remote.send((0.1, 1.1, 0.1))
        before = int(given(reader, (0.1, 1.1, 0.1))["space_generation"])
        with HelloXr(rig.service, tmp_path, played.home.environment) as second:
            second.reaches("FOCUSED")
            eventually(
                lambda: "; beside it HelloXR, " in part(played.daemon)["detail"],
                lambda: str(part(played.daemon)),
            )
            first.process.kill()
            rig.remote.send((0.2, 1.2, 0.2))
            assert given(reader, (0.2, 1.2, 0.2))["space_generation"] > before
            eventually(
                lambda: part(played.daemon)["detail"] == f"{NAME}, focused",
                lambda: str(part(played.daemon)),
            )


def test_frames_of_both_sources_are_told_in_one_way(played: Played) -> None:
    eventually(lambda: not apps(played.daemon), "the games of before are gone")
    game = Game(played.home.folder / f"{os.getpid()}-1")
    game.header["pid"] = os.getpid()
    now = now_ns()
    for number in range(1, 7):
        at = now - (7 - number) * PERIOD_NS
        times = {"wait_ns": at, "begin_ns": (at, at + 1000), "end_ns": (at + 5000, at + 6000)}
        game.add_frame((number + (number == 6)) * PERIOD_NS, PERIOD_NS, **times)
    game.save()
    with open(game.hold(), "rb"), played.daemon.client("game") as client:
        (seen,) = eventually(lambda: apps(played.daemon), "the layer's frames")
        assert (seen["app"], seen["source"], seen["gpu_ms"]) == ("game", "layer", None)
        assert (seen["frames"], seen["missed"], seen["period_ms"]) == (6, 1, PERIOD_NS / 1e6)
        # It tells its own frames, too: it alone knows its GPU's time.
        region, page = client.open("app")
        frame = records.FRAME_TIMING.zeros()
        frame["begin_ns"] = frame["end_ns"] = now
        frame["gpu_ns"], frame["source"] = 3_000_000, 1
        Writer(region, "frame_timing", page).publish(frame, now)
        (both,) = eventually(
            lambda: [app for app in apps(played.daemon) if app["gpu_ms"]], "the GPU's time"
        )
        assert (both["source"], both["frames"], both["gpu_ms"]["p50"]) == ("layer", 6, 3.0)
        game.header["ended"] = 1
        game.update()
        (own,) = eventually(
            lambda: [app for app in apps(played.daemon) if app["source"] == "app"], "its own alone"
        )
        assert (own["app"], own["frames"], own["late"]) == ("game", 1, None)
        said = played.daemon.command("status").stdout
        assert f"frames of game (process {os.getpid()}, told by itself): " in said
    game.path.unlink(missing_ok=True)


def test_the_session_gives_way_to_the_layer_and_takes_over_again(
    played: Played, tmp_path: Path
) -> None:
    rig = played.rig
    daemon = Daemon(
        tmp_path, BOTH, environment=rig.service.environment, python=rig.service.python
    )
    (tmp_path / "app").mkdir()
    rig.remote.send((0.0, 1.0, 0.0))
    with LayerHome(daemon) as home, daemon, ChannelReader(tmp_path, daemon) as reader:
        home.allow("thread", NAME)
        # The layer is installed already.
        installed = {"XDG_DATA_HOME": played.home.environment["XDG_DATA_HOME"]}
        assert given(reader, (0.0, 1.0, 0.0))["source"] == SESSION
        with HelloXr(rig.service, tmp_path / "app", home.environment | installed) as app:
            app.reaches("FOCUSED")
            eventually(
                lambda: part(daemon)["detail"] == f"{NAME}, focused; not in use: openxr is",
                lambda: str(part(daemon)),
            )
            first = given(reader, (0.0, 1.0, 0.0))
            assert first["source"] == SESSION
            # As a runtime does that gives a second session no input beside a game.
            client = rig.service.client("sensorium")
            rig.service.toggle_input(client)
            turned = _until_source(reader, LAYER)
            assert turned["space_generation"] == first["space_generation"] + 1
            assert near(turned["pose"]["position"], (0.0, 1.0, 0.0))
            assert part(daemon)["detail"].endswith("; in use")
            assert part(daemon, "openxr")["detail"].endswith("; not in use: openxr_layer is")
            said = daemon.command("top", "--once").stdout
            assert "openxr_layer live: HelloXR, focused; in use" in said
            rig.service.toggle_input(client)
            back = _until_source(reader, SESSION)
            assert back["space_generation"] == first["space_generation"] + 2


def _until_source(reader: ChannelReader, source: int) -> np.void:
    got = reader.until(
        "head", lambda got: got.status == "new" and got.record["source"][0] == source
    )
    row: np.void = got.record[0]
    return row
