"""Everything is back soon after a game has room again, whatever was before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fixtures.governed_app import SECOND_NS, App, governor
from fixtures.simulated_games import QUICK, games
from hypothesis import assume, given
from hypothesis import strategies as st

from sensorium.inference.governor.app_frames import AppFrames
from sensorium.inference.governor.frame import Frame, Risk
from sensorium.inference.governor.giving_back import calm_ns
from sensorium.inference.governor.policy import Policy
from sensorium.inference.governor.step import StepKind

if TYPE_CHECKING:
    from fixtures.simulated_game import SimulatedGame


def is_roomy(game: SimulatedGame, light: float, most: float) -> bool:
    """Whether frames with a share of their own fill less than that beside all senses at full."""
    cores = sum(each.cores for each in game.demands)
    return light + game.harm * cores < most


@QUICK
@given(games(), st.floats(0.5, 1.5), st.floats(0.05, 0.3), st.floats(2, 20))
def test_after_relief_all_is_back_within_ten_seconds(
    game: SimulatedGame, heavy: float, light: float, seconds: float
) -> None:
    taken = sum(each.taken(step) for each, step in zip(
        game.demands, game.governor.decision.steps.values(), strict=True
    ))  # fmt: skip
    assume(light + game.harm * taken < 0.8)
    game.run(seconds, heavy)
    told = game.run(10, light)

    assert told[-1].decision.level == 0
    assert all(step.kind is StepKind.FULL for step in told[-1].decision.steps.values())


@QUICK
@given(
    games(), st.floats(1.02, 1.5), st.floats(0.05, 0.3),
    st.lists(st.tuples(st.floats(1, 6), st.floats(0, 4)), min_size=2, max_size=5),
)  # fmt: skip
def test_a_load_that_comes_and_goes_is_not_blamed_on_what_was_given_back(
    game: SimulatedGame, heavy: float, light: float, turns: list[tuple[float, float]]
) -> None:
    assume(is_roomy(game, light, 0.8))
    for seconds, rest in turns:
        game.run(rest, light)
        game.run(seconds, heavy)
        told = game.run(10, light)
        assert told[-1].decision.level == 0


@QUICK
@given(games(), st.floats(1.02, 1.5), st.floats(0.05, 0.3), st.floats(0, 6.5))
def test_one_late_frame_by_chance_does_not_keep_all_from_being_back_in_time(
    game: SimulatedGame, heavy: float, light: float, after: float
) -> None:
    assume(is_roomy(game, light, 0.5))
    game.run(5, heavy)
    relief_ns = game.now_ns
    game.run(after, light)
    game.run(1e-9, 1.3)
    assert game.told[-1].late
    told = game.run(10 - (game.now_ns - relief_ns) / SECOND_NS, light)

    assert told[-1].decision.level == 0


@QUICK
@given(games(), st.floats(0.65, 0.8), st.floats(0.5, 1.9))
def test_the_less_room_frames_have_the_longer_they_are_in_time_before_anything_is_given_back(
    game: SimulatedGame, own: float, pause: float
) -> None:
    game.run(3, own)
    game.run(1e-9, 1.2)
    late_ns, level = game.now_ns, game.governor.decision.level
    told = game.run(6, own)
    back = [each.at_ns for each in told if each.decision.level < level]
    seen = game.governor.frames_of("game")
    assert seen is not None

    assert level > 0
    assert calm_ns(seen, Policy.QUALITY) < calm_ns(seen, Policy.FRAMES) <= 8 * SECOND_NS
    assert not back or back[0] - late_ns > 2.2 * SECOND_NS


def test_a_frame_that_began_late_and_was_in_time_is_not_missed() -> None:
    frames, period, missed = AppFrames("game"), 10_000_000, 0
    for number in range(60):
        refresh = SECOND_NS + number * period
        begin = refresh + (period * 6 // 10 if number == 50 else 0)
        missed += number == 50  # As a client counts that goes by when frames began.
        frames.add(
            Frame(number, begin, begin + 2_000_000, refresh + period, period, missed=missed), begin
        )
    assert (frames.missed, frames.late, frames.risk) == (0, 0, Risk.ROOM)
    begin, missed = refresh + 2 * period, missed + 1
    frames.add(Frame(60, begin, begin + 2_000_000, begin + period, period, missed=missed), begin)
    assert (frames.missed, frames.late, frames.risk) == (1, 0, Risk.LATE)


def test_a_late_frame_of_a_heavier_load_leaves_no_bar_to_a_lighter_one() -> None:
    held = governor()
    app = App(held, "game")
    for _ in range(4):
        app.draw(0.2, 90 * 12)
        assert held.decision.level == 0
        app.draw(1.1, 90 * 3)
        assert held.decision.level > 0
