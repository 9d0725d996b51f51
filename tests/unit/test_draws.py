"""Intervals over origins hold the truth about as often as they say."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from sensorium_tools.samples import Sample
from sensorium_tools.verify import draws


@pytest.mark.parametrize("origins", [3, 6, 12, 30])
def test_the_truth_lies_inside_about_as_often_as_stated(origins: int) -> None:
    """Origins of different difficulty with 20 copies each; few may fall below 95 %, not 85."""
    noise = np.random.default_rng(1)
    inside = 0
    for _ in range(200):
        level = np.clip(noise.normal(0.7, 0.15, origins), 0, 1)
        values = (noise.random((origins, 20)) < level[:, None]).astype(float).ravel()
        together = [list(range(20 * place, 20 * place + 20)) for place in range(origins)]
        low, high = draws.interval(
            together, lambda places, v=values: float(v[list(places)].mean()), values.mean()
        )
        inside += low <= 0.7 <= high
    assert inside / 200 > 0.85


def test_few_origins_get_students_interval() -> None:
    values = np.array([0.9, 0.8, 0.7, 0.95, 0.6])
    together = [[place] for place in range(5)]
    low, high = draws.interval(
        together, lambda places: float(values[list(places)].mean()), float(values.mean())
    )
    expected = stats.t.interval(0.95, 4, values.mean(), stats.sem(values))
    assert (low, high) == pytest.approx(expected, abs=1e-3)


def test_what_never_differs_still_has_a_width() -> None:
    together = [[place] for place in range(100)]
    low, high = draws.interval(together, lambda _: 1.0, 1.0)
    assert 1 - low == pytest.approx(0.037, abs=0.001)
    assert high - 1 == pytest.approx(1 - low)


@pytest.mark.parametrize("count", [0, 1])
def test_one_origin_says_nothing(count: int) -> None:
    assert draws.interval([[0, 1, 2]] * count, lambda _: 0.5, 0.5) == (-1.0, 1.0)


def test_copies_stay_together_and_utterances_do_not() -> None:
    pictures = [Sample(f"p{n}", "image", None, {}, f"o{n % 2}") for n in range(6)]
    assert draws.groups(pictures) == [[0, 2, 4], [1, 3, 5]]
    sounds = [Sample(f"s{n}", "sound", None, {}, "voice") for n in range(3)]
    assert draws.groups(sounds) == [[0], [1], [2]]
