"""Heavy runs beside an app: their threads below all others, and out of its frame's work."""

from __future__ import annotations

import os
import sys
import threading
import time
from typing import TYPE_CHECKING

import numpy as np
import pytest
from fixtures import engines

from sensorium.channels.catalogue import CHANNELS, in_region
from sensorium.channels.region import Region, Waiters
from sensorium.clock import now_ns
from sensorium.health import Device, OwnerState, Precision, Reason
from sensorium.inference import pool_threads, store
from sensorium.process import background as backgrounds
from sensorium.process.background import Background
from sensorium.process.gate import EngineGate
from sensorium.process.outputs import Outputs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sensorium.inference.engine import Engine as AnyEngine

HEAVY = 5_000_000
LATER = 60_000_000_000
FEEDS = {"x": np.zeros(1)}
linux = pytest.mark.skipif(sys.platform != "linux", reason="reads Linux's scheduling classes")


def may_be_nice() -> bool:
    """Whether this process may leave the idle class."""
    with open("/proc/self/status") as status:
        (line,) = (line for line in status if line.startswith("CapEff"))
    return bool(int(line.split()[1], 16) >> 23 & 1)


class Engine:
    """An engine whose runs end when `may_end` is set."""

    name = "engine"
    labels = ()
    metadata: dict[str, str] = {}  # noqa: RUF012 - as in `Engine`
    file_hash = 0
    precision = Precision.FP32
    device = Device.CPU
    note = ""

    def __init__(self) -> None:
        self.begun, self.may_end = threading.Event(), threading.Event()
        self.may_end.set()

    def run(self, feeds: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        self.begun.set()
        assert self.may_end.wait(60)
        return feeds

    def close(self) -> None: ...


def eventually(what: Callable[[], object]) -> None:
    end = time.monotonic() + 60
    while not what():
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.fixture(scope="module")
def threads() -> Iterator[tuple[int, ...]]:
    """The threads of a real engine."""
    engines.ensure_built("gesture-recognizer")
    engine: AnyEngine = store.load("gesture-recognizer", 3)
    yield pool_threads.ids()
    engine.close()


def classes(threads: tuple[int, ...]) -> set[int]:
    return {os.sched_getscheduler(thread) for thread in threads}


@linux
def test_the_threads_of_an_engine_go_and_come_back(threads: tuple[int, ...]) -> None:
    assert len(threads) >= 2
    assert threading.get_native_id() not in threads
    made = Background()
    made.set(wanted=True)
    idle = os.SCHED_IDLE if may_be_nice() else os.SCHED_OTHER
    assert classes(threads) == {idle}
    assert made.refused != may_be_nice()
    # Where Python runs nothing starves.
    assert os.sched_getscheduler(0) == os.SCHED_OTHER
    made.set(wanted=False)
    assert classes(threads) == {os.SCHED_OTHER}
    assert made.lowered == 0


@linux
def test_what_would_not_come_back_does_not_go(
    threads: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backgrounds.priority, "restore_thread", lambda _thread: False)
    made = Background()
    made.set(wanted=True)
    assert made.refused
    assert classes(threads) == {os.SCHED_OTHER}


class Desk:
    """A gate on a region of its own."""

    def __init__(self, patience_ns: int | None = LATER) -> None:
        self.region, page = Region.create("public", in_region("public"), 1), Waiters.create("p")
        self.outputs = Outputs(("governor", "frame_phase"), now_ns)
        for name in ("governor", "frame_phase"):
            self.region.new_owner(name, os.getpid())
            self.region.set_owner_state(name, OwnerState.LIVE, Reason.NONE)
        self.outputs.map(self.region, page)
        self.patience_ns = patience_ns
        self.gate = EngineGate(self.outputs, lambda: self.patience_ns)

    def govern(self, *, background: bool) -> None:
        self.region.heartbeat(now_ns())
        record = CHANNELS["governor"].record.zeros()
        record["background"] = background
        self.outputs.publish("governor", record, now_ns())

    def frame(self, **fields: int) -> None:
        self.region.heartbeat(now_ns())
        record = CHANNELS["frame_phase"].record.zeros()
        for name, value in fields.items():
            record[name] = value
        self.outputs.publish("frame_phase", record, now_ns())

    def run(self, engine: Engine, usual_ns: int = HEAVY) -> None:
        self.region.heartbeat(now_ns())
        self.gate.run(engine, FEEDS, usual_ns)


@pytest.fixture
def desk() -> Iterator[Desk]:
    made = Desk()
    made.gate.start()
    yield made
    made.gate.stop()


def test_a_governor_lowers_and_one_that_has_gone_does_not(desk: Desk) -> None:
    background = desk.gate.background
    desk.govern(background=True)
    eventually(lambda: background.wanted)
    desk.govern(background=False)
    eventually(lambda: not background.wanted)
    desk.govern(background=True)
    eventually(lambda: background.wanted)
    desk.region.set_owner_state("governor", OwnerState.VACANT, Reason.NOT_CONFIGURED)
    eventually(lambda: not background.wanted)
    assert not desk.gate.is_live


@pytest.mark.parametrize("usual_ns", [HEAVY, 0])
def test_a_run_that_is_overdue_gets_its_threads_back(desk: Desk, usual_ns: int) -> None:
    engine = Engine()
    desk.patience_ns = 0
    desk.govern(background=True)
    eventually(lambda: desk.gate.background.wanted)
    engine.may_end.clear()
    running = threading.Thread(target=desk.run, args=(engine, usual_ns))
    running.start()
    assert engine.begun.wait(60)

    def back() -> bool:
        desk.region.heartbeat(now_ns())
        return not desk.gate.background.wanted

    eventually(back)
    engine.may_end.set()
    running.join()
    desk.govern(background=True)
    eventually(lambda: desk.gate.background.wanted)


def test_a_heavy_run_waits_for_its_place_but_for_no_app_that_makes_no_frames(desk: Desk) -> None:
    engine = Engine()
    desk.govern(background=False)
    eventually(lambda: desk.gate.is_live)
    hour = 3_600_000_000_000

    def frame(risk: int) -> None:
        """The app works all the time on a frame of an hour, and is in the middle of it."""
        now = now_ns()
        desk.frame(
            submitted_ns=now - hour // 2, period_ns=hour, due_ns=now + hour // 2, busy_ns=hour,
            risk=risk,
        )

    frame(risk=3)
    desk.run(engine)
    assert desk.gate.figures()["held_runs"] == 1
    assert desk.gate.figures()["held_s"] > 0
    # What has no patience left does not wait, nor does anybody where no frame is at risk.
    frame(risk=3)
    desk.patience_ns = 0
    desk.run(engine)
    desk.patience_ns = LATER
    frame(risk=1)
    desk.run(engine)
    assert desk.gate.figures()["held_runs"] == 1
