"""What the governor takes for late and close frames of an app, and in which order."""

from __future__ import annotations

import pytest
from fixtures.governed_app import FULL, NEAR, PERIOD_NS, SECOND_NS, SENSES, App, governor, of

from sensorium.inference.governor.frame import Risk
from sensorium.inference.governor.governor import Governor
from sensorium.inference.governor.ladder import Ladder
from sensorium.inference.governor.policy import Policy
from sensorium.inference.governor.pressure import Pressure
from sensorium.inference.governor.step import Cause, Step, StepKind


def test_levels_take_from_the_background_up_to_what_matters_most() -> None:
    ladder = Ladder(SENSES, {"face": 2, "objects": 1})

    assert [(rung.sense, rung.step.kind.name, rung.step.interval_ms) for rung in ladder.rungs] == [
        ("", "FULL", 0),
        ("face", "REDUCED", 62), ("objects", "REDUCED", 125),
        ("face", "REDUCED", 125), ("objects", "REDUCED", 250),
        ("face", "REDUCED", 250), ("objects", "REDUCED", 500),
        ("face", "REDUCED", 500), ("objects", "REDUCED", 1000),
        ("objects", "OTHER_DEVICE", 1000),
        ("speech", "REDUCED", 500), ("speech", "REDUCED", 1000), ("speech", "REDUCED", 2000),
        ("speech", "REDUCED", 4000), ("speech", "SMALLER", 4000),
        ("gesture", "REDUCED", 25), ("gesture", "REDUCED", 50), ("gesture", "REDUCED", 100),
        ("face", "PAUSED", 0), ("objects", "PAUSED", 0),
    ]  # fmt: skip
    assert (ladder.kept, ladder.top) == (18, 20)
    assert ladder.steps(0) == FULL
    assert ladder.beyond(ladder.steps(19)) == {"face"}


def test_each_level_takes_at_least_what_the_one_before_took() -> None:
    ladder = Ladder(SENSES, {})
    before = ladder.steps(0)
    for level in range(1, ladder.top + 1):
        steps = ladder.steps(level)
        for name, step in steps.items():
            assert step.kind >= before[name].kind
            assert step.kind is StepKind.PAUSED or step.interval_ms >= before[name].interval_ms
        before = steps


def test_a_late_frame_takes_at_once_what_is_predicted_to_be_enough() -> None:
    held = governor()
    held.costs({"gesture": 10**8, "speech": 3 * 10**8, "objects": 4 * 10**8, "face": 2 * 10**8})
    app = App(held, "game")
    app.draw(0.6, 40)
    assert held.decision.level == 0

    assert app.draw(1.02)
    decision = held.decision
    # 0.12 of a period are to be freed, with half as much on top: 0.18 of a processor.
    assert decision.steps == {
        **FULL,
        "objects": Step(StepKind.REDUCED, 125),
    }
    assert (decision.background, decision.risk, decision.app) == (True, Risk.LATE, "game")
    changes = held.take_changes()
    assert {change.change for change in changes} == {1}
    assert {change.cause for change in changes} == {Cause.LATE}
    assert of(changes, "objects").cost_ns == 4 * 10**8
    assert of(changes, "objects").engine == "yolo"
    assert of(changes, "objects").busy_ns == round(0.6 * PERIOD_NS)
    assert of(changes, "").late_ns == round(1.02 * PERIOD_NS) - PERIOD_NS


@pytest.mark.parametrize(
    ("cpu", "gpu", "leaves"), [(0.5, 0.95, True), (0.95, 0.5, False), (0, 0.95, False)]
)
def test_an_engine_leaves_the_gpu_for_an_app_that_waits_for_it_alone(
    cpu: float, gpu: float, leaves: bool
) -> None:
    held = governor()
    app = App(held, "game")
    app.draw(0.6, 40)
    app.draw(1.1, cpu_ns=round(cpu * PERIOD_NS), gpu_ns=round(gpu * PERIOD_NS))

    kind = held.decision.steps["objects"].kind
    assert kind is (StepKind.OTHER_DEVICE if leaves else StepKind.REDUCED)
    assert held.decision.gpu_spared is leaves
    held.gone("game", app.now_ns)
    assert not held.decision.gpu_spared


def test_what_callers_run_leaves_the_gpu_before_a_sense_is_slowed() -> None:
    held = Governor([])
    app = App(held, "game")
    app.draw(0.6, 40)
    app.draw(1.1, cpu_ns=PERIOD_NS // 2, gpu_ns=PERIOD_NS)
    assert (held.decision.level, held.decision.background) == (1, True)
    assert held.decision.gpu_spared
    held.set_policy(Policy.NONE, app.now_ns, "game")
    assert not held.decision.gpu_spared
    held.set_policy(Policy.PAUSE, app.now_ns, "game")
    assert held.decision.gpu_spared


def test_an_app_that_waits_for_the_gpu_has_it_also_where_others_were_given_way_before() -> None:
    held = governor()
    held.tick(SECOND_NS // 2, Pressure(0.9, 0.9, 0.0, None))
    assert (held.decision.level, held.decision.gpu_spared) == (1, False)
    app = App(held, "game")
    app.draw(0.6, 40)
    app.draw(1.1, cpu_ns=PERIOD_NS // 2, gpu_ns=PERIOD_NS)
    assert held.decision.gpu_spared


def test_an_app_that_is_late_right_after_another_has_gone_is_answered_at_once() -> None:
    held = governor()
    first = App(held, "first")
    first.draw(0.6, 40)
    first.draw(1.1)
    second = App(held, "second", first.now_ns)
    assert held.gone("first", second.now_ns)
    assert held.decision.level == 0

    second.draw(0.6, 3)
    assert second.draw(1.1)
    assert held.decision.level > 0


def test_where_costs_are_not_known_a_late_frame_takes_all_that_may_be_taken() -> None:
    held = governor()
    app = App(held, "game")
    app.draw(0.6, 40)
    app.draw(1.02)

    assert held.decision.level == Ladder(NEAR, {}).kept
    assert not held.has_more
    assert held.decision.beyond == frozenset()
    assert {change.cost_ns for change in held.take_changes()} == {0}


def test_frames_that_stay_late_pause_what_matters_least_and_say_so() -> None:
    held = governor()
    app = App(held, "game")
    app.draw(1.5, 300)

    assert held.decision.beyond == {"objects", "face"}
    assert held.decision.steps["objects"] == Step(StepKind.PAUSED)
    assert held.decision.steps["gesture"] == Step(StepKind.REDUCED, 100)


def test_frames_that_leave_little_room_take_some_before_one_is_late() -> None:
    held = governor()
    app = App(held, "game")
    app.draw(0.97, 60)

    assert held.decision.risk is Risk.CLOSE
    assert 0 < held.decision.level < Ladder(SENSES, {}).kept
    assert {change.cause for change in held.take_changes()} == {Cause.CLOSE}


def test_late_frames_after_an_answer_bring_one_more_change_a_second_later() -> None:
    held = governor()
    held.costs({"gesture": 10**8, "speech": 3 * 10**8, "objects": 4 * 10**8, "face": 2 * 10**8})
    app = App(held, "game")
    app.draw(0.6, 40)
    app.draw(1.02)
    answered_ns, level = held.decision.changed_ns, held.decision.level
    assert 0 < level < Ladder(NEAR, {}).kept
    assert held.heeds(app.now_ns + SECOND_NS)
    assert not held.heeds(app.now_ns)
    while app.now_ns - answered_ns < SECOND_NS - 2 * PERIOD_NS:
        app.draw(1.02)
    assert (held.decision.level, held.decision.changes) == (level, 1)

    app.draw(1.02, 3)
    # What was predicted to be enough was not: all that may be taken is, in one change.
    assert (held.decision.level, held.decision.changes) == (Ladder(NEAR, {}).kept, 2)
    assert held.decision.changed_ns - answered_ns >= SECOND_NS
    assert not held.heeds(app.now_ns + 5 * SECOND_NS)
