"""Heavy runs beside an app: out of its frame's work."""

from __future__ import annotations

import os

import numpy as np

from sensorium.channels.catalogue import CHANNELS, in_region
from sensorium.channels.region import Region, Waiters
from sensorium.clock import now_ns
from sensorium.health import Device, OwnerState, Precision, Reason
from sensorium.process.gate import EngineGate
from sensorium.process.outputs import Outputs

HEAVY = 5_000_000
LATER = 60_000_000_000
FEEDS = {"x": np.zeros(1)}


class Engine:
    """An engine whose runs end at once."""

    name = "engine"
    labels = ()
    metadata: dict[str, str] = {}  # noqa: RUF012 - as in `Engine`
    file_hash = 0
    precision = Precision.FP32
    device = Device.CPU
    note = ""
    is_steady = False

    def run(self, feeds: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        return feeds

    def close(self) -> None: ...


class Desk:
    """A gate on a region of its own."""

    def __init__(self) -> None:
        self.region, page = Region.create("public", in_region("public"), 1), Waiters.create("p")
        self.outputs = Outputs(("governor", "frame_phase"), now_ns)
        for name in ("governor", "frame_phase"):
            self.region.new_owner(name, os.getpid())
            self.region.set_owner_state(name, OwnerState.LIVE, Reason.NONE)
        self.outputs.map(self.region, page)
        self.patience_ns = LATER
        self.gate = EngineGate(self.outputs, lambda: self.patience_ns)

    def frame(self, **fields: int) -> None:
        self.region.heartbeat(now_ns())
        record = CHANNELS["frame_phase"].record.zeros()
        for name, value in fields.items():
            record[name] = value
        self.outputs.publish("frame_phase", record, now_ns())

    def run(self, engine: Engine) -> None:
        self.region.heartbeat(now_ns())
        self.gate.run(engine, FEEDS, HEAVY)


def test_a_heavy_run_waits_for_its_place_but_for_no_app_that_makes_no_frames() -> None:
    desk, engine = Desk(), Engine()
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
