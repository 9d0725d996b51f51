"""Limits and figures of own gestures, against counting by hand."""

from __future__ import annotations

import numpy as np
import pytest

from sensorium.perception.gesture_learning import SLACK, judge, learn, limit

WIDTH = 45


def recordings(mean: float, count: int = 5, seed: int = 0, spread: float = 0.1) -> list:
    noise = np.random.default_rng([seed, 1000 + int(100 * mean)])
    return [mean + noise.normal(0.0, spread, (6, WIDTH)) for _ in range(count)]


def test_a_limit_lies_in_the_gap_but_not_far_beyond_what_was_seen() -> None:
    own = np.array([0.9, 1.0, 1.25])
    assert limit(own, np.array([1.8, 5.0])) == pytest.approx(1.5)
    assert limit(own, np.array([9.0])) == pytest.approx(SLACK * 1.25)
    assert limit(own, np.empty(0)) == pytest.approx(SLACK * 1.25)
    assert limit(np.zeros(6), np.array([9.0])) == pytest.approx(SLACK)


def test_a_limit_without_a_gap_has_the_largest_f1() -> None:
    noise = np.random.default_rng(1)
    own, others = noise.normal(1.5, 0.3, 30), noise.normal(2.2, 0.4, 60)

    def f1(at: float) -> float:
        right = int((own <= at).sum())
        return 2.0 * right / (len(own) + right + int((others <= at).sum()))

    assert f1(limit(own, others)) == pytest.approx(max(f1(at) for at in np.linspace(0, 4, 4001)))


def test_gestures_apart_are_told_and_the_rest_is_none() -> None:
    free = np.random.default_rng(2).normal(0.0, 0.1, (90, WIDTH))
    gestures = [recordings(0.4), recordings(0.8)]
    told = learn(gestures, free).told(np.stack([
        np.full(WIDTH, 0.4), np.full(WIDTH, 0.8), np.zeros(WIDTH), np.full(WIDTH, 3.0),
    ]))
    assert told.tolist() == [0, 1, -1, -1]
    for one in judge(gestures, free):
        assert (one.accuracy, one.recall, one.precision, one.f1, one.free) == (1, 1, 1, 1, 0)


def test_figures_are_those_of_counted_frames() -> None:
    """Two of five recordings show something else: what is told of them is not this gesture."""
    free = np.random.default_rng(3).normal(0.0, 0.1, (60, WIDTH))
    gesture = [*recordings(0.5, 3), *(one for one in recordings(2.0, 1)), *recordings(-1.5, 1)]
    (one,) = judge([gesture], free)
    assert 5 in one.unlike
    right = one.recall * 30
    assert right == pytest.approx(round(right))
    said = right + one.free * 60
    assert one.precision == pytest.approx(right / said if said else 1.0)
    assert one.f1 == pytest.approx(2 * right / (30 + said))
    assert one.accuracy == pytest.approx((right + 60 - one.free * 60) / 90)


def test_one_gesture_that_was_enrolled_twice_is_taken_for_itself() -> None:
    free = np.random.default_rng(4).normal(0.0, 0.1, (90, WIDTH))
    one, other = judge([recordings(0.5, seed=1), recordings(0.5, seed=2)], free)
    assert (one.taken_for[1] + other.taken_for[0]) / 2 > 0.25
    assert min(one.f1, other.f1) < 0.7


def test_unequal_numbers_of_recordings_are_each_left_out_once() -> None:
    free = np.random.default_rng(5).normal(0.0, 0.1, (7, WIDTH))
    judged = judge([recordings(0.5, 3), recordings(1.0, 12)], free)
    assert [one.recall for one in judged] == [1.0, 1.0]
    assert judge([recordings(0.5, 3)], np.empty((0, WIDTH)))[0].f1 == 1.0
