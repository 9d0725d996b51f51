"""What an app's policy asks of the governor."""

from __future__ import annotations

from fixtures.governed_app import FULL, NEAR, SECOND_NS, App, game, governor

from sensorium.inference.governor.frame import Risk
from sensorium.inference.governor.ladder import Ladder
from sensorium.inference.governor.policy import Policy
from sensorium.inference.governor.step import Cause, Step, StepKind


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
