"""Heavy runs beside an app: in threads below all others, and out of its frame's work."""

from __future__ import annotations

import os
import sys
import threading
import time
from typing import TYPE_CHECKING

import numpy as np
import pytest

from sensorium.channels.catalogue import CHANNELS, in_region
from sensorium.channels.region import Region, Waiters
from sensorium.clock import now_ns
from sensorium.errors import EngineError
from sensorium.health import Device, OwnerState, Precision, Reason
from sensorium.process import priority
from sensorium.process.background import Background
from sensorium.process.gate import EngineGate
from sensorium.process.outputs import Outputs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HEAVY = 5_000_000
LATER = 60_000_000_000


class Engine:
    """An engine that says in which thread it ran; it ends when `may_end` is set."""

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
        self.twins: list[Engine] = []

    def run(self, feeds: object) -> dict[str, np.ndarray]:
        self.begun.set()
        assert self.may_end.wait(60)
        if not feeds:
            raise EngineError("there is nothing to run on")
        return {"thread": np.array(threading.get_native_id()), **feeds}

    def twin(self) -> Engine:
        self.twins.append(Engine())
        return self.twins[-1]

    def close(self) -> None: ...


FEEDS = {"x": np.zeros(1)}


def here() -> int:
    return threading.get_native_id()


def eventually(what: Callable[[], object]) -> None:
    end = time.monotonic() + 60
    while not what():
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.fixture
def background() -> Iterator[Background]:
    made = Background()
    yield made
    made.close()


def test_a_run_has_a_thread_of_its_own_and_its_fault_is_raised_where_it_was_asked_for(
    background: Background,
) -> None:
    engine = Engine()
    outputs, same = background.run(engine, FEEDS, now_ns() + LATER)
    assert outputs["thread"] != here()
    assert same is engine
    with pytest.raises(EngineError, match="nothing"):
        background.run(engine, {}, now_ns() + LATER)
    again, _ = background.run(engine, FEEDS, now_ns() + LATER)
    assert again["thread"] == outputs["thread"]


@pytest.mark.skipif(sys.platform != "linux", reason="reads Linux's scheduling classes")
def test_threads_are_lowered_while_they_run_and_taken_back_or_replaced(
    background: Background,
) -> None:
    engine = Engine()
    first = int(background.run(engine, FEEDS, now_ns() + LATER)[0]["thread"])
    engine.may_end.clear()
    engine.begun.clear()
    waiting = threading.Thread(target=background.run, args=(engine, FEEDS, now_ns() + LATER))
    waiting.start()
    assert engine.begun.wait(60)
    background.set(lowered=True)
    assert os.sched_getscheduler(first) == os.SCHED_IDLE
    assert os.sched_getscheduler(here()) == os.SCHED_OTHER
    engine.may_end.set()
    waiting.join()
    inside, _ = background.run(engine, FEEDS, now_ns() + LATER)
    assert inside["thread"] == first
    background.set(lowered=False)
    last = int(background.run(engine, FEEDS, now_ns() + LATER)[0]["thread"])
    assert os.sched_getscheduler(last) == os.SCHED_OTHER
    assert background.runs == 1
    if last != first:
        eventually(lambda: not os.path.exists(f"/proc/self/task/{first}"))


def test_what_gets_no_processor_in_time_is_run_as_others_are(
    background: Background, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As for whom the system does not let out of the idle class.
    monkeypatch.setattr(priority, "lower_thread", lambda _thread: True)
    monkeypatch.setattr(priority, "restore_thread", lambda _thread: False)
    engine = Engine()
    background.set(lowered=True)
    engine.may_end.clear()
    outputs, twin = background.run(engine, FEEDS, now_ns())
    assert outputs["thread"] == here()
    assert [twin] == engine.twins
    assert background.rescued == 1
    assert background.starved
    # Once it has got one after all, there are processors again.
    engine.may_end.set()
    eventually(lambda: not background.starved)
    later, same = background.run(twin, FEEDS, now_ns() + LATER)
    assert same is twin
    assert later["thread"] != here()


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

    def where(self, engine: Engine, usual_ns: int = HEAVY) -> int:
        self.region.heartbeat(now_ns())
        return int(self.gate.run(engine, FEEDS, usual_ns).outputs["thread"])


@pytest.fixture
def desk() -> Iterator[Desk]:
    made = Desk()
    made.gate.start()
    yield made
    made.gate.stop()


def test_only_heavy_runs_of_what_may_wait_leave_their_thread_and_only_while_governed(
    desk: Desk,
) -> None:
    engine = Engine()
    assert desk.where(engine) == here()
    desk.govern(background=True)
    eventually(lambda: desk.gate.figures()["background"])
    assert desk.where(engine) != here()
    assert desk.where(engine, usual_ns=HEAVY // 5) == here()
    desk.patience_ns = 0
    assert desk.where(engine) == here()
    desk.patience_ns = None
    assert desk.where(engine) == here()
    desk.patience_ns = LATER
    engine.device = Device.GPU
    assert desk.where(engine) == here()
    engine.device = Device.CPU
    desk.govern(background=False)
    eventually(lambda: not desk.gate.figures()["background"])
    assert desk.where(engine) != here()
    # A governor that has gone lowers nobody.
    desk.govern(background=True)
    eventually(lambda: desk.gate.figures()["background"])
    desk.region.set_owner_state("governor", OwnerState.VACANT, Reason.NOT_CONFIGURED)
    eventually(lambda: not desk.gate.figures()["background"])
    assert desk.where(engine) == here()


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
    desk.where(engine)
    assert desk.gate.figures()["held_runs"] == 1
    assert desk.gate.figures()["held_s"] > 0
    # What has no patience left does not wait, nor does anybody where no frame is at risk.
    frame(risk=3)
    desk.patience_ns = 0
    desk.where(engine)
    desk.patience_ns = LATER
    frame(risk=1)
    desk.where(engine)
    assert desk.gate.figures()["held_runs"] == 1
