"""The example in C: it compiles clean and draws what shared memory says, on a virtual display."""

from __future__ import annotations

import contextlib
import json
import subprocess
import threading
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from fixtures import viewer
from fixtures.clients import ROOT, Wine, windows_path, wine
from fixtures.daemon import Daemon
from fixtures.display import read_png, virtual_display
from fixtures.live_regions import LiveRegions, publish

from sensorium.channels.reader import Reader
from sensorium.channels.status import Status
from sensorium.clock import now_ns
from sensorium.health import Reason
from sensorium_tools import hands
from sensorium_tools.hand_poses import POSES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = pytest.mark.system

APP = "sensorium-example"
DEMO = ROOT / "configs" / "demo.mcap"
WRIST = {"left": (-0.2, 1.2, -0.3), "right": (0.2, 1.2, -0.3)}
UPRIGHT = (0.5, 0.0, 0.0, 0.866)


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return viewer.build(tmp_path_factory.mktemp("example") / "viewer")


@pytest.fixture(scope="module")
def display() -> Iterator[dict[str, str]]:
    with virtual_display() as environment:
        yield environment


@pytest.fixture
def live(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[LiveRegions]:
    folder = tmp_path / "run"
    folder.mkdir()
    with LiveRegions(folder, aging=getattr(request, "param", "") == "aging") as regions:
        yield regions


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    if not DEMO.exists():
        pytest.skip("configs/demo.mcap is not in this checkout")
    with Daemon(tmp_path, "replay") as running:
        running.command("grants", "allow", APP, "motion")
        yield running


def place(live: LiveRegions, side: str, pose: str = "open") -> None:
    """Publishes one hand, held up in front of the wearer."""
    number = hands.LEFT if side == "left" else hands.RIGHT
    made = hands.hand(POSES[pose], number, WRIST[side], UPRIGHT)
    record = hands.to_record(made, number)
    live.writer(f"hand_{side}").publish(record, time.perf_counter_ns())


@contextlib.contextmanager
def kept_fresh(publishing: Callable[[], object]) -> Iterator[None]:
    """Publishes again and again, as a living sense does."""
    ended = threading.Event()

    def publish_on() -> None:
        while not ended.wait(0.03):
            publishing()

    publishing()
    writer = threading.Thread(target=publish_on)
    writer.start()
    try:
        yield
    finally:
        ended.set()
        writer.join()


def build_for_windows(folder: Path) -> Path:
    """The same sources with mingw-w64."""
    libraries = ("-lopengl32", "-lgdi32", "-luser32")
    return viewer.build(folder / "viewer.exe", "x86_64-w64-mingw32-gcc", libraries)


def test_under_wine_it_draws_and_reads_what_is_public(
    display: dict[str, str], live: LiveRegions, tmp_path: Path
) -> None:
    program = build_for_windows(tmp_path)
    command = wine(program)
    with (
        Wine(tmp_path / "wine", display) as windows,
        kept_fresh(lambda: publish(live, "gesture_left", side=1, name=b"Victory")),
    ):
        done = subprocess.run(
            [*command, "--json", *viewer.FAST, "--frames", "30", "--screenshot", "drawn.png",
             "--runtime-dir", windows_path(live.folder)],
            env=windows.environment, cwd=tmp_path, stdout=subprocess.PIPE, text=True, timeout=300,
            check=False,
        )
    assert done.returncode == 0
    report = json.loads(done.stdout)
    assert report["senses"]["gesture_left"]["status"] in ("new", "same")
    assert report["senses"]["hand_left"]["words"].startswith("closed: ")
    picture = read_png(tmp_path / "drawn.png")
    assert len(np.unique(picture.reshape(-1, 3), axis=0)) > 100


def test_hands_are_drawn_where_the_daemon_says(
    program: Path, display: dict[str, str], daemon: Daemon, tmp_path: Path
) -> None:
    environment = display | {"SENSORIUM_RUNTIME_DIR": str(daemon.runtime_dir)}
    places: dict[str, list[np.ndarray]] = {"left": [], "right": []}
    for _ in range(24):
        if min(map(len, places.values())) >= 2:
            break
        seen = viewer.run(program, environment, tmp_path / "frame.png", "--seconds", "1.3")
        assert seen.status("head") in ("new", "same", "stale")
        for side, colour in (("left", viewer.blue), ("right", viewer.orange)):
            if seen.status(f"hand_{side}") == "stale":
                # A busy machine draws it grey and looks again.
                continue
            mask = viewer.view_only(colour(seen.picture))
            if not seen.report[f"hand_{side}"]:
                assert seen.words(f"hand_{side}") == "not tracked now"
                assert not mask.any()
                continue
            points = seen.joints_on_screen(f"hand_{side}")
            if viewer.share_clear(points, seen.picture) < 0.9:
                continue
            assert viewer.share_at(mask, points) > 0.8
            assert viewer.share_inside(mask, points) > 0.95
            places[side].append(points)
    for drawn in places.values():
        assert len(drawn) >= 2, "never in full sight"
        assert np.abs(drawn[0] - drawn[1]).max() > 2, "the hand did not move"


def test_the_daemon_sees_its_frames_and_targets(
    program: Path, display: dict[str, str], daemon: Daemon
) -> None:
    environment = display | {"SENSORIUM_RUNTIME_DIR": str(daemon.runtime_dir)}
    running = subprocess.Popen(
        [str(program), "--json", "--frames", "90", "--hidden", *viewer.FAST],
        env=environment, stdout=subprocess.PIPE, text=True,
    )
    seen: dict[str, Any] = {}
    told: list[dict[str, Any]] = []
    while running.poll() is None:
        seen = app_region(daemon) or seen
        told = [app for app in daemon.status()["apps"] if app["app"] == APP] or told
        time.sleep(0.05)
    assert running.stdout
    report = json.loads(running.stdout.read())
    running.stdout.close()
    assert running.returncode == 0
    assert 20 < seen["frames"] <= report["published"]
    assert seen["targets"] == 3
    assert seen["refused"] == 0
    assert seen["frame_ms"] > 0
    (app,) = told
    assert (app["pid"], app["source"]) == (running.pid, "app")
    assert 20 < app["frames"] <= report["published"]
    assert sum(app["minute"]["frames"]) == app["frames"]
    assert app["frame_ms"]["p50"] > 0


def app_region(daemon: Daemon) -> dict[str, Any]:
    """What the daemon says of the region of the example; empty while it has none."""
    for client in daemon.status()["clients"]:
        if client["app"] == APP and "app_region" in client:
            return dict(client["app_region"])
    return {}


def until_drawn(daemon: Daemon, frames: int) -> None:
    """Until the daemon was told of so many frames of the example."""
    end = time.monotonic() + 60
    while app_region(daemon).get("frames", 0) < frames:
        assert time.monotonic() < end, daemon.read_log()
        time.sleep(0.05)


def until_live(daemon: Daemon, region: str, channel: str) -> None:
    """Until the daemon gives records of a channel: one that was just started has none."""
    end = time.monotonic() + 60
    with daemon.client(APP) as client:
        mapped, page = client.open(region)
        page.close()
        reader = Reader(mapped, channel)
        while reader.read(now_ns()) is not Status.NEW:
            assert time.monotonic() < end, daemon.read_log()
            time.sleep(0.05)


def test_it_finds_a_restarted_daemon(
    program: Path, display: dict[str, str], daemon: Daemon, tmp_path: Path
) -> None:
    environment = display | {"SENSORIUM_RUNTIME_DIR": str(daemon.runtime_dir)}
    running = subprocess.Popen(
        [str(program), "--json", *viewer.FAST],
        env=environment, stdout=subprocess.PIPE, text=True,
    )
    until_drawn(daemon, 10)
    daemon.kill()
    time.sleep(0.5)
    daemon.start()
    until_live(daemon, "motion", "head")
    until_drawn(daemon, app_region(daemon).get("frames", 0) + 30)
    running.terminate()
    report = json.loads(running.communicate(timeout=120)[0])
    assert running.returncode == 0
    assert report["reconnects"] == 1
    assert report["senses"]["head"]["status"] in ("new", "same")


@pytest.mark.parametrize("live", ["aging"], indirect=True)
def test_a_stale_hand_is_grey(
    program: Path, display: dict[str, str], live: LiveRegions, tmp_path: Path
) -> None:
    live.grant(APP, "motion")
    place(live, "left")
    time.sleep(0.3)
    environment = display | {"SENSORIUM_RUNTIME_DIR": str(live.folder)}
    seen = viewer.run(program, environment, tmp_path / "stale.png", "--seconds", "1")
    assert seen.status("hand_left") == "stale"
    assert seen.words("hand_left").startswith("STALE for ")
    assert not viewer.view_only(viewer.blue(seen.picture)).any()
    points = seen.joints_on_screen("hand_left")
    assert viewer.share_at(viewer.grey(seen.picture), points) > 0.8


def test_a_hand_that_is_not_tracked_is_absent_and_says_why(
    program: Path, display: dict[str, str], live: LiveRegions, tmp_path: Path
) -> None:
    live.grant(APP, "motion")
    environment = display | {"SENSORIUM_RUNTIME_DIR": str(live.folder)}
    with kept_fresh(
        lambda: publish(live, "hand_right", valid=False, reason=Reason.RUNTIME_MISSING)
    ):
        seen = viewer.run(program, environment, tmp_path / "no.png", "--frames", "3")
    assert seen.status("hand_right") == "invalid"
    assert seen.words("hand_right") == "no OpenXR runtime"
    assert seen.words("hand_left") == "starting"
    assert not viewer.view_only(viewer.orange(seen.picture)).any()


def test_what_is_denied_names_the_command_that_grants_it_and_follows_it(
    program: Path, display: dict[str, str], live: LiveRegions, tmp_path: Path
) -> None:
    environment = display | {"SENSORIUM_RUNTIME_DIR": str(live.folder)}
    seen = viewer.run(program, environment, tmp_path / "denied.png", "--frames", "3")
    assert seen.status("hand_left") == "denied"
    assert seen.words("hand_left") == "DENIED. sensorium grants allow sensorium-example motion"
    running = subprocess.Popen(
        [str(program), "--json", "--frames", "90", *viewer.FAST],
        env=environment, stdout=subprocess.PIPE, text=True,
    )
    time.sleep(1)
    live.grant(APP, "motion")
    with kept_fresh(lambda: place(live, "left")):
        report = json.loads(running.communicate(timeout=120)[0])
    assert report["senses"]["hand_left"]["status"] in ("new", "same")
    assert report["senses"]["hand_left"]["new"] > 10


def test_without_a_daemon_it_says_so_and_goes_on(
    program: Path, display: dict[str, str], tmp_path: Path
) -> None:
    environment = display | {"SENSORIUM_RUNTIME_DIR": str(tmp_path / "nothing")}
    seen = viewer.run(program, environment, tmp_path / "off.png", "--frames", "20")
    assert seen.report["frame_ns"]["count"] == 10
    assert {seen.status(channel) for channel in seen.report["senses"]} == {"closed"}
    assert seen.words("voice_activity") == "no daemon. sensorium run"
    assert len(np.unique(seen.picture.reshape(-1, 3), axis=0)) > 100


def test_it_keeps_the_begin_and_end_of_each_frame(
    program: Path, display: dict[str, str], tmp_path: Path
) -> None:
    environment = display | {"SENSORIUM_RUNTIME_DIR": str(tmp_path / "nothing")}
    kept = tmp_path / "times"
    before = now_ns()
    viewer.measure(program, environment, *viewer.FAST, "--frames", "20", "--times", str(kept))
    times = np.fromfile(kept, np.int64)
    assert len(times) == 40
    assert (np.diff(times) > 0).all()
    assert before < times[0]
    assert times[-1] < now_ns()
    done = subprocess.run(
        [str(program), *viewer.FAST, "--frames", "2", "--times", str(tmp_path / "no" / "times")],
        env=environment, capture_output=True, text=True, check=False,
    )
    assert done.returncode == 2
    assert "times cannot be written" in done.stderr


@pytest.mark.parametrize("hidden", [(), ("--hidden",)])
def test_voice_and_microphone_are_seen(
    program: Path, display: dict[str, str], live: LiveRegions, tmp_path: Path,
    hidden: tuple[str, ...],
) -> None:
    environment = display | {"SENSORIUM_RUNTIME_DIR": str(live.folder)}

    def shown(state: int, speaking: int, probability: float, loudness: float) -> viewer.Drawn:
        def publish_both() -> None:
            publish(live, "microphone", state=state, device=b"virtual")
            publish(live, "voice_activity", speaking=speaking, probability=probability,
                    loudness=loudness)

        with kept_fresh(publish_both):
            return viewer.run(
                program, environment, tmp_path / f"{state}.png", "--frames", "2", *hidden
            )

    silent, speaking = shown(2, 0, 0.1, -55.0), shown(1, 1, 0.9, -12.0)

    def lit(picture: np.ndarray, rgb: tuple[int, int, int]) -> int:
        return int((np.abs(picture - rgb).max(axis=2) < 12).sum())

    green, red = (92, 222, 153), (242, 92, 87)
    assert lit(speaking.picture, green) > lit(silent.picture, green) + 300
    assert lit(speaking.picture, red) > lit(silent.picture, red) + 20


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--seconds", "soon"), "--seconds soon"),
        (("--size", "9x9"), "--size 9x9"),
        (("--colour",), "--colour"),
        (("--shape", "round"), "unknown option --shape"),
    ],
)
def test_a_wrong_option_is_named(program: Path, arguments: tuple[str, ...], words: str) -> None:
    done = subprocess.run([str(program), *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert words in done.stderr


def test_without_a_display_it_says_so(program: Path) -> None:
    done = subprocess.run(
        [str(program)], env={"DISPLAY": ""}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "no X display" in done.stderr


def test_the_screenshot_is_a_picture() -> None:
    data = (viewer.EXAMPLE / "screenshot.png").read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    assert len(data) < 400_000
