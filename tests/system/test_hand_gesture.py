"""A swipe and a shape, injected into the real runtime, told by the real daemon to a real client."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from fixtures import engines
from fixtures.daemon import Daemon
from fixtures.monado import MARKS, MonadoService
from fixtures.remote_driver import LEFT, RIGHT

from sensorium.channels.catalogue import CHANNELS
from sensorium.channels.cursor import Cursor
from sensorium.channels.status import Status
from sensorium.clock import now_ns

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from fixtures.remote_driver import Remote

pytestmark = MARKS

CONFIG = """
[sensors.openxr]
enabled = true
[senses.hand_gesture]
"""
PATIENCE_S = 60.0
REST, START, END = (0.25, 1.0, -0.2), (0.3, 1.35, -0.45), (-0.1, 1.35, -0.45)


def stroke(remote: Remote, start: tuple[float, ...], end: tuple[float, ...], seconds: float):
    """A minimum-jerk stroke of the right hand, in real time."""
    begun = time.perf_counter()
    share = 0.0
    while share < 1.0:
        share = min(1.0, (time.perf_counter() - begun) / seconds)
        way = share**3 * (10 - 15 * share + 6 * share**2)
        place = tuple(a + way * (b - a) for a, b in zip(start, end, strict=True))
        remote.send(left=LEFT, right=replace(RIGHT, position=place))
        time.sleep(1 / 200)


def events(cursor: Cursor, seconds: float) -> list[np.void]:
    """What is told within a time."""
    told, end = [], time.monotonic() + seconds
    while time.monotonic() < end:
        if cursor.next(now_ns()) == Status.NEW:
            told.append(cursor.sample.view(CHANNELS["hand_gesture_event"].record)[0].copy())
        else:
            time.sleep(0.005)
    return told


def until(cursor: Cursor, daemon: Daemon, event: int, name: bytes) -> np.void:
    """The next such event."""
    told, end = [], time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        told += events(cursor, 0.05)
        for one in told:
            if (one["event"], one["name"]) == (event, name):
                return one
    raise AssertionError(f"no {name!r}: {told}\n{daemon.read_log()}")


def test_a_swipe_and_a_fist_arrive(tmp_path: Path) -> None:
    engines.ensure_built("hand-movement")
    service = MonadoService(tmp_path / "m")
    service.start()
    daemon = Daemon(tmp_path, CONFIG, environment=service.environment, python=service.python)
    try:
        with service.connect() as remote, daemon, daemon.client() as client:
            public, _ = client.open("public")
            cursor = Cursor(public, "hand_gesture_event")
            remote.send(left=LEFT, right=replace(RIGHT, position=REST))
            events(cursor, 2.0)
            swipes = []
            for _ in range(3):
                stroke(remote, REST, START, 0.8)
                events(cursor, 0.4)
                begun_ns = now_ns()
                stroke(remote, START, END, 0.3)
                swipes += [
                    one for one in events(cursor, 0.8) if one["event"] == 3 and one["side"] == 2
                ]
                if swipes:
                    break
                stroke(remote, END, REST, 1.0)
                events(cursor, 1.0)
            assert [one["name"] for one in swipes] == [b"swipe_left"], daemon.read_log()
            assert swipes[0]["movement_begin_ns"] < swipes[0]["movement_end_ns"]
            assert begun_ns < swipes[0]["movement_end_ns"] < now_ns()
            closed = replace(RIGHT, position=END, curl=(1.0,) * 5)
            remote.send(left=LEFT, right=closed)
            assert until(cursor, daemon, 1, b"grab")["side"] == 2
            remote.send(left=LEFT, right=replace(closed, hand_tracking=False, active=False))
            assert until(cursor, daemon, 2, b"grab")["lost"] == 1
    finally:
        service.stop()
