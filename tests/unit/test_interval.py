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
    assert interval.paired_difference([1.0], [0.0], 0) == (1.0, -1.0, 1.0)
    assert interval.paired_difference([], [], 0) == (0.0, -1.0, 1.0)


def right_or_wrong(both: int, first: int, second: int, neither: int):
    one = [1] * both + [1] * first + [0] * second + [0] * neither
    other = [1] * both + [0] * first + [1] * second + [0] * neither
    return one, other


def test_right_and_wrong_give_the_published_paired_interval():
    """Fagerland, Lydersen, Laake, Stat. Med. 33, 2014, p. 2850: Tango's for 1, 1, 7, 12."""
    mean, low, high = interval.paired_difference(*right_or_wrong(1, 1, 7, 12), seed=0)
    assert (mean, low, high) == pytest.approx((-6 / 21, -0.517, -0.026), abs=5e-4)


def test_the_paired_interval_is_mcnemars_test_turned_round():
    """At no difference, it holds 0 exactly where McNemar's statistic is within chi-square's."""
    for gained in range(12):
        for lost in range(12):
            if gained + lost == 0:
                continue
            _, low, high = interval.paired_difference(*right_or_wrong(50, gained, lost, 9), seed=0)
            kept = stats.chi2.sf((gained - lost) ** 2 / (gained + lost), 1) >= 0.05
            assert (low <= 0 <= high) == kept, (gained, lost)


def test_it_turns_with_its_arguments():
    one, other = right_or_wrong(40, 7, 2, 3)
    mean, low, high = interval.paired_difference(one, other, 0)
    turned = interval.paired_difference(other, one, 0)
    assert turned == pytest.approx((-mean, -high, -low), abs=1e-9)


@pytest.mark.parametrize("value", [1.0, 0.83])
def test_engines_that_never_differ_may_still_differ_where_nobody_looked(value):
    mean, low, high = interval.paired_difference([value] * 100, [value] * 100, 0)
    assert mean == 0
    assert -0.05 < low < -0.03
    assert 0.03 < high < 0.05


def test_other_values_go_by_the_bootstrap():
    draws = np.random.default_rng(4)
    one = draws.uniform(0.5, 1, 300)
    other = one - draws.normal(0.02, 0.05, 300)
    mean, low, high = interval.paired_difference(one, other, 0)
    deviation = (one - other).std(ddof=1) / math.sqrt(300)
    reach = 1.96 * deviation
    assert (low, high) == pytest.approx((mean - reach, mean + reach), abs=1e-3)


def test_it_refuses_figures_of_other_samples():
    with pytest.raises(ValueError, match="same samples"):
        interval.paired_difference([1, 0], [1, 0, 1], 0)
