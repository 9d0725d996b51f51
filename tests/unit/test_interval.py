"""The 95 % intervals against published tables and against scipy's."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from sensorium_tools.evaluate import interval


# Newcombe, Stat. Med. 17, 1998, p. 857, table I, method 3.
@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611),
     (1, 29, 0.0061, 0.1718)],
)  # fmt: skip
def test_wilson_gives_the_published_values(successes, n, low, high):
    assert interval.wilson(successes, n) == pytest.approx((low, high), abs=5e-5)


def test_wilson_is_that_of_scipy():
    for n in (1, 2, 7, 100, 5_000):
        for successes in {0, 1, n // 2, n - 1, n}:
            found = stats.binomtest(successes, n).proportion_ci(method="wilson")
            assert interval.wilson(successes, n) == pytest.approx(tuple(found), abs=1e-12)


def test_no_sample_says_nothing_of_a_share_and_no_share_is_above_one():
    assert interval.wilson(0, 0) == (0.0, 1.0)
    with pytest.raises(ValueError, match="3 of 2"):
        interval.wilson(3, 2)


def test_the_bootstrap_is_that_of_scipy():
    values = np.random.default_rng(1).exponential(size=200)
    theirs = stats.bootstrap(
        (values,), np.median, n_resamples=interval.RESAMPLES, method="percentile", rng=3
    ).confidence_interval
    ours = interval.bootstrap(values, lambda rows: float(np.median(rows)), 5)
    assert ours == pytest.approx((theirs.low, theirs.high), abs=0.04)
    assert ours == interval.bootstrap(values, lambda rows: float(np.median(rows)), 5)


def test_the_bootstrap_takes_rows():
    errors_and_words = np.array([[0, 8], [2, 6], [1, 9], [0, 3]] * 20)
    low, high = interval.bootstrap(
        errors_and_words, lambda rows: rows[:, 0].sum() / rows[:, 1].sum(), 0
    )
    assert low < 3 / 26 < high


def test_too_few_samples_or_no_number_say_nothing():
    assert interval.bootstrap([0.5], np.mean, 0) == (-math.inf, math.inf)
    assert interval.bootstrap([0.5, 0.7], lambda rows: math.nan, 0) == (-math.inf, math.inf)
