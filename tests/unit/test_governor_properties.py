"""What the governor promises, for any game and any senses, on a simulated clock."""

from __future__ import annotations

import math
from collections import Counter

from fixtures.simulated_game import Demand, SimulatedGame, Told
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from sensorium.inference.governor.decision import Governed
from sensorium.inference.governor.frame import Frame, Risk
from sensorium.inference.governor.governor import Governor
from sensorium.inference.governor.ladder import PAUSED_BELOW, Ladder
from sensorium.inference.governor.policy import Policy
from sensorium.inference.governor.pressure import Pressure
from sensorium.inference.governor.step import Cause, StepKind
from sensorium.inference.governor.tempo import Slowing, Tempo

RATES_HZ = (72.0, 90.0, 120.0, 144.0)
SECOND_NS = 1_000_000_000
QUICK = settings(
    deadline=None, derandomize=True, max_examples=25, database=None,
    suppress_health_check=[HealthCheck.too_slow], phases=[Phase.generate, Phase.shrink],
)  # fmt: skip


@st.composite
def demands(draw: st.DrawFn) -> tuple[Demand, ...]:
    """Two to six senses that take up to 1.2 processors together."""
    found = []
    count = draw(st.integers(2, 6))
    for place in range(count):
        slowing = draw(st.sampled_from([Slowing.THINNED, Slowing.THINNED, Slowing.DEFERRED]))
        tempo = Tempo(slowing, draw(st.integers(0, 100)), draw(st.sampled_from([100, 500, 1000])))
        governed = Governed(
            f"sense {place}", tempo, "engine", draw(st.booleans()), draw(st.booleans())
        )
        cores = draw(st.floats(0.02, 1.2)) / count
        found.append(Demand(governed, cores, draw(st.sampled_from([11, 33, 100]))))
    found.append(Demand(Governed("head", Tempo(Slowing.NEVER, 100, 0)), 0.0, 11))
    return tuple(found)


@st.composite
def games(draw: st.DrawFn) -> SimulatedGame:
    wanted = draw(demands())
    return SimulatedGame(
        Governor([each.governed for each in wanted], processors=2),
        wanted,
        draw(st.sampled_from(RATES_HZ)),
        harm=draw(st.floats(0.1, 1.0)),
        background=draw(st.floats(0.2, 1.0)),
        dated=draw(st.booleans()),
        costs_known=draw(st.booleans()),
    )


def kept(game: SimulatedGame) -> int:
    return Ladder([each.governed for each in game.demands], {}).kept


def change_times(told: list[Told]) -> list[tuple[int, bool]]:
    """When the level changed, and whether down."""
    found = []
    for before, after in zip(told, told[1:], strict=False):
        if after.decision.changes != before.decision.changes:
            found.append((after.at_ns, after.decision.level < before.decision.level))
    return found


@QUICK
@given(games(), st.floats(0.05, 1.3))
def test_the_first_late_frame_is_answered_in_its_own_call(game: SimulatedGame, own: float) -> None:
    game.run(3, 0.05)
    assume(game.governor.decision.level == 0)
    told = game.run(3, own)

    late = [place for place, each in enumerate(told) if each.late]
    if late:
        assert told[late[0]].decision.level > 0
        assert told[late[0]].decision.risk is Risk.LATE


@QUICK
@given(games(), st.floats(0.1, 1.3))
def test_a_steady_load_is_not_answered_back_and_forth(game: SimulatedGame, own: float) -> None:
    changes = change_times(game.run(120, own))

    begun = game.told[0].at_ns
    for (before_ns, gave), (at_ns, gives) in zip(changes, changes[1:], strict=False):
        if at_ns - begun > 2 * SECOND_NS and not (gave and not gives):
            assert at_ns - before_ns >= SECOND_NS
    seconds = Counter((at_ns - begun) // SECOND_NS for at_ns, _ in changes)
    assert max(seconds.values(), default=0) <= 2
    assert sum(at_ns - begun > 60 * SECOND_NS for at_ns, _ in changes) <= 4


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
@given(games(), st.lists(st.floats(0.1, 1.8), min_size=2, max_size=6))
def test_no_sense_gets_less_than_its_least_unless_it_is_said(
    game: SimulatedGame, loads: list[float]
) -> None:
    for own in loads:
        game.run(6, own)
    tempi = {each.governed.name: each.governed.tempo for each in game.demands}

    for decision in {id(each.decision): each.decision for each in game.told}.values():
        assert list(decision.steps) == list(tempi)
        for name, step in decision.steps.items():
            assert step.interval_ms <= tempi[name].longest_ms
            paused = step.kind is StepKind.PAUSED
            assert (name in decision.beyond) == paused
            if paused:
                assert tempi[name].priority < PAUSED_BELOW
                assert tempi[name].slowing is Slowing.THINNED
        assert decision.steps["head"].kind is StepKind.FULL


@QUICK
@given(demands(), st.sampled_from(RATES_HZ), st.floats(0.3, 1.2), st.floats(0.02, 0.3))
def test_a_heavier_game_never_ends_at_a_lower_level(
    wanted: tuple[Demand, ...], rate_hz: float, own: float, more: float
) -> None:
    def ends(load: float) -> int:
        governor = Governor([each.governed for each in wanted], processors=2)
        told = SimulatedGame(governor, wanted, rate_hz).run(100, load)
        levels = Counter(each.decision.level for each in told[-len(told) // 4 :])
        return levels.most_common(1)[0][0]

    assert ends(own) <= ends(own + more)
