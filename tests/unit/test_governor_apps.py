"""Apps that come, go and compete, and what is given back to the senses meanwhile."""

from __future__ import annotations

from itertools import pairwise

from fixtures.governed_app import DEMANDS, FULL, PERIOD_NS, SECOND_NS, App, game, governor
from fixtures.simulated_game import SimulatedGame

from sensorium.inference.governor.frame import Risk
from sensorium.inference.governor.step import Cause


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
    # What the senses take is not known, so that it cannot be predicted that it will fail.
    drawn = game(harm=0.5, background=1.0, costs_known=False)
    told = drawn.run(400, 0.75)

    failed = [
        after.at_ns
        for before, after in pairwise(told)
        if before.decision.level < after.decision.level
    ]
    pauses = [after - before for before, after in pairwise(failed)]
    assert len(pauses) >= 4
    assert all(after > 2 * before for before, after in pairwise(pauses[1:]))


def test_what_failed_is_forgotten_with_the_load_it_failed_under() -> None:
    drawn = game(harm=0.5, background=1.0, costs_known=False)
    told = drawn.run(120, 0.75)
    assert sum(a.decision.level > b.decision.level for b, a in pairwise(told)) > 2
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
