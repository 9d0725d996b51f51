"""The API layer in an unmodified OpenXR app on a real runtime."""

from __future__ import annotations

import json
import shutil
import signal
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pytest
from fixtures import layer
from fixtures.hello_xr import NAME, HelloXr
from fixtures.layer import LayerHome
from fixtures.monado import MARKS, MonadoService
from fixtures.remote_driver import ABSENT, LEFT, RIGHT, Controller, Remote
from fixtures.waiting import eventually

from sensorium.clock import now_ns
from sensorium.sensors.openxr_layer import layout
from sensorium.sensors.openxr_layer.frames import FrameCounts
from sensorium.sensors.openxr_layer.library import NARROW

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import ArrayLike

    from sensorium.sensors.openxr_layer.mapping import LayerMapping

pytestmark = MARKS

TOLERANCE = 1e-6
TRACKED = 15
STATES = 25
STOP_S = 0.5
VALIDATION = "XR_APILAYER_LUNARG_core_validation"
WRONG_CALL = """
import ctypes, xr
instance = xr.create_instance(xr.InstanceCreateInfo(enabled_extension_names=["XR_MND_headless"]))
info = xr.SystemGetInfo(type=xr.StructureType.SWAPCHAIN_CREATE_INFO)
xr.raw_functions.xrGetSystem(instance, ctypes.byref(info), ctypes.byref(xr.SystemId()))
xr.destroy_instance(instance)
"""

AGAIN = """
import ctypes, os, sys, time, xr

folder, turns = sys.argv[1], int(sys.argv[2])
held = []

def samples():
    for task in os.listdir("/proc/self/task"):
        try:
            with open(f"/proc/self/task/{task}/comm") as name:
                if name.read() == "sensorium\\n":
                    return True
        except OSError:
            continue
    return False

for turn in range(turns):
    instance = xr.create_instance(xr.InstanceCreateInfo(
        enabled_extension_names=["XR_MND_headless"],
        application_info=xr.ApplicationInfo(application_name="again"),
    ))
    system = xr.get_system(instance, xr.SystemGetInfo(xr.FormFactor.HEAD_MOUNTED_DISPLAY))
    session = xr.create_session(instance, xr.SessionCreateInfo(system_id=system))
    state = None
    while state != xr.SessionState.READY:
        try:
            event = xr.poll_event(instance)
        except xr.EventUnavailable:
            time.sleep(0.001)
            continue
        if event.type == xr.StructureType.EVENT_DATA_SESSION_STATE_CHANGED:
            told = ctypes.cast(ctypes.byref(event), ctypes.POINTER(xr.EventDataSessionStateChanged))
            state = told.contents.state
    xr.begin_session(session, xr.SessionBeginInfo(xr.ViewConfigurationType.PRIMARY_STEREO))
    assert len(os.listdir(folder)) == 1, os.listdir(folder)
    # Its thread gives itself its name.
    while not samples():
        time.sleep(0.001)
    if turn % 2:
        xr.destroy_session(session)
    xr.destroy_instance(instance)
    assert os.listdir(folder) == []
    held.append((len(os.listdir("/proc/self/fd")), len(os.listdir("/proc/self/task"))))
print(held[len(held) // 2] == held[-1], held[-1])
"""
"""Makes an instance with a session that runs, and ends it, with and without ending the session."""


class Rig(NamedTuple):
    service: MonadoService
    remote: Remote
    home: LayerHome


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    folder = tmp_path_factory.mktemp("layer")
    library = layer.build(folder / "build")
    service = MonadoService(folder / "m")
    service.start()
    try:
        with service.connect() as remote, LayerHome() as home:
            home.command("install", "--library", str(library))
            yield Rig(service, remote, home)
    finally:
        service.stop()


@pytest.fixture(scope="module")
def app(rig: Rig, tmp_path_factory: pytest.TempPathFactory) -> Iterator[HelloXr]:
    rig.home.command("allow", NAME, "--mode", "thread")
    rig.remote.send()
    with HelloXr(rig.service, tmp_path_factory.mktemp("app"), rig.home.environment) as running:
        running.reaches("FOCUSED")
        yield running


@pytest.fixture(scope="module")
def mapping(rig: Rig, app: HelloXr) -> Iterator[LayerMapping]:
    found = rig.home.session()
    yield found
    found.close()


def near(found: ArrayLike, injected: ArrayLike) -> bool:
    return bool(np.allclose(found, injected, rtol=0, atol=TOLERANCE))


def same_turn(found: ArrayLike, injected: ArrayLike) -> bool:
    """A quaternion and its negative are the same."""
    return near(found, injected) or near(-np.asarray(found), injected)


def until(mapping: LayerMapping, holds: Callable[[np.void], bool], what: str) -> np.void:
    def look() -> np.void | None:
        found = mapping.newest_input(now_ns())
        return found[0] if found is not None and holds(found[0]) else None

    got = eventually(look, what, pause_s=0.003)
    assert got is not None
    return got


def drawn(random: np.random.Generator) -> Controller:
    turn = random.normal(size=4)
    stick = random.uniform(-1, 1, 2)
    return Controller(
        position=tuple(random.uniform(-2, 2, 3)), orientation=tuple(turn / np.linalg.norm(turn)),
        trigger=float(random.uniform(0.01, 1)), squeeze=float(random.uniform(0, 1)),
        stick=(float(stick[0]), float(stick[1])),
        pressed=frozenset({"a_click"} if random.uniform() < 0.5 else {"thumbstick_click"}),
    )  # fmt: skip


def test_what_is_injected_is_delivered(mapping: LayerMapping, rig: Rig) -> None:
    random = np.random.default_rng(7)
    for _ in range(STATES):
        place, turn = random.uniform(-2, 2, 3), random.normal(size=4)
        turn /= np.linalg.norm(turn)
        hands = [drawn(random), drawn(random)]
        rig.remote.send(tuple(place), tuple(turn), *hands)
        # States of actions are those of the app's last sync, so they come last.
        got = until(
            mapping,
            lambda got, place=place, hands=hands: near(got["head"]["position"], place)
            and near(got["hands"]["trigger"], [each.trigger for each in hands]),
            "what was sent",
        )
        assert got["head"]["flags"] & TRACKED == TRACKED
        assert same_turn(got["head"]["orientation"], turn)
        assert (got["space"], got["session_state"]) == (1, 5)
        for sent, hand in zip(hands, got["hands"], strict=True):
            assert hand["controller_active"] == hand["hand_active"] == 1
            for pose in ("grip", "aim"):
                assert hand[pose]["flags"] & TRACKED == TRACKED
                assert near(hand[pose]["position"], sent.position), pose
                assert same_turn(hand[pose]["orientation"], sent.orientation), pose
            assert near(hand["squeeze"], sent.squeeze)
            assert near(hand["stick"], sent.stick)
            # Of the trigger's and the grip's click the runtime decides by their value.
            assert hand["pressed"] & ~np.uint32(3) == (16 if "a_click" in sent.pressed else 4)
            # hello_xr asked for no hands; joint 1 is the wrist, where the driver puts the hand.
            assert near(hand["joints"]["position"][1], sent.position)
            assert (hand["joints"]["radius"] > 0).all()
            assert hand["from_app"] == 0
    assert mapping.about.extensions == 3 | 3 << 8
    assert mapping.refused == 0


def test_what_is_absent_is_not_there(mapping: LayerMapping, rig: Rig) -> None:
    rig.remote.send(left=ABSENT)
    got = until(mapping, lambda got: not got["hands"][0]["hand_active"], "no left hand")
    assert got["hands"][1]["hand_active"] == 1
    rig.remote.send()
    until(mapping, lambda got: got["hands"][0]["hand_active"] == 1, "the left hand again")


def test_a_stop_of_the_app_is_seen_as_missed_frames(mapping: LayerMapping, app: HelloXr) -> None:
    counts = FrameCounts()
    number = 0

    def follow(frames: int) -> None:
        nonlocal number
        end = counts.frames + frames

        def look() -> bool:
            nonlocal number
            found, number = mapping.frames_after(number, now_ns())
            counts.add(found, mapping.clock_offset_ns())
            return counts.frames >= end

        eventually(look, f"{frames} frames")

    follow(10)
    before, last = counts.missed, mapping.frames_after(number - 1, now_ns())[0][0]
    app.process.send_signal(signal.SIGSTOP)
    time.sleep(STOP_S)
    app.process.send_signal(signal.SIGCONT)
    follow(3)
    newest = mapping.frames_after(number - 1, now_ns())[0][0]
    missed = counts.missed - before
    passed_ns = int(newest["end_ns"][1] - last["end_ns"][1])
    assert counts.period_ns > 0
    # All of the stop but the frames under way; and never more than all the time that passed.
    assert missed >= STOP_S * 1e9 / counts.period_ns - 3
    assert missed <= passed_ns / counts.period_ns + 2
    assert counts.jumps == counts.failed == 0


def test_the_apps_own_buttons_still_work(
    mapping: LayerMapping, rig: Rig, app: HelloXr
) -> None:
    rig.remote.send(right=replace(RIGHT, pressed=frozenset({"b_click"})))
    app.reaches("EXITING")
    rig.remote.send()
    # One of its threads waits for a key still.
    assert app.quit() == 0
    assert mapping.is_over()
    assert rig.home.files() == []


def test_the_app_says_and_does_the_same_with_it(rig: Rig, tmp_path: Path) -> None:
    said, status = [], []
    complaints = tmp_path / "validation.txt"
    validated = {
        "XR_ENABLE_API_LAYERS": VALIDATION, "XR_CORE_VALIDATION_EXPORT_TYPE": "text",
        "XR_CORE_VALIDATION_FILE_NAME": str(complaints),
    }  # fmt: skip
    rig.home.allow("thread,gaze", NAME)
    for visible in ({}, {**rig.home.environment, **validated}):
        folder = tmp_path / str(len(said))
        folder.mkdir()
        rig.remote.send(left=replace(LEFT, squeeze=1.0))
        with HelloXr(rig.service, folder, visible) as app:
            app.reaches("FOCUSED")
            if visible:
                mapping = rig.home.session()
                until(mapping, lambda got: got["hands"][0]["squeeze"] == 1, "an input")
                assert len(mapping.frames_after(0, now_ns())[0])
                mapping.close()
            status.append(app.quit())
            # Threads take turns, and events may be told twice; the layers are told of, of course.
            said.append({line for line in app.said()
                         if "Available Layers" not in line and "Core Validation" not in line})
    assert status == [0, 0]
    assert said[0] == said[1]
    assert not complaints.exists() or complaints.read_text() == ""
    # It does complain there of a call that is wrong.
    python = str(rig.service.python)
    done = layer.run([python, "-c", WRONG_CALL], {**rig.service.vulkan(), **validated})
    assert done.returncode == 0, done.stderr
    assert "VUID-XrSystemGetInfo-type-type" in complaints.read_text()


def test_timing_alone_asks_for_no_input(rig: Rig, tmp_path: Path) -> None:
    rig.home.allow("timing", NAME)
    with HelloXr(rig.service, tmp_path, rig.home.environment) as app:
        mapping = rig.home.session()
        eventually(lambda: len(mapping.frames_after(0, now_ns())[0]) > 3, "frames")
        assert mapping.about.mode == "timing"
        assert mapping.about.extensions == layout.CLOCK | layout.CLOCK << 8
        assert mapping.newest_input(now_ns()) is None
        frames, _ = mapping.frames_after(0, now_ns())
        assert (frames["display_time"] == frames["end_display_time"]).all()
        assert (frames["end_result"] == 0).all()
        mapping.close()
        (seen,) = json.loads(rig.home.command("status", "--json"))["sessions"]
        assert (seen["app"], seen["mode"], seen["inputs"]) == (NAME, "timing", 0)
        assert seen["frames"] > 3
        assert app.quit() == 0


@pytest.fixture
def broken(rig: Rig, tmp_path: Path) -> dict[str, str]:
    """Variables with which a loader finds a library of 32 bits, as 32-bit apps find ours."""
    manifest = Path(json.loads(rig.home.command("status", "--json"))["manifest"])
    there = tmp_path / "data" / manifest.relative_to(rig.home.environment["XDG_DATA_HOME"])
    there.parent.mkdir(parents=True)
    about = json.loads(manifest.read_text())
    foreign = bytearray(Path(about["api_layer"]["library_path"]).read_bytes())
    foreign[4] = 1
    about["api_layer"]["library_path"] = str(tmp_path / "foreign.so")
    (tmp_path / "foreign.so").write_bytes(foreign)
    there.write_text(json.dumps(about))
    return {"XDG_DATA_HOME": str(tmp_path / "data")}


def test_an_app_does_not_start_with_a_library_of_other_bits(
    rig: Rig, tmp_path: Path, broken: dict[str, str]
) -> None:
    with HelloXr(rig.service, tmp_path, {**rig.home.environment, **broken}) as app:
        app.says("XrResult failure [XR_ERROR_FILE_ACCESS_ERROR]")
        assert app.quit() == 1


def test_an_app_starts_with_libraries_of_both_kinds(
    rig: Rig, tmp_path: Path, broken: dict[str, str]
) -> None:
    """It skips the one of other bits as long as it can load the other, as 32-bit apps do."""
    rig.home.allow("timing", NAME)
    installed = Path(json.loads(rig.home.command("status", "--json"))["manifest"])
    (other,) = Path(broken["XDG_DATA_HOME"]).rglob(installed.name)
    other.rename(other.with_name(NARROW.manifest))
    shutil.copy(installed, other)
    with HelloXr(rig.service, tmp_path, {**rig.home.environment, **broken}) as app:
        app.reaches("FOCUSED")
        mapping = rig.home.session()
        eventually(lambda: len(mapping.frames_after(0, now_ns())[0]) > 3, "frames")
        mapping.close()
        assert app.quit() == 0


@pytest.mark.parametrize("why", ["not allowed", "disabled"])
def test_nothing_is_written_where_it_may_not(
    rig: Rig, tmp_path: Path, broken: dict[str, str], why: str
) -> None:
    rig.home.allow("thread", *([] if why == "not allowed" else [NAME]))
    more = {"DISABLE_SENSORIUM_LAYER": "1", **broken} if why == "disabled" else {}
    with HelloXr(rig.service, tmp_path, {**rig.home.environment, **more}) as app:
        app.reaches("FOCUSED")
        assert rig.home.files() == []
        assert app.quit() == 0


def test_an_app_makes_its_instance_anew_a_hundred_times(rig: Rig) -> None:
    rig.home.allow("thread", "again")
    line = [str(rig.service.python), "-c", AGAIN, str(rig.home.folder), "100"]
    done = layer.run(line, {**rig.service.environment, **rig.home.environment})
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("True "), done.stdout
    assert rig.home.files() == []


def test_a_runtime_that_dies_gives_the_app_its_own_error(rig: Rig, tmp_path: Path) -> None:
    """The last test here: it kills the service."""
    rig.home.allow("thread", NAME)
    with HelloXr(rig.service, tmp_path, rig.home.environment) as app:
        app.reaches("FOCUSED")
        until(rig.home.session(), lambda got: got["session_state"] == 5, "an input")
        rig.service.kill()
        # hello_xr says so and ends with 1 by itself, too; one of its threads waits for a key.
        app.says("XrResult failure [XR_ERROR_INSTANCE_LOST]")
        assert app.quit() == 1
    assert rig.home.files() == []
