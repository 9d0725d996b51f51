"""What the governor does with single frames, apps, policies and pressure, at stated times."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import pytest
from fixtures.simulated_game import Demand, SimulatedGame

from sensorium.inference.governor.decision import Change, Governed
from sensorium.inference.governor.frame import Frame, Risk
from sensorium.inference.governor.governor import Governor
from sensorium.inference.governor.ladder import Ladder
from sensorium.inference.governor.policy import Policy
from sensorium.inference.governor.pressure import Pressure, Want, wanted
from sensorium.inference.governor.step import Cause, Step, StepKind
from sensorium.inference.governor.tempo import Slowing, Tempo

GESTURE = Governed("gesture", Tempo(Slowing.THINNED, 80, 100), "hands")
SPEECH = Governed("speech", Tempo(Slowing.DEFERRED, 60, 4000), "whisper", smaller=True)
OBJECTS = Governed("objects", Tempo(Slowing.THINNED, 20, 1000), "yolo", other_device=True)
FACE = Governed("face", Tempo(Slowing.THINNED, 20, 500), "face")
HEAD = Governed("head", Tempo(Slowing.NEVER, 90, 0))
SENSES = (GESTURE, SPEECH, OBJECTS, FACE, HEAD)
DEMANDS = tuple(
    Demand(sense, cores, 11)
    for sense, cores in zip(SENSES, (0.1, 0.3, 0.4, 0.2, 0.0), strict=True)
)
NEAR = tuple(sense._replace(other_device=False) for sense in SENSES)
"""As the governor sees them for an app that does not wait for the GPU."""
SECOND_NS = 1_000_000_000
PERIOD_NS = 11_111_111
FULL = dict.fromkeys((sense.name for sense in SENSES), Step())


def governor(policy: Policy = Policy.FRAMES) -> Governor:
    return Governor(SENSES, policy, processors=2)


def game(policy: Policy = Policy.FRAMES, **more: Any) -> SimulatedGame:
    return SimulatedGame(governor(policy), DEMANDS, 90.0, **more)


class App:
    """Tells frames that begin at each refresh of a display of 90 Hz."""

    def __init__(self, governor: Governor, name: str, now_ns: int = SECOND_NS) -> None:
        self.governor, self.name, self.now_ns, self.missed, self.number = (
            governor, name, now_ns, 0, 0
        )  # fmt: skip

    def draw(self, share: float, count: int = 1, **fields: int) -> bool:
        changed = False
        for _ in range(count):
            end_ns = self.now_ns + round(share * PERIOD_NS)
            frame = Frame(
                self.number, self.now_ns, end_ns, period_ns=PERIOD_NS, missed=self.missed
            )
            changed |= self.governor.frame(self.name, frame._replace(**fields), end_ns)
            self.number += 1
            self.now_ns += PERIOD_NS * max(1, math.ceil(share))
        return changed

    def phase_of(self) -> float:
        phase = self.governor.phase(self.now_ns)
        assert phase is not None
        return phase.busy_ns / PERIOD_NS


def of(changes: list[Change], sense: str) -> Change:
    (found,) = (change for change in changes if change.sense == sense)
    return found


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


@pytest.mark.parametrize("fields", [{"cpu_ns": 10_900_000}, {"gpu_ns": 10_900_000}])
def test_the_processor_s_and_the_gpu_s_time_count_for_room(fields: dict[str, int]) -> None:
    held = governor()
    app = App(held, "game")
    app.draw(0.3, 60, **fields)

    assert held.decision.risk is Risk.CLOSE
    assert app.phase_of() == pytest.approx(0.3, abs=1e-6)


def test_an_app_that_fills_its_frames_by_waiting_gets_nothing_for_long() -> None:
    drawn = game(harm=0.0, dated=True)
    told = drawn.run(40, 0.98)

    assert max(each.decision.level for each in told) > 0
    assert drawn.governor.decision.level == 0
    assert drawn.governor.decision.risk is Risk.ROOM


def test_an_app_that_works_on_two_frames_at_once_is_not_late() -> None:
    held = governor()
    for number in range(200):
        begin = SECOND_NS + number * PERIOD_NS
        end = begin + round(1.6 * PERIOD_NS)
        held.frame("game", Frame(number, begin, end, begin + 2 * PERIOD_NS, PERIOD_NS), end)
        held.frame("other", Frame(number, begin, end, 0, PERIOD_NS), end)

    assert held.decision.level == 0
    assert held.decision.risk is Risk.ROOM


def test_missed_frames_count_where_display_times_are_not_told() -> None:
    held = governor()
    app = App(held, "game")
    app.draw(0.5, 20)
    app.missed = 1
    app.draw(0.5)

    assert held.decision.risk is Risk.LATE
    assert {change.cause for change in held.take_changes()} == {Cause.MISSED}


@pytest.mark.parametrize("missed", [0, 10**9])
def test_a_count_that_falls_or_leaps_is_a_new_count(missed: int) -> None:
    held = governor()
    app = App(held, "game")
    app.missed = 5
    app.draw(0.5, 20)
    app.missed = missed
    app.draw(0.5, 20)

    assert held.decision.level == 0


def test_a_period_that_grows_under_load_hides_no_late_frame() -> None:
    held = governor()
    app = App(held, "game")
    app.draw(0.6, 20)
    app.draw(1.5, 4, period_ns=2 * PERIOD_NS)

    assert held.decision.risk is Risk.LATE
    assert held.decision.period_ns == PERIOD_NS


def test_a_longer_period_that_stays_for_a_minute_is_the_display_s() -> None:
    held = governor()
    app = App(held, "game")
    app.draw(0.6, 20)
    app.draw(0.6, 61 * 90, period_ns=2 * PERIOD_NS)

    assert held.decision.period_ns == 2 * PERIOD_NS


def test_one_short_period_is_not_believed() -> None:
    held = governor()
    app = App(held, "game")
    app.draw(0.6, 20)
    app.draw(0.6, 2, period_ns=PERIOD_NS // 2)
    app.draw(0.6, 20)

    assert (held.decision.period_ns, held.decision.level) == (PERIOD_NS, 0)


def test_quality_first_waits_for_a_second_late_frame_and_never_pauses() -> None:
    held = governor(Policy.QUALITY)
    app = App(held, "game")
    app.draw(0.97, 60)
    assert (held.decision.risk, held.decision.level) == (Risk.CLOSE, 0)
    app.draw(1.2)
    assert held.decision.level == 0
    app.draw(1.2)
    assert held.decision.level > 0
    app.draw(1.2, 600)
    assert held.decision.level == Ladder(NEAR, {}).kept
    assert held.decision.beyond == frozenset()


def test_quality_first_gives_back_sooner() -> None:
    def back_after(policy: Policy) -> float:
        drawn = game(policy, harm=0.3)
        drawn.run(3, 1.0)
        assert drawn.governor.decision.level > 0
        told = drawn.run(12, 0.2)
        first = next(each for each in told if each.decision.level == 0)
        return (first.at_ns - told[0].at_ns) / SECOND_NS

    assert back_after(Policy.QUALITY) < back_after(Policy.FRAMES) < 10


def test_a_policy_that_pauses_does_so_while_the_app_tells_frames() -> None:
    held = governor(Policy.PAUSE)
    app = App(held, "game")
    app.draw(0.1)

    decision = held.decision
    assert decision.policy is Policy.PAUSE
    assert decision.steps == {
        "gesture": Step(StepKind.PAUSED), "speech": Step(StepKind.PAUSED, 4000),
        "objects": Step(StepKind.PAUSED), "face": Step(StepKind.PAUSED), "head": Step(),
    }  # fmt: skip
    # Speech is heard when it has waited for its longest time.
    assert decision.beyond == {"gesture", "objects", "face"}
    assert {change.cause for change in held.take_changes()} == {Cause.POLICY}
    app.draw(0.1, 40)
    assert held.decision.changes == 1

    assert not held.set_policy(None, app.now_ns, "game")
    assert held.set_policy(Policy.FRAMES, app.now_ns, "game")
    assert held.decision.steps == FULL
    assert {change.cause for change in held.take_changes()} == {Cause.POLICY}


def test_a_policy_of_none_lets_an_app_s_frames_change_nothing() -> None:
    held = governor()
    held.set_policy(Policy.NONE, 0, "viewer")
    App(held, "viewer").draw(2.0, 100)

    assert (held.decision.level, held.decision.app) == (0, "")


def test_an_app_that_tells_no_frame_for_a_second_is_gone() -> None:
    held = governor()
    app = App(held, "game")
    app.draw(1.5, 20)
    held.take_changes()
    told_ns = app.now_ns - PERIOD_NS // 2
    assert not held.tick(told_ns + 900_000_000)

    assert held.tick(told_ns + SECOND_NS)
    assert (held.decision.steps, held.decision.app) == (FULL, "")
    assert held.decision.risk is Risk.UNKNOWN
    changes = held.take_changes()
    assert {(change.cause, change.app) for change in changes} == {(Cause.GONE, "game")}
    assert held.phase(told_ns + SECOND_NS) is None


def test_what_an_app_missed_while_it_told_no_frames_is_not_held_against_the_senses() -> None:
    held = governor()
    app = App(held, "game")
    app.draw(0.5, 40)
    app.now_ns += 30 * SECOND_NS
    app.missed = 2700
    app.draw(0.5, 40)
    assert held.decision.level == 0
    app.missed += 1
    app.draw(0.5)
    assert held.decision.level > 0


def test_an_app_that_draws_twenty_times_a_second_is_given_all_back_in_time_too() -> None:
    drawn = SimulatedGame(governor(), DEMANDS, 20.0, harm=0.3)
    drawn.run(10, 1.0)
    assert drawn.governor.decision.level > 0
    drawn.run(10, 0.2)

    assert drawn.governor.decision.level == 0


def test_an_app_that_ends_gives_all_back_at_once() -> None:
    held = governor()
    app = App(held, "game")
    app.draw(1.5, 20)

    assert held.gone("game", app.now_ns)
    assert held.decision.steps == FULL
    assert not held.gone("game", app.now_ns)


def test_of_two_apps_the_one_that_is_worse_off_is_held() -> None:
    held = governor()
    calm, busy = App(held, "calm"), App(held, "busy")
    for _ in range(40):
        calm.draw(0.3)
        busy.draw(0.5)
    assert held.decision.level == 0
    busy.draw(1.2)
    assert (held.decision.app, held.decision.risk) == ("busy", Risk.LATE)
    level = held.decision.level
    for _ in range(80):
        calm.draw(0.3)
    assert held.decision.level == level

    held.gone("busy", busy.now_ns)
    assert held.decision.app == "calm"
    assert held.decision.level == level
    calm.draw(0.3, 900)
    assert held.decision.level == 0


def test_what_failed_is_tried_again_ever_less_often() -> None:
    drawn = game(harm=0.5, background=1.0)
    told = drawn.run(400, 0.6)

    failed = [
        after.at_ns
        for before, after in pairwise(told)
        if before.decision.level < after.decision.level
    ]
    minutes = [sum(at_ns - told[0].at_ns < m * 60 * SECOND_NS for at_ns in failed) for m in (1, 6)]
    assert 1 <= minutes[0] <= 8
    assert minutes[1] - minutes[0] <= 4


def test_what_failed_is_forgotten_with_the_load_it_failed_under() -> None:
    drawn = game(harm=0.5, background=1.0)
    drawn.run(120, 0.6)
    assert drawn.governor.decision.level > 0
    drawn.run(10, 0.2)

    assert drawn.governor.decision.level == 0


def test_the_phase_says_when_the_next_frame_is_due() -> None:
    held = governor()
    app = App(held, "game")
    app.draw(0.6, 40)
    assert held.phase(app.now_ns) is None
    app.draw(1.2)
    app.draw(0.6, 4)

    begun_ns = app.now_ns - PERIOD_NS
    submitted_ns = begun_ns + round(0.6 * PERIOD_NS)
    phase = held.phase(submitted_ns)
    assert phase is not None
    assert phase.submitted_ns == submitted_ns
    assert phase.period_ns == PERIOD_NS
    assert phase.due_ns == begun_ns + 2 * PERIOD_NS
    assert phase.busy_ns == round(0.6 * PERIOD_NS)
    assert phase.risk is Risk.LATE
    # A frame that does not come is waited for at the next refresh.
    late = held.phase(phase.due_ns + PERIOD_NS // 2)
    assert late is not None
    assert late.due_ns == phase.due_ns + PERIOD_NS


@pytest.mark.parametrize(
    ("pressure", "want"),
    [
        (Pressure(), Want.SAME),
        (Pressure(0.0, 0.1, 0.0, 0.1), Want.LESS),
        (Pressure(0.9, 0.1, 0.0, None), Want.LESS),  # Ours alone wait for one another.
        (Pressure(0.9, None, None, None), Want.SAME),  # Whose need that is, is not known.
        (Pressure(0.5, 0.5, 0.0, None), Want.MORE),
        (Pressure(0.2, 0.5, 0.0, None), Want.SAME),
        (Pressure(None, 0.9, None, None), Want.MORE),
        (Pressure(0.0, 0.1, 0.3, None), Want.MORE),
        (Pressure(0.0, 0.1, 0.0, 0.95), Want.MORE),
    ],
)
def test_pressure_is_what_others_need(pressure: Pressure, want: Want) -> None:
    assert wanted(pressure) is want


def test_without_frames_the_senses_give_way_to_pressure_and_come_back() -> None:
    held = governor()
    now_ns, levels = 0, []
    for second in range(40):
        now_ns = second * SECOND_NS
        busy = 0.9 if second < 20 else 0.5 if second < 25 else 0.1
        held.tick(now_ns, Pressure(busy, busy, 0.0, None))
        held.tick(now_ns + SECOND_NS // 2)
        levels.append(held.decision.level)
        assert held.decision.beyond == frozenset()

    assert levels[0] == 1
    assert levels[19] == levels[24] == Ladder(NEAR, {}).kept
    assert levels[-1] == 0
    changes = held.take_changes()
    assert {change.cause for change in changes} == {Cause.PRESSURE, Cause.RELIEF}
    assert {change.pressure for change in changes} == {0.9, 0.1}
    assert {change.app for change in changes} == {""}


@pytest.mark.parametrize(
    ("pressure", "cause", "share"),
    [
        (Pressure(0.5, 0.9, 0.1, 0.2), Cause.PRESSURE, 0.5),
        (Pressure(None, 0.9, 0.1, 0.2), Cause.PRESSURE, 0.9),
        (Pressure(0.2, 0.9, 0.3, 0.2), Cause.MEMORY, 0.3),
        (Pressure(0.9, 0.28, 0.25, 0.8), Cause.MEMORY, 0.25),  # What is largest asks for nothing.
        (Pressure(0.1, 0.1, 0.0, 0.95), Cause.GPU, 0.95),
    ],
)
def test_a_step_names_what_others_wait_for(
    pressure: Pressure, cause: Cause, share: float
) -> None:
    held = governor()
    for second in range(4):
        held.tick(second * SECOND_NS, pressure)
    changes = held.take_changes()
    assert {(change.cause, change.pressure) for change in changes} == {(cause, share)}
    for second in range(4, 20):
        held.tick(second * SECOND_NS, Pressure(0.0, 0.0, 0.0, 0.0))
    assert {change.cause for change in held.take_changes()} == {Cause.RELIEF}


@pytest.mark.parametrize(
    ("pressure", "leaves"),
    [(Pressure(0.1, 0.1, 0.0, 0.95), True), (Pressure(0.9, 0.9, 0.0, 0.5), False)],
)
def test_where_others_need_the_gpu_it_is_left_to_them(pressure: Pressure, leaves: bool) -> None:
    held = governor()
    held.tick(0, pressure)
    assert (held.decision.level, held.decision.gpu_spared) == (1, leaves)
    for second in range(1, 20):
        held.tick(second * SECOND_NS, pressure)
    kind = held.decision.steps["objects"].kind
    assert kind is (StepKind.OTHER_DEVICE if leaves else StepKind.REDUCED)
    for second in range(20, 40):
        held.tick(second * SECOND_NS, Pressure(0.0, 0.0, 0.0, 0.0))
    assert (held.decision.level, held.decision.gpu_spared) == (0, False)


def test_pressure_that_is_not_told_any_more_gives_back() -> None:
    held = governor()
    for second in range(5):
        held.tick(second * SECOND_NS, Pressure(0.9, 0.9, 0.0, None))
    for quarter in range(80):
        held.tick(5 * SECOND_NS + quarter * SECOND_NS // 4)

    assert held.decision.level == 0
    assert math.isnan(held.take_changes()[-1].pressure)


def test_frames_count_more_than_pressure() -> None:
    held = governor()
    app = App(held, "game")
    for _ in range(30):
        app.draw(0.3, 30)
        held.tick(app.now_ns, Pressure(0.9, 0.9, 0.5, 0.9))

    assert held.decision.level == 0
