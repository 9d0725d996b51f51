"""The one-euro filter on the sphere against its authors' own filter of an angle."""

from __future__ import annotations

import math

import numpy as np
import pytest
from fixtures.gazes import Noise, aim, saccade
from OneEuroFilter import OneEuroFilter
from scipy.spatial.transform import Rotation

from sensorium.perception.eyes.directions import degrees_between
from sensorium.perception.eyes.one_euro import OneEuroDirection


@pytest.mark.parametrize("hertz", [30, 90, 144])
@pytest.mark.parametrize(("min_cutoff", "beta"), [(1.0, 0.0), (1.5, 0.2), (0.5, 2.0)])
def test_on_one_great_circle_it_is_the_authors_filter(
    hertz: int, min_cutoff: float, beta: float
) -> None:
    random = np.random.default_rng(1)
    angles = np.concatenate([np.full(40, 5.0), np.linspace(5, 60, 25), np.full(40, -20.0)])
    angles += random.normal(0, 0.5, len(angles))
    times_ns = 10**9 + np.cumsum(random.uniform(0.5, 1.5, len(angles)) * 1e9 / hertz).astype(int)
    theirs = OneEuroFilter(hertz, min_cutoff, beta)
    ours = OneEuroDirection(min_cutoff, beta)
    for angle, time_ns in zip(angles.tolist(), times_ns.tolist(), strict=True):
        expected = theirs(angle, time_ns * 1e-9)
        assert degrees_between(ours.update(aim(angle), time_ns), aim(expected)) < 1e-4


def test_a_turned_world_gives_the_turned_result() -> None:
    turn = Rotation.from_rotvec([0.7, -1.1, 0.4])
    path = Noise(0.5).on([aim(0)] * 30 + saccade(aim(0), aim(15, 10), 90) + [aim(15, 10)] * 30)
    first, second = OneEuroDirection(1.5, 0.2), OneEuroDirection(1.5, 0.2)
    for place, direction in enumerate(path):
        time_ns = 10**9 + place * 11_111_111
        plain = first.update(direction, time_ns)
        x, y, z = turn.apply(direction).tolist()
        assert second.update((x, y, z), time_ns) == pytest.approx(turn.apply(plain), abs=1e-9)


def test_time_that_does_not_go_on_begins_anew() -> None:
    filter_ = OneEuroDirection(1.0, 0.0)
    filter_.update(aim(0), 10**9)
    assert filter_.update(aim(40), 10**9) == aim(40)
    assert filter_.update(aim(-40), 10**9 - 1) == aim(-40)
    following = filter_.update(aim(-41), 10**9 + 11_000_000)
    assert degrees_between(following, aim(-40)) < 0.1


def test_opposite_directions_stay_directions() -> None:
    filter_ = OneEuroDirection(1.0, 0.0)
    filter_.update(aim(0), 10**9)
    assert math.hypot(*filter_.update(aim(180), 10**9 + 11_000_000)) == pytest.approx(1.0)
