"""A head that nods and shakes in a real OpenXR runtime, seen by the Python client of an app."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Any

import pytest
from fixtures.clients import python_client
from fixtures.daemon import Daemon
from fixtures.monado import MARKS, MonadoService

from sensorium.clock import now_ns

if TYPE_CHECKING:
    from pathlib import Path

    from fixtures.remote_driver import Remote

pytestmark = MARKS

PATIENCE_S, TRIES = 10.0, 3
COUNTS = [1, 3, 1, 3]
"""Of swings, at the begin and the end of the nod and of the shake."""
CONFIG = """
[sensors.openxr]
enabled = true
[senses.head]
"""


def test_a_nod_and_a_shake_of_the_runtime_reach_an_app(tmp_path: Path) -> None:
    service = MonadoService(tmp_path / "m")
    service.start()
    daemon = Daemon(tmp_path, CONFIG, environment=service.environment, python=service.python)
    try:
        with service.connect() as remote, daemon:
            session = python_client().connect("head-test", str(daemon.runtime_dir))
            channel = session.channel("head_gesture")
            # A machine that is held up for a tenth of a second loses a swing: then once more.
            for _ in range(TRIES):
                events(channel)
                nod_and_shake(remote)
                told, end = [], time.monotonic() + PATIENCE_S
                while len(told) < 4 and time.monotonic() < end:
                    told += events(channel)
                    time.sleep(0.02)
                if [int(one["count"]) for one in told] == COUNTS:
                    break
            session.close()
    finally:
        service.stop()
    names = [(one["name"], int(one["event"]), int(one["ending"])) for one in told]
    assert names == [("nod", 1, 0), ("nod", 2, 1), ("shake", 1, 0), ("shake", 2, 1)]
    assert [int(one["count"]) for one in told] == COUNTS
    assert told[1]["amplitude"] == pytest.approx(16, abs=2)
    assert told[3]["amplitude"] == pytest.approx(24, abs=3)


def events(channel: Any) -> list[dict[str, Any]]:
    """What was told since it was asked last."""
    told = []
    while (reading := channel.next(now_ns())).status.name == "NEW":
        told.append(reading.record.to_dict())
    return told


def nod_and_shake(remote: Remote) -> None:
    """Moves the head for 7 s."""
    begun = time.monotonic()
    while (at := time.monotonic() - begun) < 7.0:
        remote.send(orientation=nod_or_shake(at))
        time.sleep(1 / 90)


def nod_or_shake(at_s: float) -> tuple[float, float, float, float]:
    """Three nods of 16 degrees from 2 s on, three shakes of 24 from 4.5 s on, all at 2 Hz."""
    if 2.0 <= at_s < 3.5:
        half = math.radians(-8 * (1 - math.cos(4 * math.pi * (at_s - 2.0)))) / 2
        return (math.sin(half), 0.0, 0.0, math.cos(half))
    if 4.5 <= at_s < 6.0:
        half = math.radians(12 * math.sin(4 * math.pi * (at_s - 4.5))) / 2
        return (0.0, math.sin(half), 0.0, math.cos(half))
    return (0.0, 0.0, 0.0, 1.0)
