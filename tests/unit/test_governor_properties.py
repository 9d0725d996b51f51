"""What the governor promises, for any game and any senses, on a simulated clock."""

from __future__ import annotations

import math
from collections import Counter
from itertools import pairwise

from fixtures.simulated_game import SECOND_NS, Demand, SimulatedGame, Told
from fixtures.simulated_games import LONG, QUICK, RATES_HZ, demands, games
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from sensorium.inference.governor.frame import Frame, Risk
from sensorium.inference.governor.governor import Governor
from sensorium.inference.governor.ladder import PAUSED_BELOW, Ladder
from sensorium.inference.governor.policy import Policy
from sensorium.inference.governor.pressure import Pressure
from sensorium.inference.governor.step import Cause, Step, StepKind
from sensorium.inference.governor.tempo import Slowing


def change_times(told: list[Told]) -> list[tuple[int, bool]]:
    """When the level changed, and whether down."""
    found = []
    for before, after in pairwise(told):
        if after.decision.changes != before.decision.changes:
            found.append((after.at_ns, after.decision.level < before.decision.level))
    return found


def keeps_to_one_a_second(changes: list[tuple[int, bool]]) -> None:
    """At most one change a second; but what was given back is taken back at a late frame."""
    for (before_ns, gave), (at_ns, gives) in pairwise(changes):
        assert at_ns - before_ns >= SECOND_NS or (gave and not gives)
    for (first_ns, _), _, (third_ns, _) in zip(changes, changes[1:], changes[2:], strict=False):
        assert third_ns - first_ns >= SECOND_NS


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


@LONG
@given(games(), st.floats(0.1, 1.3))
def test_a_steady_load_is_not_answered_back_and_forth(game: SimulatedGame, own: float) -> None:
    changes = change_times(game.run(120, own))

    begun = game.told[0].at_ns
    keeps_to_one_a_second(changes)
    assert sum(at_ns - begun > 60 * SECOND_NS for at_ns, _ in changes) <= 4


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


@LONG
@given(demands(), st.sampled_from(RATES_HZ), st.floats(0.3, 1.2), st.floats(0.02, 0.3))
def test_a_heavier_game_never_ends_at_a_lower_level(
    wanted: tuple[Demand, ...], rate_hz: float, own: float, more: float
) -> None:
    def ends(load: float) -> int:
        governor = Governor([each.governed for each in wanted], processors=2)
        told = SimulatedGame(governor, wanted, rate_hz).run(70, load)
        levels = Counter(each.decision.level for each in told[-len(told) // 4 :])
        return levels.most_common(1)[0][0]

    assert ends(own) <= ends(own + more)


@LONG
@given(games(), st.floats(0.5, 1.0), st.floats(0.0, 0.15))
def test_frames_that_vary_bring_few_changes(
    game: SimulatedGame, own: float, jitter: float
) -> None:
    game.jitter = jitter
    changes = change_times(game.run(60, own))

    assert len(changes) <= 40
    keeps_to_one_a_second(changes)


@QUICK
@given(games(), st.lists(st.floats(0.1, 1.5), min_size=1, max_size=5))
def test_a_step_tells_what_was_known_and_nothing_else(
    game: SimulatedGame, loads: list[float]
) -> None:
    told_costs: dict[str, set[int]] = {each.governed.name: {0} for each in game.demands}
    taken = game.governor.costs

    def costs(known: dict[str, int]) -> None:
        for name, cost in known.items():
            told_costs[name].add(cost)
        taken(known)

    game.governor.costs = costs  # type: ignore[method-assign] - looks on
    for own in loads:
        game.run(5, own)
    frames = {each.frame.number: each.frame for each in game.told}
    steps = dict.fromkeys(told_costs, Step())
    numbers = []
    for change in game.governor.take_changes():
        frame = frames[change.frame]
        assert change.frame_ns == frame.end_ns - frame.begin_ns
        assert change.period_ns in (0, game.period_ns)
        if change.period_ns or game.dated:
            assert change.late_ns == max(0, change.frame_ns - game.period_ns)
        else:
            assert change.late_ns == 0
        assert change.cost_ns in told_costs.get(change.sense, {0})
        assert math.isnan(change.pressure)
        assert change.app == "game"
        assert change.engine == ("engine" if change.sense else "")
        assert change.before != change.after
        if change.cause is Cause.LATE:
            assert change.late_ns > 0
        if change.sense:
            assert steps[change.sense] == change.before
            steps[change.sense] = change.after
        numbers.append(change.change)
    assert steps == dict(game.governor.decision.steps)
    assert numbers == sorted(numbers)
    assert set(numbers) == set(range(1, game.governor.decision.changes + 1))
    assert game.governor.take_changes() == []


TIMES_NS = st.one_of(
    st.integers(0, 2**64 - 1), st.integers(0, 10_000_000_000), st.sampled_from([0, 1, 2**63])
)
FRAMES = st.builds(
    Frame, st.integers(0, 2**64 - 1), TIMES_NS, TIMES_NS, TIMES_NS, TIMES_NS, TIMES_NS, TIMES_NS,
    TIMES_NS,
)  # fmt: skip
SHARES = st.one_of(st.none(), st.floats(0, 1))
CALLS = st.one_of(
    st.tuples(st.just("frame"), st.sampled_from(["one", "two", "three"]), FRAMES, TIMES_NS),
    st.tuples(
        st.just("frames"), st.sampled_from(["one", "two"]), st.integers(1, 60),
        st.integers(0, 40_000_000), st.integers(0, 40_000_000),
    ),
    st.tuples(
        st.just("tick"), TIMES_NS,
        st.one_of(st.none(), st.builds(Pressure, SHARES, SHARES, SHARES, SHARES)),
    ),
    st.tuples(st.just("gone"), st.sampled_from(["one", "two", "three"]), TIMES_NS),
    st.tuples(
        st.just("policy"), st.sampled_from([*Policy, None]), st.sampled_from(["", "one", "two"])
    ),
    st.tuples(st.just("costs"), st.dictionaries(st.sampled_from(["sense 0", "?"]), TIMES_NS)),
)  # fmt: skip


@settings(QUICK, max_examples=120)
@given(demands(), st.lists(CALLS, max_size=40))
def test_no_frame_however_wrong_breaks_it(
    wanted: tuple[Demand, ...], calls: list[tuple[object, ...]]
) -> None:
    governor = Governor([each.governed for each in wanted])
    ladder = Ladder([each.governed for each in wanted], {})
    now_ns = 0
    for call in calls:
        before = governor.decision
        match call:
            case "frame", app, frame, at_ns:
                now_ns = max(now_ns, at_ns)
                changed = governor.frame(app, frame, at_ns)
            case "frames", app, count, took_ns, period_ns:
                changed = False
                for number in range(count):
                    now_ns += took_ns
                    frame = Frame(number, now_ns - took_ns, now_ns, 0, period_ns)
                    changed |= governor.frame(app, frame, now_ns)
            case "tick", at_ns, pressure:
                now_ns = max(now_ns, at_ns)
                changed = governor.tick(at_ns, pressure)
            case "gone", app, at_ns:
                now_ns = max(now_ns, at_ns)
                changed = governor.gone(app, at_ns)
            case "policy", policy, app:
                changed = governor.set_policy(policy, now_ns, app)
            case _, costs:
                governor.costs(costs)
                changed = False
        decision = governor.decision
        assert changed or decision == before
        assert 0 <= decision.level <= ladder.top + 1
        assert decision.background == (decision.level > 0)
        assert decision.level > 0 or all(
            step.kind is StepKind.FULL for step in decision.steps.values()
        )
        assert decision.level <= ladder.top or decision.policy is Policy.PAUSE
        phase = governor.phase(now_ns)
        if phase is not None:
            assert decision.app
            assert phase.due_ns == 0 or phase.due_ns > now_ns


@QUICK
@given(games(), st.lists(st.floats(0.1, 1.3), min_size=2, max_size=6))
def test_every_first_late_frame_is_answered_wherever_the_senses_stand(
    game: SimulatedGame, loads: list[float]
) -> None:
    for own in loads:
        game.run(8, own)
    kept = Ladder([each.governed for each in game.demands], {}).kept
    late_ns = 0
    for before, after in pairwise(game.told):
        settled = after.at_ns - before.decision.changed_ns >= SECOND_NS
        first = after.at_ns - late_ns >= SECOND_NS
        if after.late and first and settled and before.decision.level < kept:
            assert after.decision.level > before.decision.level
        if after.late:
            late_ns = after.at_ns


@QUICK
@given(games(), st.floats(0.2, 1.2), st.floats(-0.01, 0.01))
def test_a_period_that_drifts_and_display_times_that_jump_change_little(
    game: SimulatedGame, own: float, drift: float
) -> None:
    game.run(10, own)
    straight = game.governor.decision.level
    twin = SimulatedGame(
        Governor([each.governed for each in game.demands], processors=2), game.demands,
        game.rate_hz, game.harm, game.background, game.dated, costs_known=game.costs_known,
    )  # fmt: skip
    told = twin.governor.frame

    def odd(app: str, frame: Frame, now_ns: int) -> bool:
        period = round(frame.period_ns * (1 + drift * math.sin(frame.number / 50)))
        display = frame.display_ns + (60 * SECOND_NS if frame.number % 97 == 0 else 0)
        return told(app, frame._replace(period_ns=period, display_ns=display), now_ns)

    twin.governor.frame = odd  # type: ignore[method-assign] - the same frames, told oddly
    twin.run(10, own)

    assert (twin.governor.decision.level > 0) >= (straight > 0)
    assert abs(twin.governor.decision.period_ns - game.period_ns) <= 0.011 * game.period_ns
