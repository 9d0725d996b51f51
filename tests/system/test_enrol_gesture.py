"""A user enrols a gesture at the real runtime, with a real daemon that goes on running."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest
from fixtures.daemon import Daemon
from fixtures.monado import MARKS, MonadoService
from fixtures.remote_driver import LEFT, RIGHT

from sensorium.channels.catalogue import CHANNELS
from sensorium.channels.cursor import Cursor
from sensorium.channels.status import Status
from sensorium.clock import now_ns
from sensorium.perception import own_movements

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fixtures.remote_driver import Remote

pytestmark = MARKS

CONFIG = """
[sensors.openxr]
enabled = true
[senses.hand_gesture]
movements = false
"""
HORNS, FIST, OPEN = (0.9, 0.0, 1.0, 1.0, 0.0), (1.0,) * 5, (0.0,) * 5
"""Curls of thumb, index, middle, ring and little finger."""
OTHERS = (OPEN, (0.3, 0.4, 0.45, 0.5, 0.5), FIST, (0.8, 0.0, 1.0, 1.0, 1.0), (0.2,) * 5)
NAME, MOVING = "rock on", "zigzag"
CORNERS = ((0.0, 0.0), (0.2, 0.0), (0.0, -0.2), (0.2, -0.2))
"""Of the moving gesture: right and up, m."""
READY_S = 2.0
"""The command leaves so much time before each recording."""
PATIENCE_S = 60.0


class User:
    """Moves the right hand of the real runtime, as the command's words ask for it.

    Args:
        remote: The runtime's driver.
    """

    def __init__(self, remote: Remote) -> None:
        self._remote = remote
        self._noise = np.random.default_rng(5)
        self._curl = np.array(OPEN)

    def show(self, curl: tuple[float, ...], seconds: float = 0.3) -> None:
        """Goes to a shape, a little different and elsewhere each time."""
        to = np.clip(np.array(curl) + self._noise.normal(0.0, 0.03, 5), 0.0, 1.0)
        place = tuple((np.array(RIGHT.position) + self._noise.normal(0.0, 0.03, 3)).tolist())
        start, begun, share = self._curl, time.perf_counter(), 0.0
        while share < 1.0:
            share = min(1.0, (time.perf_counter() - begun) / seconds)
            self._curl = start + share * (to - start)
            right = replace(RIGHT, position=place, curl=tuple(self._curl.tolist()))
            self._remote.send(left=LEFT, right=right)
            time.sleep(1 / 100)

    def draw(self, rest_s: float) -> None:
        """Moves the hand from corner to corner, after it has been at rest there."""
        self._remote.send(left=LEFT, right=RIGHT)
        time.sleep(rest_s)
        for last, to in pairwise(CORNERS):
            begun, share = time.perf_counter(), 0.0
            while share < 1.0:
                share = min(1.0, (time.perf_counter() - begun) / 0.3)
                even = share**3 * (10.0 - 15.0 * share + 6.0 * share**2)
                way = np.array(last) + even * (np.array(to) - np.array(last))
                place = np.array(RIGHT.position) + np.array((*way, 0.0))
                self._remote.send(left=LEFT, right=replace(RIGHT, position=tuple(place.tolist())))
                time.sleep(1 / 100)

    def follow(self, command: subprocess.Popen[str], *, moving: bool = False) -> str:
        """Does what each line asks for, until the command ends; gives all lines."""
        assert command.stderr is not None
        said, doing, ends = [], threading.Event(), []

        def move_freely() -> None:
            while not doing.is_set():
                self.show(OTHERS[int(self._noise.integers(len(OTHERS)))])
                time.sleep(0.2)

        for line in command.stderr:
            said.append(line)
            if "without the gesture" in line:
                ends.append(threading.Thread(target=move_freely))
                ends[0].start()
            elif "Show" in line or "Once more" in line:
                doing.set()
                for thread in ends:
                    thread.join()
                self.show(OPEN)
                if not moving:
                    self.show(HORNS)
                    continue
                self.draw(READY_S)
        doing.set()
        return "".join(said)


def enrol(daemon: Daemon, python: str, *arguments: str) -> subprocess.Popen[str]:
    """The command, run by the program to which the grant was given."""
    return subprocess.Popen(
        [python, "-m", "sensorium", "enrol", "gesture", "--json", *arguments],
        env=daemon.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )


def told(cursor: Cursor, seconds: float) -> Iterator[np.void]:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if cursor.next(now_ns()) == Status.NEW:
            yield cursor.sample.view(CHANNELS["hand_gesture_event"].record)[0].copy()
        else:
            time.sleep(0.005)


def own(cursor: Cursor, event: int) -> np.void:
    """The next such event of an enrolled gesture."""
    for one in told(cursor, PATIENCE_S):
        if one["own"] and one["event"] == event:
            return one
    raise AssertionError(f"event {event} was not told")


def test_an_enrolled_gesture_is_told_without_a_restart(tmp_path: Path) -> None:
    service = MonadoService(tmp_path / "m")
    service.start()
    daemon = Daemon(tmp_path, CONFIG, environment=service.environment, python=service.python)
    try:
        with service.connect() as remote, daemon, daemon.client() as client:
            remote.send(left=LEFT, right=RIGHT)
            refused = daemon.command("enrol", "gesture", NAME, "--json")
            assert refused.returncode == 1
            assert "sensorium grants allow sensorium-enrol motion" in refused.stdout
            assert daemon.command("grants", "allow", "sensorium-enrol", "motion").returncode == 0
            children = daemon.children()
            user = User(remote)

            with enrol(
                daemon, str(service.python), NAME, "--recordings", "3", "--free", "4"
            ) as command:
                said = user.follow(command)
                assert command.stdout is not None
                out = command.stdout.read()
            assert command.returncode == 0, said + out + daemon.read_log()
            made = json.loads(out)
            assert (made["id"], made["name"], made["recordings"]) == (1, NAME, 3)
            assert made["live"] is True, said
            assert made["gestures"][NAME]["f1"] > 0.9
            assert made["kind"] == "held"
            assert "3 of 3" in said

            public, _ = client.open("public")
            cursor = Cursor(public, "hand_gesture_event")
            user.show(OPEN)
            user.show(HORNS)
            begun = own(cursor, 1)
            assert (begun["side"], begun["name"]) == (2, NAME.encode())
            user.show(FIST)
            assert own(cursor, 2)["lost"] == 0
            assert daemon.children() == children

            with enrol(
                daemon, str(service.python), MOVING, "--recordings", "3", "--free", "4",
                "--seconds", "2.2", "--kind", "moves", "--no-check",
            ) as command:
                said = user.follow(command, moving=True)
                assert command.stdout is not None
                out = command.stdout.read()
            assert command.returncode == 0, said + out + daemon.read_log()
            made = json.loads(out)
            assert (made["id"], made["name"], made["kind"]) == (2, MOVING, "moves"), said
            assert made["gestures"][MOVING]["f1"] > 0.7
            cursor.seek(cursor.latest() + 1)
            end, found = time.monotonic() + PATIENCE_S, []
            # A machine that is held up may tear one of them.
            while not found:
                assert time.monotonic() < end, daemon.read_log()
                user.draw(READY_S)
                found = [one for one in told(cursor, 1.0) if one["own"] and one["event"] == 3]
            moved = found[0]
            assert (moved["side"], moved["own"], moved["name"]) == (2, 2, MOVING.encode())
            assert daemon.children() == children

            listed = json.loads(daemon.command("enrol", "gesture", "--show", "--json").stdout)
            assert [(one["id"], one["name"], one["kind"]) for one in listed["gestures"]] == [
                (1, NAME, "held"), (2, MOVING, "moves"),
            ]
            gone = daemon.command("enrol", "gesture", MOVING, "--delete", "--json")
            assert json.loads(gone.stdout)["deleted"] is True
            gone = daemon.command("enrol", "gesture", NAME, "--delete", "--json")
            assert json.loads(gone.stdout)["deleted"] is True
            assert not (daemon.data_dir / "enrolments" / "gestures.json").exists()
            # It is forgotten when the sense has looked at the file.
            end = time.monotonic() + PATIENCE_S
            while True:
                user.show(HORNS)
                if not any(one["own"] and one["event"] == 1 for one in told(cursor, 0.7)):
                    break
                assert time.monotonic() < end, daemon.read_log()
                user.show(FIST)
    finally:
        service.stop()


@pytest.fixture
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SENSORIUM_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("SENSORIUM_RUNTIME_DIR", str(tmp_path / "none"))


@pytest.mark.usefixtures("alone")
@pytest.mark.parametrize(
    ("arguments", "code", "error", "said"),
    [
        (("horns",), 1, "ControlError", "no daemon"),
        (("horns", "--recordings", "1"), 1, "EnrolmentError", "1 recordings of a gesture"),
        (("horns", "--free", "nan"), 1, "EnrolmentError", "3 to 60"),
        (("grab",), 1, "EnrolmentError", "known already"),
        (("x" * 40,), 1, "EnrolmentError", "longer than 31 bytes"),
        ((), 2, "ConfigError", "no name"),
        (("horns", "--delete"), 1, "EnrolmentError", "there is no gesture 'horns'"),
    ],
)
def test_what_cannot_be_is_refused_at_once(
    arguments: tuple[str, ...], code: int, error: str, said: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "sensorium", "enrol", "gesture", "--json", *arguments],
        capture_output=True, text=True, check=False, timeout=180,
    )
    told = json.loads(done.stdout)
    assert (done.returncode, told["error"]) == (code, error)
    assert said in told["message"]
    assert told["remedy"]


@pytest.mark.usefixtures("alone")
def test_a_damaged_file_is_named_before_anybody_shows_anything() -> None:
    own_movements.place().parent.mkdir(parents=True)
    own_movements.place().write_text("{")
    for arguments, code in (("horns", "--kind", "held"), 1), (("--show",), 0):
        done = subprocess.run(
            [sys.executable, "-m", "sensorium", "enrol", "gesture", "--json", *arguments],
            capture_output=True, text=True, check=False, timeout=180,
        )
        assert (done.returncode, "movements.json: is damaged" in done.stdout) == (code, True)


@pytest.mark.usefixtures("alone")
def test_without_any_the_list_is_empty() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "sensorium", "enrol", "gesture", "--show", "--json"],
        capture_output=True, text=True, check=False, timeout=180,
    )
    assert json.loads(done.stdout)["gestures"] == []
