"""Targets of an app, by the Python client, and a wearer in a real OpenXR runtime."""

from __future__ import annotations

import math
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from fixtures.clients import python_client
from fixtures.daemon import Daemon
from fixtures.looking import at_angles, towards, turned
from fixtures.monado import MARKS, MonadoService
from fixtures.remote_driver import LEFT, RIGHT

from sensorium.clock import now_ns

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from fixtures.remote_driver import Controller, Remote

pytestmark = MARKS
CONFIG = """
[sensors.openxr]
enabled = true
space = "local"
[senses.target]
enabled = true
"""
HEAD = (0.3, 1.6, -0.2)
PATIENCE_S = 60.0
FIST = (1.0, 1.0, 1.0, 1.0, 1.0)
INDEX = (1.0, 1.0, 1.0, 0.0, 1.0)
"""The runtime counts from the little finger: the index is the one that is straight."""
MIDDLE, ASIDE, POINTED, HELD = 1, 2, 3, 4
LATER = 30
"""Records of targets, a third of a second."""


def test_an_app_is_told_what_is_looked_at_pointed_at_and_grabbed(tmp_path: Path) -> None:
    service = MonadoService(tmp_path / "m")
    service.start()
    daemon = Daemon(tmp_path, CONFIG, environment=service.environment, python=service.python)
    try:
        with service.connect() as remote, daemon:
            wearer = Wearer(remote)
            wearer.turn(0)
            with daemon.client("tests") as client:
                client.request("grant", action="allow", app="targets", classes="motion")
            session = python_client().connect("targets", str(daemon.runtime_dir))
            app = App(session)
            head = app.until("head", lambda read: read.status.name == "NEW")["pose"]
            eye = tuple(head["position"])
            app.places = {
                MIDDLE: seen(eye, 0), ASIDE: seen(eye, 20),
                POINTED: (0.0, -9.0, 0.0), HELD: (0.0, -8.0, 0.0),
            }
            app.show()
            app.until_meant(0, MIDDLE)
            wearer.turn(20)
            app.until_meant(0, ASIDE)
            point_and_grab(app, wearer)
            recentre(app, service, wearer)
            session.close()
    finally:
        service.stop()


def point_and_grab(app: App, wearer: Wearer) -> None:
    """A target is put where the finger points, and one where the fist closes."""
    wearer.hold(replace(RIGHT, curl=INDEX))
    app.until("target", lambda read: read.record.to_dict()["hands"] & 2)
    joints = app.hand()
    ray = (joints[10] - joints[7]) / np.linalg.norm(joints[10] - joints[7])
    app.places[POINTED] = tuple(joints[10] + 1.5 * ray)
    app.show()
    app.until_meant(2, POINTED)
    app.places[HELD] = tuple(app.hand()[0])
    app.show()
    app.until_meant(0, ASIDE)
    wearer.hold(replace(RIGHT, curl=FIST))
    app.until_meant(4, HELD)
    wearer.hold(RIGHT)
    app.until_meant(4, 0)


def recentre(app: App, service: MonadoService, wearer: Wearer) -> None:
    """The runtime moves its origin to the head; the app publishes nothing and notices nothing."""
    before = app.target()
    service.recentre()
    app.until(
        "target",
        lambda read: read.record.to_dict()["space_generation"] > before["space_generation"],
    )
    count = app.numbers["target"]
    app.until("target", lambda read: read.sample.n >= count + LATER)
    after = app.target()
    assert after["since_ns"][0] == before["since_ns"][0]
    assert after["changes"][0] == before["changes"][0]
    assert after["scene_state"] == 0
    wearer.turn(0)
    app.until_meant(0, MIDDLE)


class Wearer:
    """Whose head and hands the runtime is told of."""

    def __init__(self, remote: Remote) -> None:
        self._remote = remote
        self._right: Controller = RIGHT
        self._angle = 0.0

    def turn(self, angle: float) -> None:
        """Turns the head to so many degrees to the right, within a third of a second."""
        begun, start = time.monotonic(), self._angle
        while (share := (time.monotonic() - begun) * 3) < 1:
            self._send(start + (angle - start) * (1 - math.cos(math.pi * share)) / 2)
            time.sleep(1 / 90)
        self._send(angle)

    def hold(self, right: Controller) -> None:
        """Sets the right hand."""
        self._right = right
        self._send(self._angle)

    def _send(self, angle: float) -> None:
        self._angle = angle
        ahead = turned((math.sin(math.radians(angle)), 0.0, -math.cos(math.radians(angle))))
        self._remote.send(HEAD, ahead, replace(LEFT, hand_tracking=False, active=False),
                          self._right)


class App:
    """An app with the Python client: what it publishes and reads.

    Attributes:
        places: Id of each target to its place, m.
        numbers: Of the newest record that was taken of each channel.
    """

    def __init__(self, session: Any) -> None:
        self.places: dict[int, Sequence[float]] = {}
        self.numbers: dict[str, int] = {}
        names = ("scene", "target", "head", "hand_right")
        self._channels = {name: session.channel(name) for name in names}

    def show(self) -> None:
        """Publishes its scene."""
        status = self._channels["scene"].write({
            "world_orientation": (0.0, 0.0, 0.0, 1.0), "world_scale": 1.0,
            "space_generation": self.until("head", lambda read: True)["space_generation"],
            "count": len(self.places),
            "targets": [
                {"id": id_, "position": tuple(map(float, place)), "radius": 0.06, "flags": 1,
                 "orientation": (0.0, 0.0, 0.0, 1.0), "name": f"thing {id_}"}
                for id_, place in self.places.items()
            ],
        }, now_ns())
        assert status.name == "OK"

    def until(self, channel: str, holds: Callable[[Any], Any]) -> dict[str, Any]:
        """The first record of a channel for which something holds."""
        end = time.monotonic() + PATIENCE_S
        while True:
            read = self._channels[channel].read(now_ns())
            if read.status.name in ("NEW", "SAME") and holds(read):
                self.numbers[channel] = read.sample.n
                return dict(read.record.to_dict())
            assert time.monotonic() < end, (read.status, read.record and read.record.to_dict())
            time.sleep(0.005)

    def target(self) -> dict[str, Any]:
        """What it is told of its targets now."""
        return self.until("target", lambda read: True)

    def hand(self) -> np.ndarray:
        """The right hand's joints."""
        record = self.until("hand_right", lambda read: True)
        return np.array([joint["position"] for joint in record["joints"]])

    def until_meant(self, way: int, wanted: int) -> None:
        """Waits until a target is meant: looked at (0), pointed at (1, 2), grabbed (3, 4)."""
        def meant(read: Any) -> bool:
            row = read.record.to_dict()
            looked = row["looked_at"]
            rows = [looked[0] if isinstance(looked, list) else looked,
                    *row["pointed_at"], *row["grabbed"]]
            return (rows[way]["ids"][0] if row["since_ns"][way] else 0) == wanted

        self.until("target", meant)


def seen(eye: Sequence[float], angle: float) -> tuple[float, float, float]:
    """A place 2 m ahead of an eye, so many degrees to the right."""
    x, y, z = (a * 2.0 for a in towards(at_angles(angle, 0)))
    return eye[0] + x, eye[1] + y, eye[2] + z
