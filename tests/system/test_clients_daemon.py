"""Every client against the real daemon on the shipped recording; C also as a Windows program."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
from fixtures import clients
from fixtures.clients import Driver
from fixtures.daemon import Daemon

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(sys.platform != "linux", reason="uses Linux signals"),
]
PATIENCE_S = 20.0
SOURCES = [clients.PROGRAMS / "driver_main.c", clients.PROGRAMS / "driver_channels.c"]


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    with Daemon(tmp_path, "replay") as running:
        yield running


@pytest.fixture(scope="module", params=["c", "csharp", "python"])
def command(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param)
    if request.param == "c":
        return [str(clients.compile_c(folder / "driver", SOURCES, *clients.SANITIZERS))]
    if request.param == "csharp":
        source = clients.PROGRAMS / "Driver.cs"
        return clients.mono(clients.compile_csharp(folder / "driver.exe", [source]))
    return clients.python_driver()


def until(driver: Driver, said: str, *words: object) -> str:
    """Asks again and again until the answer begins as it should."""
    end = time.monotonic() + PATIENCE_S
    while True:
        answer = driver(*words)
        if answer.startswith(said):
            return answer
        assert time.monotonic() < end, f"{words}: {answer}, never {said}"
        time.sleep(0.005)


def test_reads_waits_writes_and_survives_the_daemon(daemon, command):
    with Driver(command, {"SENSORIUM_RUNTIME_DIR": str(daemon.runtime_dir)}) as driver:
        assert driver("connect", "game").startswith("OK")
        driver("bind", "gesture_event")
        until(driver, "NEW", "read", "gesture_right")
        assert driver("wait", 5000, "gesture_right") == "OK"
        until(driver, "NEW", "next", "gesture_event")

        assert driver("bind", "head").startswith("DENIED")
        assert driver("read", "head").startswith("DENIED")
        assert daemon.command("grants", "allow", "game", "motion").returncode == 0
        assert driver("reconnect").startswith("OK")
        until(driver, "NEW", "read", "head")
        assert daemon.command("grants", "revoke", "game", "motion").returncode == 0
        until(driver, "DENIED", "read", "head")

        assert driver("bind", "frame_timing").startswith("OK")
        for _ in range(10):
            assert driver("frame", "frame_timing") == "OK"
        time.sleep(0.3)
        assert daemon.status()["refused_app_records"] == 0
        assert driver("ended") == "0" or driver("reconnect")

        assert daemon.stop() == 0
        assert driver("read", "gesture_right").startswith("CLOSED")
        assert driver("ended") == "1"
        assert driver("reconnect").startswith("UNAVAILABLE")
        daemon.start()
        assert driver("reconnect").startswith("OK")
        until(driver, "NEW", "read", "gesture_right")
        assert driver("frame", "frame_timing") == "OK"


def test_killed_child_is_stale_and_comes_back_by_itself(daemon, command):
    with Driver(command, {"SENSORIUM_RUNTIME_DIR": str(daemon.runtime_dir)}) as driver:
        driver("connect", "game")
        until(driver, "NEW", "read", "gesture_right")
        os.kill(daemon.children()["fast"], signal.SIGKILL)
        until(driver, "STALE", "read", "gesture_right")
        until(driver, "NEW", "read", "gesture_right")


def test_windows_program_reads_the_public_region_under_wine(daemon, tmp_path):
    environment = clients.wine_environment(tmp_path / "prefix")
    program = clients.compile_c(
        tmp_path / "driver.exe", SOURCES, "-static", compiler="x86_64-w64-mingw32-gcc"
    )
    server = clients.tool("wineserver", "/usr/lib/wine/wineserver64", "/usr/lib/wine/wineserver")
    environment["SENSORIUM_RUNTIME_DIR"] = clients.windows_path(daemon.runtime_dir)
    try:
        with Driver(clients.wine(program), environment) as driver:
            assert driver("connect", "game").startswith("OK")
            until(driver, "NEW", "read", "gesture_right")
            age, foreign = driver("age", "gesture_right").split()
            assert foreign == "1"
            assert int(age) < 1_000_000_000
            daemon.stop()
            assert driver("read", "gesture_right").startswith("CLOSED")
            daemon.start()
            assert driver("reconnect").startswith("OK")
            until(driver, "NEW", "read", "gesture_right")
    finally:
        subprocess.run([server, "-k"], env={**os.environ, **environment}, check=False)
