"""Gaze through a real daemon, seen by the Python client of an app with the grant.

Monado offers no eye gaze: the head's ray comes from it, and the eyes from a recording of a person.
"""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from fixtures.clients import python_client
from fixtures.daemon import Daemon
from fixtures.gazes import aim, gaze_record, head_record
from fixtures.monado import MARKS, MonadoService
from fixtures.recorded_eyes import BLINK, SACCADE, eyelink, runs

from sensorium.channels.reader import Snapshot
from sensorium.clock import now_ns
from sensorium.health import Reason
from sensorium.recording import Recorder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from fixtures.recorded_eyes import Recording
    from fixtures.remote_driver import Remote

pytestmark = MARKS

HEADSET = """
[sensors.openxr]
enabled = true
[senses.gaze]
enabled = true
"""
REPLAY = """
[sensors.replay]
file = "{file}"
stepped = true
[senses.gaze]
enabled = true
"""
HEAD, EYES = 2, 1
FIXATION = 1
FIXATION_BEGINS, FIXATION_ENDS, SACCADE_ENDED, BLINK_ENDED = 1, 2, 3, 4
PATIENCE_S = 60.0
EVERY = 11
"""Of 1,000 samples a second: 91 Hz."""
SHORTEST_BLINK_MS = 60
MICROSACCADE_DEG = 0.5
"""Smaller ones are part of a fixation (Rolfs, "Microsaccades", Vision Research 49, 2009)."""


class App:
    """An app with the grant for gaze."""

    def __init__(self, daemon: Daemon) -> None:
        with daemon.client("tests") as client:
            client.request("grant", action="allow", app="gaze-test", classes="gaze")
        self._session = python_client().connect("gaze-test", str(daemon.runtime_dir))
        self._state = self._session.channel("eye_movement")

    def close(self) -> None:
        """Leaves."""
        self._session.close()

    def until(self, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The first state for which something holds."""
        end = time.monotonic() + PATIENCE_S
        while True:
            read = self._state.read(now_ns())
            if read.status.name in ("NEW", "SAME", "STALE") and read.record is not None:
                row = read.record.to_dict()
                if holds(row):
                    return dict(row)
            assert time.monotonic() < end, (read.status, read.record and read.record.to_dict())
            time.sleep(0.005)

    def all(self, channel: str) -> list[dict[str, Any]]:
        """Every valid record that a ring holds."""
        followed = self._session.channel(channel)
        followed.seek_oldest()
        found = []
        while (read := followed.next(now_ns())).status.name in ("NEW", "INVALID"):
            if read.status.name == "NEW":
                found.append(dict(read.record.to_dict()))
        return found


def test_the_heads_ray_of_the_runtime_stands_in_for_the_eyes(tmp_path: Path) -> None:
    service = MonadoService(tmp_path / "m")
    service.start()
    daemon = Daemon(tmp_path, HEADSET, environment=service.environment, python=service.python)
    try:
        with service.connect() as remote, daemon:
            app = App(daemon)
            turn(remote, 0, 0)
            first = app.until(lambda row: row["movement"] == FIXATION)
            assert first["source"] == HEAD
            assert first["direction"] == pytest.approx(aim(0), abs=0.01)
            turn(remote, 0, 30)
            second = app.until(
                lambda row: row["movement"] == FIXATION and row["fixation"] > first["fixation"]
                and row["direction"][0] > math.sin(math.radians(29))
            )
            assert second["source"] == HEAD
            assert second["fixation_direction"] == pytest.approx(aim(30), abs=0.03)
            assert (second["saccades"], second["compensated"]) == (0, 0)
            told = app.all("eye_movement_event")
            assert {one["source"] for one in told} == {HEAD}
            assert {one["event"] for one in told} == {FIXATION_BEGINS, FIXATION_ENDS}
            times = [row["time_ns"] for row in app.all("eye_movement")]
            app.close()
            assert times == sorted(times)
    finally:
        service.stop()


def turn(remote: Remote, before: float, after: float) -> None:
    """Turns the head from one angle to another in half a second, and tells it still."""
    for n in range(46):
        half = math.radians(-(before + (after - before) * n / 45)) / 2
        remote.send(orientation=(0.0, math.sin(half), 0.0, math.cos(half)))
        time.sleep(1 / 90)


def test_recorded_eyes_are_told_as_their_tracker_told_them(tmp_path: Path) -> None:
    recording = eyelink("test_2_raw")
    file = tmp_path / "eyes.mcap"
    seconds = 20
    record(recording, file, seconds)
    daemon = Daemon(tmp_path, REPLAY.format(file=file))
    with daemon:
        end = time.monotonic() + PATIENCE_S
        while daemon.status()["parts"].get("replay", {}).get("state") != "ended":
            assert time.monotonic() < end
            time.sleep(0.05)
        app = App(daemon)
        state = app.until(lambda row: True)
        told = app.all("eye_movement_event")
        app.close()
    assert {one["source"] for one in told} == {EYES}
    theirs = recording.labels[: seconds * 1000]
    # The recording's first record has the time 1 s.
    ours = [
        tuple(round(one[key] / 1e6) - 1000 for key in ("begin_ns", "end_ns"))
        for one in told if one["event"] == SACCADE_ENDED
    ]
    assert state["saccades"] == len(ours)
    large = [
        (first, last) for first, last in runs(theirs, SACCADE)
        if math.dist(recording.degrees[first], recording.degrees[last - 1]) >= MICROSACCADE_DEG
    ]
    assert len(large) >= 8
    assert all(any(meet(each, one) for one in ours) for each in large)
    called = [*runs(theirs, SACCADE), *runs(theirs, BLINK)]
    # But for the eye and the lid that swing back.
    assert sum(any(meet(each, one) for one in called) for each in ours) >= 0.8 * len(ours)
    blinks = sum(one["event"] == BLINK_ENDED for one in told)
    # The parser tells blinks by the pupil's size, too; these are the ones that lose tracking.
    lost = [np.isnan(recording.degrees[a:b, 0]).sum() for a, b in runs(theirs, BLINK)]
    assert blinks == sum(ms >= SHORTEST_BLINK_MS for ms in lost) > 5


def meet(one: tuple[int, ...], other: tuple[int, ...]) -> bool:
    """Whether two spans of ms overlap, but for one frame."""
    return one[0] <= other[1] + EVERY and other[0] <= one[1] + EVERY


def record(recording: Recording, file: Path, seconds: int) -> None:
    """Writes eyes, as a headset gives them, and a head that is still, into a file."""
    with Recorder(file, ("motion", "gaze")) as recorder:
        for n, place in enumerate(range(0, seconds * 1000, EVERY)):
            at = 10**10 + place * 1_000_000
            x, y = recording.degrees[place].tolist()
            seen = not math.isnan(x)
            for channel, row, valid in (
                ("head", head_record(0.0), True),
                ("gaze", gaze_record(aim(x, y) if seen else aim(0)), seen),
            ):
                recorder.write(channel, Snapshot(
                    n=n + 1, record=row.tobytes(), capture_ns=at, publish_ns=at, valid=valid,
                    reason=Reason.NONE if valid else Reason.INACTIVE,
                ))
