"""The C client as a Windows program reads a running Linux region, as a game under Proton would."""

from __future__ import annotations

import subprocess
import sys

import pytest
from fixtures import clients
from fixtures.clients import Driver
from fixtures.live_regions import LiveRegions, publish

from sensorium.channels.catalogue import CHANNELS
from sensorium.channels.writer import Writer
from sensorium.clock import now_ns
from sensorium.health import Reason

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="wine runs on Linux")

SOURCES = [clients.PROGRAMS / "driver_main.c", clients.PROGRAMS / "driver_channels.c"]


@pytest.fixture(scope="module")
def prefix(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wine")
    with clients.Wine(folder) as wine:
        yield wine.environment


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    folder = tmp_path_factory.mktemp("windows")
    return clients.wine(
        clients.compile_c(
            folder / "driver.exe", SOURCES, "-static", compiler="x86_64-w64-mingw32-gcc"
        )
    )


@pytest.fixture
def live(request, tmp_path_factory):
    aging = getattr(request, "param", "") == "aging"
    with LiveRegions(tmp_path_factory.mktemp("run"), aging=aging) as regions:
        yield regions


@pytest.fixture
def driver(program, prefix, live):
    folder = clients.windows_path(live.folder)
    with Driver(program, {**prefix, "SENSORIUM_RUNTIME_DIR": folder}) as running:
        yield running


def test_public_region_is_read_across_the_border(driver, live):
    assert driver("connect", "game").startswith("OK")
    assert driver("read", "gesture_right").startswith("INVALID 0 starting")
    publish(live, "gesture_right", score=0.5)
    assert driver("read", "gesture_right") == "NEW 1 none 0.5"
    assert driver("read", "gesture_right") == "SAME 1 none 0.5"
    publish(live, "gesture_right", valid=False, reason=Reason.INACTIVE)
    assert driver("read", "gesture_right").startswith("INVALID 2 inactive")
    driver("bind", "gesture_event")
    for score in (0.25, 0.75):
        publish(live, "gesture_event", score=score)
    assert driver("next", "gesture_event") == "NEW 1 none 0.25"
    assert driver("next", "gesture_event") == "NEW 2 none 0.75"
    assert driver("next", "gesture_event").startswith("SAME")


@pytest.mark.parametrize("live", ["aging"], indirect=True)
def test_age_in_another_clock_is_estimated_and_said_to_be(driver, live):
    driver("connect", "game")
    for _ in range(20):
        start = now_ns()
        publish(live, "gesture_right", score=0.5)
        assert driver("read", "gesture_right").startswith("NEW")
        age, foreign = driver("age", "gesture_right").split()
        assert foreign == "1"
        # The first heartbeat that was watched bounds the error; it is beaten every 100 ms.
        assert 0 <= int(age) <= now_ns() - start + 50_000_000
    assert driver("later", "gesture_right").startswith("STALE")
    assert driver("ended") == "0"


def test_future_is_told_in_the_daemons_clock(driver, live):
    driver("connect", "game")
    region, waiters = live.region("public")
    record = CHANNELS["gesture_right"].record.zeros()
    for ahead_ns, says in ((500_000_000, "NEW"), (3_000_000_000, "STALE")):
        ahead = Writer(region, "gesture_right", waiters, lambda by=ahead_ns: now_ns() + by)
        ahead.publish(record, now_ns())
        assert driver("read", "gesture_right").split()[0] == says
        assert driver("age", "gesture_right") == "0 1"


def test_dead_daemon_is_seen_and_the_next_one_is_found(driver, live):
    driver("connect", "game")
    publish(live, "gesture_right", score=0.5)
    driver("read", "gesture_right")
    live.replace_public()
    publish(live, "gesture_right", score=0.75)
    assert driver("reconnect").startswith("OK")
    assert driver("read", "gesture_right") == "NEW 1 none 0.75"
    live.stop_heart()
    live.region("public")[0].heartbeat(now_ns() - 1_500_000_000)
    driver("read", "gesture_right")
    subprocess.run(["sleep", "1.2"], check=True)
    assert driver("read", "gesture_right").startswith("STALE")
    assert driver("ended") == "1"


def test_private_region_says_that_control_is_out_of_reach(driver, live):
    driver("connect", "game")
    assert driver("bind", "head").startswith(("UNAVAILABLE", "CLOSED"))
    assert driver("read", "head").startswith("CLOSED")


def test_waiting_polls(driver, live):
    driver("connect", "game")
    driver("read", "gesture_right")
    assert driver("wait", 20, "gesture_right") == "SAME"
    driver.send("wait", 10_000, "gesture_right")
    publish(live, "gesture_right", score=0.5)
    assert driver.answer() == "OK"
