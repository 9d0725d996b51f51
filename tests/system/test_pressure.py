"""A real daemon gives way to whatever else the PC computes, says why, and comes back after.

No app tells frames. As many processes as there are processors compute without end; on a machine
that others keep busy as well, nothing can come back, so this has it for itself in `tools/check`.
"""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from fixtures import engines
from fixtures.daemon import Daemon
from fixtures.waiting import eventually

from sensorium.clock import now_ns
from sensorium.folders import data_room
from sensorium.inference.governor.pressure import Want, wanted
from sensorium.inference.governor.system_load import SystemLoad

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(sys.platform != "linux", reason="Windows tells no pressure"),
]

CONFIG = f"""
[inference]
threads = 1
[sensors.replay]
file = "{data_room("configs") / "demo.mcap"}"
channels = ["hand_left", "hand_right"]
loop = true
[senses.gesture]
"""
BUSY = 20
"""After so many readings in a row, one a second, that ask for no less, nothing will come back."""
WIDE = {"COLUMNS": "240"}
"""So that no cell of a table is broken."""


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    engines.ensure_built("gesture-recognizer")
    with Daemon(tmp_path, CONFIG, pressure=True, environment=WIDE) as running:
        yield running


class Busy:
    """Processes that compute until they are ended; a context manager."""

    def __enter__(self) -> Busy:
        self._all = [
            subprocess.Popen([sys.executable, "-I", "-S", "-c", "while True: pass"])
            for _ in range(os.cpu_count() or 1)
        ]
        return self

    def __exit__(self, *_: object) -> None:
        for one in self._all:
            one.kill()
            one.wait()


def told(daemon: Daemon) -> dict[str, Any]:
    with daemon.client() as client:
        found: dict[str, Any] = client.request("governor", most=64)
    return found


def level(daemon: Daemon) -> int:
    return int(told(daemon)["governor"]["level"])


def gesture(daemon: Daemon) -> dict[str, Any]:
    """How its process says that it is slowed."""
    gates = {one["process"]: one["senses"] for one in daemon.status()["gates"]}
    found: dict[str, Any] = gates.get("fast", {}).get("gesture", {})
    return found


def comes_back(daemon: Daemon) -> None:
    """Waits until all is at full; skips where others have need of the machine all the while."""
    load, wants = SystemLoad(), []

    def full() -> bool:
        own = [os.getpid(), *(one["pid"] for one in daemon.status()["processes"] if one["pid"])]
        if (reading := load.read(own, now_ns())) is not None:
            wants.append(wanted(reading))
        if len(wants) >= BUSY and Want.LESS not in wants[-BUSY:]:
            pytest.skip("others keep this machine busy")
        return not level(daemon)

    eventually(full, lambda: f"all at full again: {told(daemon)}, {wants}", pause_s=0.25)


def test_senses_give_way_to_the_rest_of_the_pc_and_come_back(daemon: Daemon) -> None:
    eventually(lambda: gesture(daemon), "the sense runs")
    with Busy():
        eventually(
            lambda: gesture(daemon)["step"] == "reduced" and gesture(daemon)["skipped"],
            lambda: f"gestures are thinned: {gesture(daemon)}, {told(daemon)}",
        )
        slowed = told(daemon)
        assert slowed["governor"]["app"] == ""
        assert slowed["governor"]["risk"] == "unknown"
        assert slowed["governor"]["background"]
        taken = [step for step in slowed["steps"] if step["to"]["step"] != "full"]
        assert {step["sense"] for step in taken} >= {"", "gesture"}
        for step in taken:
            assert step["cause"] == "pressure"
            assert step["app"] == ""
            assert 0.3 <= step["pressure"] <= 1.0
        why = daemon.command("why", "--frames").stdout
        assert "others need the processors: " in why
    comes_back(daemon)
    given = told(daemon)
    assert given["steps"][0]["cause"] == "relief"
    assert not given["governor"]["background"]
    eventually(lambda: gesture(daemon)["step"] == "full", "gestures are at full")
