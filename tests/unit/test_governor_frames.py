"""Which frames count as late or close for the governor, and which only look so."""

from __future__ import annotations

import pytest
from fixtures.governed_app import PERIOD_NS, SECOND_NS, App, game, governor

from sensorium.inference.governor.frame import Frame, Risk
from sensorium.inference.governor.step import Cause


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
