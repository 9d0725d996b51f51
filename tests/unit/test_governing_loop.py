"""The governor's thread: apps that come, go and break, and its own faults."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

import pytest
from fixtures.waiting import eventually

from sensorium.channels.catalogue import in_region
from sensorium.channels.reader import Reader
from sensorium.channels.region import Region, Waiters
from sensorium.channels.status import Status
from sensorium.clock import now_ns
from sensorium.config import Governor
from sensorium.health import Reason
from sensorium.inference.governor.decision import Governed
from sensorium.inference.governor.frame import Frame
from sensorium.inference.governor.tempo import DEFAULT
from sensorium.supervisor.governing.account import Account
from sensorium.supervisor.governing.background import Background
from sensorium.supervisor.governing.history import History
from sensorium.supervisor.governing.loop import Loop
from sensorium.supervisor.governing.outlet import Outlet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

PERIOD = 11_111_111


class Told:
    """Frames of an app that a test makes; `fault` is raised in their place once it is set."""

    def __init__(self, took: int = PERIOD // 2) -> None:
        self.took = took
        self.fault: Exception | None = None
        self.closed = False
        self._number = 0
        self._end_ns = now_ns() - 1

    def take(self, now_ns: int) -> list[Frame]:
        if self.fault is not None:
            raise self.fault
        found = []
        step = max(PERIOD, self.took)
        while self._end_ns + step <= now_ns:
            self._number += 1
            self._end_ns += step
            found.append(
                Frame(self._number, self._end_ns - self.took, self._end_ns, 0, PERIOD)
            )
        return found

    def left(self, *, patient: bool) -> int:
        return 0

    def close(self) -> None:
        self.closed = True


class Running:
    """A loop in its thread, with the region that it writes to."""

    def __init__(self) -> None:
        self.region = Region.create("public", in_region("public"), 1)
        self.region.heartbeat(now_ns())
        self._waiters = Waiters.create("public")
        self.account, self.history = Account(), History()
        self.loop = Loop(
            Outlet(self.region, self._waiters), self.history, self.account,
            Background(), [Governed("gesture", DEFAULT, "recogniser")], Governor(pressure=False),
        )
        self.state = Reader(self.region, "governor")
        self._thread = threading.Thread(target=self.loop.run)
        self._thread.start()

    def meet(self, place: int, source: Told) -> None:
        self.loop.post(lambda: self.loop.meet(place, (f"app {place}", ""), place, source))

    def shows(self, what: Callable[[dict[str, object]], object]) -> None:
        eventually(lambda: what(self.account.shown), lambda: str(self.account.shown))

    def reads(self) -> Status:
        self.region.heartbeat(now_ns())
        return self.state.read(now_ns())

    def close(self) -> None:
        self.loop.stop()
        self._thread.join()
        assert self.reads() in (Status.INVALID, Status.STALE)
        self.region.close()
        self._waiters.close()


@pytest.fixture
def running(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    monkeypatch.setenv("SENSORIUM_RUNTIME_DIR", str(tmp_path))
    made = Running()
    yield made
    made.close()


def test_apps_come_and_go(running: Running) -> None:
    first, second = Told(), Told(PERIOD * 3 // 2)
    running.meet(1, first)
    running.shows(lambda shown: shown.get("app") == "app 1")
    running.meet(2, second)
    running.shows(lambda shown: shown["app"] == "app 2" and shown["level"])
    assert {step["app"] for step in running.history.newest(9, now_ns())} == {"app 2"}
    running.loop.post(lambda: running.loop.part_from(2))
    running.loop.post(lambda: running.loop.part_from(7))
    running.shows(lambda shown: shown["apps"] == ["app 1"])
    assert second.closed
    running.loop.post(lambda: running.loop.part_from(1))
    running.shows(lambda shown: shown["app"] == "" and not shown["level"])
    assert running.reads() in (Status.NEW, Status.SAME)


def test_an_app_whose_frames_cannot_be_read_is_let_go(running: Running) -> None:
    broken, sound = Told(PERIOD * 3 // 2), Told()
    running.meet(1, broken)
    running.shows(lambda shown: shown.get("level"))
    broken.fault = OSError("gone")
    running.meet(2, sound)
    running.shows(lambda shown: shown["app"] == "app 2" and shown["apps"] == ["app 2"])
    assert broken.closed
    assert running.account.shown["problem"] == ""


def test_after_a_fault_senses_take_what_they_need_until_it_is_mended(
    running: Running, caplog: pytest.LogCaptureFixture
) -> None:
    app = Told(PERIOD * 3 // 2)
    running.meet(1, app)
    running.shows(lambda shown: shown.get("level"))
    with caplog.at_level(logging.ERROR):
        app.fault = ZeroDivisionError("unexpected")
        running.shows(lambda shown: "unexpected" in str(shown["problem"]))
        assert running.reads() is Status.INVALID
        assert running.state.reason == Reason.FAILED
        assert running.account.shown["level"] == 0
        app.fault = None
        running.shows(lambda shown: shown["problem"] == "" and shown["app"] == "app 1")
    assert running.reads() in (Status.NEW, Status.SAME)
    assert len([one for one in caplog.records if "the governor failed" in one.message]) == 1


def test_with_other_senses_all_is_given_back_first_and_changes_are_counted_on(
    running: Running,
) -> None:
    running.meet(1, Told(PERIOD * 3 // 2))
    running.shows(lambda shown: shown.get("level"))
    (taken, *_) = running.history.newest(1, now_ns())
    speech = Governed("speech", DEFAULT, "whisper")
    running.loop.post(lambda: running.loop.configure([speech], Governor(pressure=False)))
    running.shows(lambda shown: "speech" in str(shown["senses"]))
    running.shows(lambda shown: shown["level"])
    steps = running.history.newest(99, now_ns())
    changes = [step["change"] for step in steps]
    assert changes == sorted(changes, reverse=True)
    assert changes[0] > taken["change"]
    given = [step for step in steps if step["cause"] == "policy"]
    assert {step["sense"] for step in given} >= {"", "gesture"}
    assert {(step["level"], step["to"]["step"]) for step in given} == {(0, "full")}


def test_after_a_fault_changes_are_counted_on(running: Running) -> None:
    app = Told(PERIOD * 3 // 2)
    running.meet(1, app)
    running.shows(lambda shown: shown.get("level"))
    app.fault = ZeroDivisionError("unexpected")
    running.shows(lambda shown: shown["problem"])
    counted = running.account.shown["changes"]
    app.fault = None
    running.shows(lambda shown: shown["problem"] == "" and shown["level"])
    assert running.account.shown["changes"] > counted > 0
    assert running.account.shown["frames"][0]["app"] == "app 1"
