"""Every client against the real daemon on the shipped recording; C also as a Windows program."""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING

import pytest
from fixtures import clients
from fixtures.client_session import reads_waits_writes_and_survives, until
from fixtures.clients import Driver
from fixtures.daemon import Daemon

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(sys.platform != "linux", reason="uses Linux signals"),
]
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


def test_reads_waits_writes_and_survives_the_daemon(daemon, command):
    with Driver(command, {"SENSORIUM_RUNTIME_DIR": str(daemon.runtime_dir)}) as driver:
        reads_waits_writes_and_survives(driver, daemon)


def test_killed_child_is_stale_and_comes_back_by_itself(daemon, command):
    with Driver(command, {"SENSORIUM_RUNTIME_DIR": str(daemon.runtime_dir)}) as driver:
        driver("connect", "game")
        until(driver, "NEW", "read", "gesture_right")
        os.kill(daemon.children()["fast"], signal.SIGKILL)
        until(driver, "STALE", "read", "gesture_right")
        until(driver, "NEW", "read", "gesture_right")


def test_windows_program_reads_the_public_region_under_wine(daemon, tmp_path):
    program = clients.compile_c(
        tmp_path / "driver.exe", SOURCES, "-static", compiler="x86_64-w64-mingw32-gcc"
    )
    run = {"SENSORIUM_RUNTIME_DIR": clients.windows_path(daemon.runtime_dir)}
    with (
        clients.Wine(tmp_path / "prefix", run) as wine,
        Driver(clients.wine(program), wine.environment) as driver,
    ):
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
