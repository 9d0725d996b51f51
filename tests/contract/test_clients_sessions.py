"""How every client connects, waits and writes: C, C++ in two translation units, C# and Python."""

from __future__ import annotations

import os
import shutil
import sys
import threading
import time
from pathlib import Path

import pytest
from fixtures import clients
from fixtures.client_drivers import command, driver, live
from fixtures.clients import Driver
from fixtures.live_regions import LiveRegions, publish

from sensorium.channels.layout import Entry
from sensorium.channels.reader import Reader
from sensorium.channels.status import Status
from sensorium.clock import now_ns
from sensorium.health import RegionState

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the drivers are built for Linux")
the_command = pytest.fixture(command, name="command", scope="module", params=clients.LANGUAGES)
the_regions = pytest.fixture(live, name="live")
the_driver = pytest.fixture(driver, name="driver")


def test_private_channel_is_denied_until_it_is_granted_and_after_it_is_revoked(driver, live):
    driver("connect", "beat-game")
    said = driver("bind", "head")
    assert said.startswith("DENIED ")
    assert said.endswith("|sensorium grants allow beat-game motion")
    assert driver("read", "head").startswith("DENIED 0")
    live.grant("beat-game", "motion")
    publish(live, "head", pose=((1.5, 0, 0), (0, 0, 0, 1), (0, 0, 0), (0, 0, 0), 3))
    assert driver("reconnect").startswith("OK")
    assert driver("read", "head") == "NEW 1 none 1.5"
    live.region("motion")[0].set_state(RegionState.REVOKED)
    assert driver("read", "head").startswith("DENIED 1")


def test_closed_daemon_and_the_next_one(driver, live):
    driver("connect", "game")
    publish(live, "gesture_right", score=0.5)
    assert driver("read", "gesture_right").startswith("NEW 1")
    publish(live, "gesture_event", score=0.5)
    driver("bind", "gesture_event")
    live.region("public")[0].set_state(RegionState.CLOSED)
    assert driver("read", "gesture_right").startswith("CLOSED")
    assert driver("ended") == "1"
    live.replace_public()
    assert driver("read", "gesture_right").startswith("CLOSED")
    publish(live, "gesture_right", score=0.75)
    publish(live, "gesture_event", score=0.75)
    assert driver("reconnect").startswith("OK")
    assert driver("ended") == "0"
    assert driver("read", "gesture_right") == "NEW 1 none 0.75"
    assert driver("next", "gesture_event") == "NEW 1 none 0.75"
    assert driver("lost", "gesture_event") == "0 1"


def test_daemon_that_starts_after_the_app(command, tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    with Driver(command, {"SENSORIUM_RUNTIME_DIR": str(folder)}) as driver:
        said = driver("connect", "game")
        assert said == f"UNAVAILABLE no Sensorium daemon runs (looked in {folder})|sensorium run"
        assert driver("bind", "gesture_right").startswith(("CLOSED", "UNAVAILABLE"))
        assert driver("read", "gesture_right").startswith("CLOSED 0")
        assert driver("ended") == "1"
        with LiveRegions(folder, aging=False) as live:
            publish(live, "gesture_right", score=0.5)
            assert driver("reconnect").startswith("OK")
            assert driver("read", "gesture_right") == "NEW 1 none 0.5"
            driver("close")
            assert driver("read", "gesture_right").startswith("CLOSED")


@pytest.fixture
def shared():
    """The folder that the daemon has where XDG_RUNTIME_DIR is on a disk."""
    folder = Path(f"/dev/shm/sensorium-{os.getuid()}")
    try:
        folder.mkdir(mode=0o700)
    except OSError:
        pytest.skip(f"{folder} is in use, or cannot be made")
    yield folder
    shutil.rmtree(folder)


def test_daemon_is_found_in_either_folder(command, shared, tmp_path_factory):
    common = tmp_path_factory.mktemp("xdg")
    own = common / "sensorium"
    own.mkdir()
    environment = {"SENSORIUM_RUNTIME_DIR": "", "XDG_RUNTIME_DIR": str(common)}
    with Driver(command, environment) as driver:
        assert f"(looked in {own} and {shared})|" in driver("connect", "game")
        for folder in (shared, own):
            with LiveRegions(folder, aging=False) as live:
                publish(live, "gesture_right", score=0.5)
                assert driver("reconnect").startswith("OK")
                assert driver("read", "gesture_right") == "NEW 1 none 0.5"
                assert driver("wait", 0, "gesture_right") == "SAME"
                region, waiters = live.region("public")
                assert waiters.words[region.entry("gesture_right").index] > now_ns()
                region.set_state(RegionState.CLOSED)
                (public,) = folder.glob("public.*")
                public.unlink()
    with Driver(command, {"SENSORIUM_RUNTIME_DIR": "", "XDG_RUNTIME_DIR": ""}) as driver:
        assert f"(looked in {shared})" in driver("connect", "game")


def test_public_is_read_without_control(command, tmp_path_factory):
    with LiveRegions(tmp_path_factory.mktemp("run"), aging=False) as live:
        (live.folder / "control.sock").rename(live.folder / "elsewhere")
        with Driver(command, {"SENSORIUM_RUNTIME_DIR": str(live.folder)}) as driver:
            assert driver("connect", "game").startswith("OK")
            publish(live, "gesture_right", score=0.5)
            assert driver("read", "gesture_right") == "NEW 1 none 0.5"
            assert driver("bind", "head").startswith(("UNAVAILABLE", "CLOSED"))
            assert driver("read", "head").startswith("CLOSED")
            # Nobody can wake it, so it naps; once control answers again it sleeps.
            assert driver("wait", 30, "gesture_right") == "SAME"
            driver.send("wait", 10_000, "gesture_right")
            time.sleep(0.1)
            publish(live, "gesture_right", score=0.75)
            assert driver.answer() == "OK"
            region, waiters = live.region("public")
            assert not waiters.words[region.entry("gesture_right").index]
            (live.folder / "elsewhere").rename(live.folder / "control.sock")
            assert driver("reconnect").startswith("OK")
            assert driver("wait", 0, "gesture_right") == "OK"
            assert waiters.words[region.entry("gesture_right").index] > now_ns()
            (live.folder / "control.sock").rename(live.folder / "elsewhere")
        (live.folder / "elsewhere").rename(live.folder / "control.sock")


@pytest.mark.parametrize(
    "names", [("gesture_right",), ("gesture_right", "gesture_event", "gesture_left")]
)
def test_wait_sleeps_until_a_record_comes(driver, live, names):
    driver("connect", "game")
    for name in names:
        driver("bind", name)
        driver("read" if name != "gesture_event" else "next", name)
    assert driver("wait", 30, *names) == "SAME"
    region, waiters = live.region("public")
    assert all(waiters.words[region.entry(name).index] > now_ns() for name in names)
    driver.send("wait", 10_000, *names)
    time.sleep(0.3)
    publish(live, names[-1], score=0.5)
    assert driver.answer() == "OK"  # SAME, had its time run out


def test_no_file_can_be_cut_short_under_the_others(driver, live):
    driver("connect", "game")
    driver("read", "gesture_right")
    assert driver("wait", 0, "gesture_right") == "SAME"
    assert not list(live.folder.glob("*.waiters"))
    (public,) = live.folder.glob("public.*")
    maps = Path(f"/proc/{driver.process.pid}/maps").read_text().splitlines()
    (kept,) = [line for line in maps if line.endswith(f"/{public.name}")]
    assert kept.split()[1] == "r--s"


def test_wait_ends_when_the_region_does(driver, live):
    driver("connect", "game")
    driver("read", "gesture_right")
    driver.send("wait", 20_000, "gesture_right")
    time.sleep(0.3)
    live.region("public")[0].set_state(RegionState.CLOSED)
    assert driver.answer() == "CLOSED"


def test_frame_times_go_into_the_apps_own_region_and_wake_its_reader(driver, live):
    region, waiters = live.region("app")
    reader = Reader(region, "frame_timing")
    driver("connect", "game")
    assert driver("bind", "frame_timing").startswith("OK")
    before = now_ns()
    assert driver("frame", "frame_timing") == "OK"
    assert reader.read(now_ns()) is Status.NEW
    frame = reader.sample.view(reader._expected)[0]
    assert frame["source"] == 1
    assert frame["frame"] == 1
    assert before <= frame["begin_ns"] <= frame["end_ns"] <= now_ns()
    assert frame["period_ns"] == 11111111
    assert reader.sample.capture_ns == frame["begin_ns"]
    assert reader.sample.valid
    entry = region.entry("frame_timing")
    assert region.words[(entry.base + Entry.OWNER_HEARTBEAT_NS) // 8] >= before
    assert reader.sample.epoch == region.words[(entry.base + Entry.EPOCH) // 8]

    from sensorium.channels.wait import wait_any

    woken: list[bool] = []
    sleeper = threading.Thread(
        target=lambda: woken.append(wait_any([(reader, 1)], [waiters], 20))
    )
    sleeper.start()
    time.sleep(0.3)
    driver("frame", "frame_timing")
    sleeper.join(60)
    assert woken == [True]


def test_writing_what_the_app_does_not_own_is_refused(driver, live):
    driver("connect", "game")
    driver("bind", "gesture_right")
    assert driver("frame", "frame_timing") == "OK"
    live.region("app")[0].set_state(RegionState.CLOSED)
    assert driver("frame", "frame_timing") == "CLOSED"
