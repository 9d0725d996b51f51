"""What the governor governs, what that costs, and what is told and kept of what it did."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from sensorium import config, records
from sensorium.channels.catalogue import in_region
from sensorium.channels.reader import Reader
from sensorium.channels.region import Region, Waiters
from sensorium.channels.status import Status
from sensorium.clock import now_ns
from sensorium.errors import ConfigError
from sensorium.health import OwnerState, Reason
from sensorium.inference.governor.decision import Change, Decision, Governed
from sensorium.inference.governor.frame import Phase, Risk
from sensorium.inference.governor.policy import Policy
from sensorium.inference.governor.step import Cause, Step, StepKind
from sensorium.inference.governor.tempo import DEFAULT, Slowing, Tempo
from sensorium.perception.sense import SENSES
from sensorium.supervisor.governing.costs import Costs
from sensorium.supervisor.governing.history import KEPT, History
from sensorium.supervisor.governing.outlet import CHANNELS, Outlet
from sensorium.supervisor.governing.senses import governed

if TYPE_CHECKING:
    from pathlib import Path

PERIOD = 11_111_111


def test_senses_are_governed_as_they_and_the_owner_say() -> None:
    given = {"priority": {"gesture": 3}, "longest_ms": {"voice_activity": 40}}
    overrides = {f"governor.{name}": value for name, value in given.items()}
    found = {
        one.name: one
        for one in governed(config.load(config.find("replay"), senses=SENSES, overrides=overrides))
    }
    assert list(found) == ["voice_activity", "gesture"]
    assert found["gesture"].tempo.priority == 3
    assert found["voice_activity"].tempo.longest_ms == 40
    assert found["gesture"].engine == "gesture-recognizer"


@pytest.mark.parametrize(
    ("line", "problem", "remedy"),
    [
        ('gesture = "minilm"', "smaller.gesture: this sense has no engine of one's choice",
         "speech, objects, image_class"),
        ('objects = "none"', "smaller.objects: there is no engine card none", "yolov3-tiny"),
        ('speech = "minilm"', "speech: there is no engine card minilm-encoder", "whisper-base"),
    ],
)
def test_a_smaller_engine_that_cannot_be_is_refused(
    tmp_path: Path, line: str, problem: str, remedy: str
) -> None:
    file = tmp_path / "given.toml"
    file.write_text(f"[senses.gesture]\n[governor.smaller]\n{line}\n")
    with pytest.raises(ConfigError) as caught:
        governed(config.load(file, senses=SENSES))
    assert caught.value.message.startswith(f"{file}, line 3: governor.smaller.")
    assert problem in caught.value.message
    assert remedy in caught.value.remedy


def told(runs: int, p50_us: float | None = 2000.0) -> list[dict[str, Any]]:
    return [{"sense": "gesture", "engine": "one", "runs": runs, "p50_us": p50_us}]


def test_costs_are_what_runs_took_each_second() -> None:
    costs, now = Costs(), 10_000_000_000
    assert not costs.look(told(500), now)
    now += 5_000_000_000
    assert costs.look(told(600), now)
    assert costs.by_sense == {"gesture": 100 * 2_000_000 // 5}
    assert not costs.look(told(700), now + 1)
    now += 5_000_000_000
    # The process was started anew.
    assert costs.look(told(100), now)
    assert costs.by_sense == {"gesture": 40_000_000}
    now += 5_000_000_000
    assert costs.look(told(100, None), now)
    assert costs.by_sense == {"gesture": 20_000_000}


def a_change(sense: str, *, less: bool, cause: Cause = Cause.LATE, change: int = 1) -> Change:
    before, after = Step(), Step(StepKind.REDUCED, 250)
    if not less:
        before, after = after, before
    return Change(
        now_ns(), "game", sense, "engine", before, after, cause, 3, 77, 12_000_000, 900_000, PERIOD,
        9_000_000, 5_000_000, float("nan"), change,
    )


def test_history_keeps_the_newest_steps_and_counts_all() -> None:
    history = History()
    for change in range(1, 3 * KEPT):
        history.add([a_change("gesture", less=change % 2 == 1, change=change)])
    history.add([a_change("", less=True, cause=Cause.PRESSURE, change=3 * KEPT)])
    newest = history.newest(2, now_ns())
    assert [step["change"] for step in newest] == [3 * KEPT, 3 * KEPT - 1]
    assert newest[1]["from"] == {"step": "full", "interval_ms": 0}
    assert newest[1]["to"] == {"step": "reduced", "interval_ms": 250}
    assert (newest[1]["frame"], newest[1]["late_ms"], newest[1]["pressure"]) == (77, 0.9, None)
    assert len(history.newest(10 * KEPT, now_ns())) == KEPT
    assert history.newest(0, now_ns()) == []
    counts = {
        (row["sense"], row["direction"], row["cause"]): row["count"] for row in history.counts()
    }
    assert counts == {
        ("gesture", "less", "late"): 3 * KEPT // 2, ("gesture", "more", "late"): 3 * KEPT // 2 - 1,
        ("background", "less", "pressure"): 1,
    }


def test_what_is_decided_is_in_the_channels() -> None:
    region, waiters = Region.create("public", in_region("public"), 1), Waiters.create("public")
    region.heartbeat(now_ns())
    outlet = Outlet(region, waiters)
    state, phase, step = (Reader(region, name) for name in CHANNELS)
    assert region.owner("governor")[:2] == (os.getpid(), OwnerState.LIVE)
    assert state.read(now_ns()) is Status.INVALID
    senses = [
        Governed("gesture", DEFAULT, "recogniser"),
        Governed("speech", Tempo(Slowing.DEFERRED, 20, 5000)),
        *(Governed(f"more {place}", DEFAULT) for place in range(40)),
    ]
    steps = {sense.name: Step() for sense in senses}
    steps["gesture"], steps["speech"] = Step(StepKind.PAUSED), Step(StepKind.REDUCED, 625)
    outlet.decision(
        Decision(4, True, Risk.LATE, "Spiel ä" * 20, Policy.FRAMES, steps,
                 frozenset({"gesture"}), PERIOD, 5, 9),
        senses,
    )  # fmt: skip
    assert state.read(now_ns()) is Status.NEW
    row = state.sample.view(records.GOVERNOR)[0]
    assert state.sample.flags == 1
    assert row["count"] == len(row["senses"]) == 32
    assert bytes(row["app"]).decode().startswith("Spiel ä")
    assert [int(row[name]) for name in (
        "policy", "risk", "level", "background", "period_ns", "changed_ns", "changes"
    )] == [2, 3, 4, 1, PERIOD, 5, 9]
    assert row["senses"][0].tolist() == (b"gesture", 4, 0, 1000, 1)
    assert row["senses"][1].tolist() == (b"speech", 1, 625, 5000, 0)

    outlet.phase(Phase(11, 12, 13, 14, Risk.CLOSE))
    assert phase.read(now_ns()) is Status.NEW
    assert phase.sample.view(records.FRAME_PHASE)[0].tolist()[:5] == (11, 12, 13, 14, 2)
    outlet.no_phase()
    assert phase.read(now_ns()) is Status.INVALID

    outlet.change(a_change("gesture", less=True))
    assert step.read(now_ns()) is Status.NEW
    row = step.sample.view(records.GOVERNOR_STEP)[0]
    assert (row["app"], row["sense"], row["engine"]) == (b"game", b"gesture", b"engine")
    assert [int(row[name]) for name in (
        "from_step", "to_step", "to_interval_ms", "cause", "level", "frame", "late_ns", "change"
    )] == [0, 1, 250, 1, 3, 77, 900_000, 1]
    assert np.isnan(row["pressure"])

    outlet.withhold(Reason.FAILED)
    assert state.read(now_ns()) is Status.INVALID
    assert state.reason == Reason.FAILED
    region.close()
    waiters.close()
