"""What the governor does for what others need, where no frames are told."""

from __future__ import annotations

import math

import pytest
from fixtures.governed_app import NEAR, SECOND_NS, App, governor

from sensorium.inference.governor.ladder import Ladder
from sensorium.inference.governor.pressure import Pressure, Want, wanted
from sensorium.inference.governor.step import Cause, StepKind


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
