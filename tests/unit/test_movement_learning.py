"""Time warping, where a movement lies, and its limits, against counting by hand."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from sensorium.errors import EnrolmentError
from sensorium.perception.movement_embedding import SPREAD, WIDTH, stretches
from sensorium.perception.movement_judging import judge
from sensorium.perception.movement_learning import LEAST, PART, SLACK, Compared, limit
from sensorium.perception.movement_span import STILL, Span, agreed, span
from sensorium.perception.movement_telling import WAIT, Teller, nearest
from sensorium.perception.own_movements import Recording
from sensorium.perception.warping import MOST, UNEVEN, Match, Warping, matched
from sensorium_tools.hand_poses import POSES, RIGHT
from sensorium_tools.hands import hand


def plain(pattern: np.ndarray, stream: np.ndarray) -> list[float]:
    """The same recursion, cell by cell: the least whole cost over all begins, at each step."""
    cost = np.minimum(((pattern[:, None] - stream[None]) ** 2).mean(-1), MOST)
    count, steps = cost.shape
    whole = np.full((count, steps), np.inf)
    for at, cell in itertools.product(range(steps), range(count)):
        def old(cells: int, back: int, cell: int = cell, at: int = at) -> float:
            if cell - cells == -1:
                return 0.0
            return whole[cell - cells, at - back] if cell >= cells and at >= back else np.inf

        here = cost[cell, at]
        ways = [old(1, 1) + here]
        if at:
            ways.append(old(1, 2) + 0.5 * (cost[cell, at - 1] + here) + UNEVEN)
        if cell:
            ways.append(old(2, 1) + cost[cell - 1, at] + here + UNEVEN)
        whole[cell, at] = min(ways)
    return np.sqrt(whole[-1] / count).tolist()


def test_a_stream_is_matched_as_cell_by_cell() -> None:
    noise = np.random.default_rng(0)
    pattern, other = noise.normal(size=(7, WIDTH)), noise.normal(size=(4, WIDTH))
    stream = noise.normal(size=(25, WIDTH))
    stream[10:17] = pattern + noise.normal(0.0, 0.1, (7, WIDTH))
    parts = [one.astype(np.float32) for one in (pattern, other)]
    ((costs, begins, *_),) = matched(parts, [stream.astype(np.float32)])
    for at, one in enumerate((pattern, other)):
        np.testing.assert_allclose(costs[2:, at], plain(one, stream)[2:], rtol=1e-3)
    assert (costs[:, 0].argmin(), begins[16, 0]) == (16, 10)


@pytest.mark.parametrize("pace", [0.6, 0.8, 1.0, 1.5, 1.9])
def test_a_slower_or_faster_one_is_found_where_it_is(pace: float) -> None:
    shares = np.linspace(0.0, 1.0, 31)

    def made(at: np.ndarray) -> np.ndarray:
        wave = np.stack([np.sin(k * np.pi * at + k) for k in range(1, WIDTH + 1)], axis=1)
        return (3.0 * wave).astype(np.float32)

    inside = made(np.linspace(0.0, 1.0, round(31 * pace)))
    stream = np.concatenate([np.zeros((20, WIDTH), np.float32), inside,
                             np.zeros((20, WIDTH), np.float32)])
    ((costs, begins, *_),) = matched([made(shares)], [stream])
    end = int(costs[:, 0].argmin())
    assert abs(end - (20 + len(inside) - 1)) <= 1
    assert abs(int(begins[end, 0]) - 20) <= 1


def test_streams_of_unequal_lengths_are_each_as_alone() -> None:
    noise = np.random.default_rng(1)
    patterns = [noise.normal(size=(n, WIDTH)).astype(np.float32) for n in (5, 9)]
    streams = [noise.normal(size=(n, WIDTH)).astype(np.float32) for n in (12, 30)]
    together = matched(patterns, streams)
    for one, (costs, begins, *_) in zip(streams, together, strict=True):
        ((alone, begun, *_),) = matched(patterns, [one])
        np.testing.assert_allclose(costs, alone, rtol=1e-5)
        np.testing.assert_array_equal(begins, begun)
    warping = Warping(patterns)
    first = warping.push(streams[0][:1])[0]
    warping.push(streams[1][:1])
    warping.reset()
    np.testing.assert_array_equal(warping.push(streams[0][:1])[0], first)


def steps(count: int, begin: int, end: int, far: float = 12.0, seed: int = 0) -> np.ndarray:
    """A hand that is still but for a stroke to and fro, with a little noise."""
    made = np.random.default_rng(seed).normal(0.0, 0.01, (count, WIDTH)) / SPREAD
    share = np.clip((np.arange(count) - begin) / (end - begin), 0.0, 1.0)
    made[:, 6] += far * np.sin(np.pi * share) ** 2
    return made.astype(np.float32)


def test_a_movement_lies_where_the_hand_is_lively() -> None:
    found = span(steps(90, 20, 45))
    assert found is not None
    assert abs(found.first + STILL - 20) <= 4
    assert abs(found.after - STILL - 45) <= 4


def test_a_hand_that_is_still_makes_no_movement() -> None:
    assert span(steps(90, 20, 45, far=0.0)) is None
    assert span(steps(5, 1, 3)) is None


def test_recordings_agree_on_what_they_share() -> None:
    shown = [steps(90, 20 + at, 45 + at, seed=at) for at in range(4)]
    spans = [found for one in shown if (found := span(one))]
    # One was cut too late, and so is too long.
    wrong = [*spans[:3], Span(spans[3].first, 85)]
    for found, right in zip(agreed(shown, wrong), spans, strict=True):
        assert abs(found.first - right.first) <= 3
        assert abs(found.after - right.after) <= 3


def test_a_span_that_holds_a_rest_besides_does_not_give_the_pattern() -> None:
    """All rests are alike, so that the others hold it best."""
    shown = [steps(90, 20, 45, far=10.0 + 2.0 * at, seed=at) for at in range(5)]
    spans = [found for one in shown if (found := span(one))]
    wrong = [Span(one.first, 80) if at in (1, 2) else one for at, one in enumerate(spans)]
    for found, right in zip(agreed(shown, wrong), spans, strict=True):
        assert abs(found.after - right.after) <= 5


def test_the_nearest_two_recordings_count_and_those_left_out_do_not() -> None:
    costs = np.array([[1.0, 2.0, 9.0, 4.0, 6.0]], np.float32)
    begins = np.array([[3, 1, 2, 7, 5]])
    match = Match(costs, begins, costs[:, ::-1], begins + 1)
    whose = np.array([0, 0, 0, 1, 1])
    told = nearest(match, whose, np.ones(5, bool), 2)
    assert [part.tolist() for part in told] == [
        [[1.5, 5.0]], [[3, 7]], [[5.0, 1.5]], [[2, 6]]
    ]
    told = nearest(match, whose, np.array([False, True, True, True, False]), 2)
    assert told.costs.tolist() == [[5.5, 4.0]]


def at_step(costs: list[float], begins: list[int], going: list[float], since: list[int]) -> Match:
    return Match(*(np.array(part) for part in (costs, begins, going, since)))


def test_a_gesture_is_told_once_when_it_gets_no_better() -> None:
    teller = Teller(np.array([1.0, 2.0]))
    told = []
    for at, cost in enumerate((3.0, 1.4, 0.9, 0.6, 0.8, 0.9, 0.7, 0.7, 0.9, 0.9)):
        begin = 0 if at < 7 else 5
        found = teller.push(at_step([cost, 9.0], [begin, begin], [0.1, 9.0], [0, 0]))
        told += [(at, found)] if found else []
    ((at, first), (_, second)) = told
    assert (at, first.gesture, first.end, first.begin) == (3 + WAIT, 0, 3, 0)
    assert first.near == pytest.approx(0.6)
    # What began before the first one's end is a part of it.
    assert (second.end, second.begin) == (7, 5)


SHORT, LONG = 0, 1


def test_a_gesture_that_is_a_part_of_another_is_not_the_same() -> None:
    def shown(at: int, after: int) -> Recording:
        made = steps(120, 20, 45, far=12.0 + at, seed=at)
        if after > 50:
            made[:, 8] += steps(120, 45, 70, far=12.0 - 2.0 * at, seed=at)[:, 6]
        return Recording(made, Span(18, after))

    compared = Compared(
        [[shown(at, 47) for at in range(4)], [shown(at, 72) for at in range(4)]], []
    )
    assert (compared.nearer(LONG, SHORT), compared.nearer(SHORT, LONG)) == (0.0, 0.0)
    again = Compared([[shown(at, 72) for at in (0, 2)], [shown(at, 72) for at in (1, 3)]], [])
    assert again.nearer(0, 1) + again.nearer(1, 0) > 0.5


def told_of_a_part(long_costs: list[float], going: list[float]) -> list[tuple[int, int, int]]:
    """Step, gesture and end; the short one ends at step 2, in the midst of the long one."""
    teller = Teller(np.array([1.0, 1.0]))
    told = []
    for at, (cost, part) in enumerate(zip(long_costs, going, strict=True)):
        short = 0.3 if at == 2 else 9.0
        found = teller.push(at_step([short, cost], [1, 0], [9.0, part], [0, 0]))
        told += [(at, found.gesture, found.end)] if found else []
    return told


def test_a_part_of_a_longer_gesture_is_not_told_where_that_one_is_made() -> None:
    """Although the part is matched better."""
    costs = [9.0] * 6 + [0.6, 9.0, 9.0]
    assert told_of_a_part(costs, [0.5] * 6 + [9.0] * 3) == [(6 + WAIT, LONG, 6)]


def test_a_part_is_told_when_the_longer_gesture_is_given_up() -> None:
    assert told_of_a_part([9.0] * 9, [0.5] * 5 + [9.0] * 4) == [(5, SHORT, 2)]
    assert told_of_a_part([9.0] * 9, [9.0] * 9) == [(2 + WAIT, SHORT, 2)]


def test_what_follows_a_part_that_was_held_back_is_told_after_it() -> None:
    teller = Teller(np.array([1.0, 1.0]))
    told = []
    for at in range(9):
        costs = [0.3 if at == 2 else 9.0, 0.4 if at == 5 else 9.0]
        found = teller.push(at_step(costs, [1, 3], [9.0, 0.5 if at < 6 else 9.0], [0, 0]))
        told += [(at, found.gesture, found.end)] if found else []
    assert told == [(6, SHORT, 2), (7, LONG, 5)]


def test_what_is_held_back_is_known_where_nothing_follows() -> None:
    teller = Teller(np.array([1.0, 1.0]))
    assert teller.rest() is None
    for at in range(4):
        costs = [0.3 if at == 2 else 9.0, 9.0]
        assert teller.push(at_step(costs, [1, 0], [9.0, 0.5], [0, 0])) is None
    held = teller.rest()
    assert held is not None
    assert (held.gesture, held.end) == (SHORT, 2)
    teller.reset()
    assert teller.rest() is None


def test_a_pattern_is_under_way_from_its_middle_until_its_end_is_near() -> None:
    pattern = (5.0 * np.random.default_rng(2).normal(size=(20, WIDTH))).astype(np.float32)
    quiet = np.full((10, WIDTH), -9.0, np.float32)
    (match,) = matched([pattern, pattern[:2]], [np.concatenate([quiet, pattern, quiet])])
    under_way = np.flatnonzero(match.going[:, 0] < 0.01)
    assert under_way.tolist() == list(range(20, 27))
    assert set(match.since[under_way, 0].tolist()) == {10}
    assert np.isinf(match.going[:, 1]).all(), "too short to be"


def test_a_limit_lies_in_the_gap_but_not_far_beyond_what_was_seen() -> None:
    own, none = np.array([0.5, 0.6, 0.64]), np.empty(0)
    assert limit(own, np.array([0.81]), none, 1.0) == pytest.approx(0.72)
    assert limit(own, np.array([9.0]), none, 1.0) == pytest.approx(SLACK * 0.64)
    assert limit(np.zeros(3), np.array([9.0]), none, 1.0) == pytest.approx(SLACK * LEAST)
    # One slip among the own ones does not open the gate.
    assert limit(np.array([0.5, 0.5, 3.0]), np.array([9.0]), none, 1.0) < 1.0


def test_free_motion_that_comes_near_draws_the_limit_in() -> None:
    own = np.array([0.5, 0.6, 0.7])
    far = limit(own, np.empty(0), np.array([2.0, 2.1, 2.2, 2.3]), 1.0)
    near = limit(own, np.empty(0), np.array([0.8, 0.9, 1.0, 1.2]), 1.0)
    assert near < 0.8 < far


def test_equal_recordings_and_copies_of_them_give_a_limit() -> None:
    equal, none = np.zeros(3), np.empty(0)
    for others, free in ((equal, none), (none, equal), (np.array([0.1, 0.9]), equal)):
        assert 0.0 < limit(equal, others, free, 1.0) <= SLACK * LEAST
    # What is never matched counts as a slip, as long as most are.
    slip = limit(np.array([0.5, 0.6, np.inf]), np.array([0.55, 9.0]), none, 1.0)
    assert 0.5 <= slip <= SLACK**2 * 0.6
    with pytest.raises(EnrolmentError, match="none is found by the others"):
        limit(np.full(3, np.inf), equal, none, 1.0)


def shown(count: int = 3) -> list[Recording]:
    """Recordings of one gesture, all but equal."""
    made = []
    for at in range(count):
        one = steps(90, 20 + at, 45 + at, seed=at)
        found = span(one)
        assert found is not None
        made.append(Recording(one, found))
    return made


def near(count: int, begin: int) -> np.ndarray:
    """Free motion in which something like that gesture is made once; its cost is about 0.5."""
    made = steps(count, begin, begin + 25, seed=9)
    made[:, 17] += 2.2
    return made


def test_parts_of_free_motion_that_are_left_out_draw_no_limit_in() -> None:
    still = steps(PART, 20, 45, far=0.0)
    compared = Compared([shown()], [still, near(PART, 40)])
    assert [part.piece for part in compared.parts] == [0, 1]
    without = compared.limits((), compared.parts[1:])
    np.testing.assert_allclose(without, Compared([shown()], [still]).limits())
    assert compared.limits() < 0.5 < without


@pytest.mark.parametrize("begin", [40, PART - 15])
def test_free_motion_is_judged_by_limits_that_did_not_see_it(begin: int) -> None:
    # At PART - 15 it lies across the border of two parts: the piece is matched whole.
    (judged,) = judge(Compared([shown()], [near(2 * PART, begin), near(PART, PART)]))
    assert judged.recall == 1.0
    assert judged.free == pytest.approx(60.0 * 30 / (3 * PART))


def test_a_shift_of_the_place_is_less_than_as_much_in_all_else() -> None:
    """Against what differs between two times: of each number one standard deviation."""
    between = np.array([0.237, 0.214, 0.129, 0.103, 0.136, 0.118])
    place, velocity = ((between / SPREAD[:6]) ** 2).reshape(2, 3).mean(1)
    assert place < 0.3 < 1.0 < velocity


def test_fingers_are_told_stretched_or_not_whatever_the_hands_size() -> None:
    for scale in (0.7, 1.2):
        straight, fist, pinch = (
            stretches(hand(POSES[name], RIGHT, scale=scale).positions.tolist())
            for name in ("open", "fist", "pinch")
        )
        assert min(straight[:5]) > 0.98
        assert max(fist[1:5]) < 0.6
        assert pinch[5] < 0.2 < straight[5]
    assert np.isfinite(stretches([[0.0, 0.0, 0.0]] * 26)).all()
