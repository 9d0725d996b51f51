"""The bootstrap of frames.py, against closed forms, published figures and scipy's."""

from __future__ import annotations

import numpy as np
import pytest
from benchmarks.resampling import draws, intervals
from scipy import stats

LSAT = (576, 635, 558, 578, 666, 580, 555, 661, 651, 605, 653, 575, 545, 572, 594)
GPA = (3.39, 3.30, 2.81, 3.03, 3.44, 3.07, 3.00, 3.43, 3.36, 3.13, 3.12, 2.74, 2.76, 2.88, 2.96)
"""15 law schools (Efron & Tibshirani, "An Introduction to the Bootstrap", 1993, table 3.1)."""


def _mean(arms):
    return [arms["a"].mean()]


def test_two_stages_have_the_variance_of_the_closed_form() -> None:
    """By the law of total variance: that of blocks' means, and that within blocks."""
    random = np.random.default_rng(1)
    blocks = [random.normal(random.normal(0, 2), 3, 40) for _ in range(12)]
    means = np.array([block.mean() for block in blocks])
    within = np.mean([block.var() / len(block) for block in blocks])
    expected = (means.var() + within) / len(blocks)
    found = draws({"a": blocks}, _mean, count=4000)
    assert found.var() == pytest.approx(expected, rel=0.1)


def test_one_frame_a_block_gives_the_published_error_of_the_law_schools() -> None:
    """The bootstrap's standard error of the correlation is 0.132 there (table 6.1, B = 3200)."""
    pairs = [np.array([[lsat, gpa]], float) for lsat, gpa in zip(LSAT, GPA, strict=True)]

    def correlation(arms):
        return [np.corrcoef(arms["a"].T)[0, 1]]

    found = draws({"a": pairs}, correlation, count=3000)
    assert found.std() == pytest.approx(0.132, abs=0.01)
    assert intervals({"a": pairs}, correlation, count=10)[0].value == pytest.approx(0.776, abs=1e-3)


def test_one_frame_a_block_agrees_with_scipy() -> None:
    random = np.random.default_rng(2)
    a = random.gamma(2, 3, 60)
    b = 1.2 * a + random.normal(0, 2, 60)
    ours = intervals(
        {"a": [a[i : i + 1] for i in range(60)], "b": [b[i : i + 1] for i in range(60)]},
        lambda arms: [arms["b"].mean() - arms["a"].mean(), arms["b"].mean() / arms["a"].mean()],
        count=2000,
    )
    for one, statistic in zip(ours, (
        lambda x, y: y.mean(-1) - x.mean(-1), lambda x, y: y.mean(-1) / x.mean(-1),
    ), strict=True):  # fmt: skip
        theirs = stats.bootstrap(
            (a, b), lambda x, y, axis=-1, of=statistic: of(x, y), paired=True, n_resamples=20_000,
            method="percentile", vectorized=True, rng=np.random.default_rng(3),
        ).confidence_interval
        width = theirs.high - theirs.low
        assert one.low == pytest.approx(theirs.low, abs=0.1 * width)
        assert one.high == pytest.approx(theirs.high, abs=0.1 * width)


def test_what_slows_a_whole_round_cancels_out_between_arms() -> None:
    """Rounds are drawn whole: here all differences are of the frames, not of the rounds."""
    random = np.random.default_rng(4)
    slow = random.normal(0, 50, 10)
    arms = {
        name: [random.normal(100 + each + more, 1, 200) for each in slow]
        for name, more in (("a", 0), ("b", 2))
    }
    (one,) = intervals(arms, lambda drawn: [drawn["b"].mean() - drawn["a"].mean()], count=500)
    assert one.value == pytest.approx(2, abs=0.2)
    assert one.high - one.low < 0.4


def test_intervals_hold_what_is_true_about_as_often_as_they_say() -> None:
    """Of 20 rounds; percentile intervals hold a little less often than they say."""
    random = np.random.default_rng(5)
    held = 0
    for _ in range(100):
        blocks = [random.normal(random.normal(7, 1), 1, 30) for _ in range(20)]
        (one,) = intervals({"a": blocks}, _mean, count=100)
        held += one.low <= 7 <= one.high
    assert 86 <= held <= 100


@pytest.mark.parametrize("arms", [
    {"a": []}, {"a": [np.ones(3)], "b": []}, {"a": [np.ones(3), np.ones(0)]},
])  # fmt: skip
def test_what_cannot_be_resampled_is_refused(arms) -> None:
    with pytest.raises(ValueError, match=r"round|no frames"):
        draws(arms, _mean)
