"""The gates: what a loss, an agreement and the number of samples permit."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sensorium.inference.card_tables import Gates
from sensorium_tools.evaluate.interval import wilson
from sensorium_tools.evaluate.task import Metric
from sensorium_tools.samples import Sample
from sensorium_tools.verify.gates import ENOUGH, judge


class Right:
    """A task whose outcome is a class; samples may have a truth."""

    def __init__(self, interval: bool = True) -> None:
        self._interval = interval

    def agree(self, one, other):
        return None if one is None else float(one == other)

    def score(self, outcomes, samples):
        known = [
            outcome == sample.truth["class"]
            for outcome, sample in zip(outcomes, samples, strict=True) if "class" in sample.truth
        ]
        if not known:
            return None
        low, high = wilson(sum(known), len(known)) if self._interval else (math.nan, math.nan)
        return Metric("accuracy", float(np.mean(known)), low, high, len(known))


def samples(count: int, *, origins: int = 0, truth: bool = True) -> list[Sample]:
    return [
        Sample(f"s{place}", "image", None, {"class": place % 10} if truth else {},
               f"o{place % origins}" if origins else "")
        for place in range(count)
    ]


def outcomes(count: int, wrong: int = 0) -> list[int]:
    return [(place % 10 + (place < wrong)) % 10 for place in range(count)]


def test_no_loss_on_many_samples_passes_by_the_metric() -> None:
    found = judge(Gates(), Right(), samples(2000), outcomes(2000, 100), outcomes(2000, 100))
    assert (found.basis, found.passed) == ("metric", True)
    assert found.loss.value == 0
    # Nothing of 2,000 was lost: the true loss is below Wilson's bound for 0 of 2,000, 0.0019.
    assert found.loss.high == pytest.approx(wilson(0, 2000)[1])
    assert found.metric.value == pytest.approx(0.95)


def test_a_large_loss_is_refused_by_the_metric_with_its_figures() -> None:
    found = judge(Gates(), Right(), samples(1000), outcomes(1000), outcomes(1000, 80))
    assert (found.basis, found.passed) == ("metric", False)
    assert found.loss.value == pytest.approx(0.08)
    assert found.loss.low > 0.05
    assert "0.080" in found.why
    assert "0.01" in found.why


def test_a_gain_is_no_loss() -> None:
    found = judge(Gates(), Right(), samples(1000), outcomes(1000, 80), outcomes(1000))
    assert found.passed
    assert found.loss.value == pytest.approx(-0.08)


@pytest.mark.parametrize("labelled", [2, 12, 60])
def test_few_right_answers_do_not_excuse_disagreement(labelled: int) -> None:
    """All that has a truth is right in both; what has none differs."""
    given = samples(labelled) + [
        Sample(f"u{place}", "image", None, {}, f"p{place}") for place in range(500)
    ]
    reference = outcomes(labelled) + [0] * 500
    other = outcomes(labelled) + [1] * 500
    found = judge(Gates(), Right(), given, reference, other)
    assert not found.passed
    assert found.loss.n == labelled
    assert found.loss.origins == labelled


def test_copies_of_few_pictures_show_no_loss_by_the_metric() -> None:
    given = samples(2000, origins=4)
    found = judge(Gates(), Right(), given, outcomes(2000, 100), outcomes(2000, 100))
    assert found.loss.origins == 4
    assert found.basis == "agreement"


def test_agreement_does_not_hide_a_loss_that_is_seen() -> None:
    given = samples(30) + [
        Sample(f"u{place}", "image", None, {}, f"p{place}") for place in range(3000)
    ]
    reference = outcomes(30) + [0] * 3000
    other = outcomes(30, 1) + [0] * 3000
    found = judge(Gates(), Right(), given, reference, other)
    assert found.agreement.low > 0.98
    assert found.loss.value == pytest.approx(1 / 30)
    assert not found.passed


@pytest.mark.parametrize("seed", range(3))
def test_an_engine_that_says_anything_never_passes(seed: int) -> None:
    noise = np.random.default_rng(seed)
    for count, origins, truth in ((600, 0, True), (600, 8, True), (600, 40, False), (40, 0, True)):
        given = samples(count, origins=origins, truth=truth)
        said = noise.integers(0, 10, count).tolist()
        assert not judge(Gates(), Right(), given, outcomes(count), said).passed
        assert not judge(Gates(), Right(), given, outcomes(count), [3] * count).passed


def test_too_few_samples_establish_nothing() -> None:
    found = judge(Gates(), Right(), samples(60), outcomes(60), outcomes(60))
    assert (found.basis, found.passed) == ("not established", False)
    assert f"fewer than {ENOUGH}" in found.why


@pytest.mark.parametrize(
    ("differ", "basis", "passed"),
    [(0, "agreement", True), (2, "agreement", True), (60, "agreement", False),
     (12, "not established", False)],
)
def test_without_truth_agreement_decides_with_its_whole_interval(
    differ: int, basis: str, passed: bool
) -> None:
    given = samples(600, truth=False)
    found = judge(Gates(), Right(), given, outcomes(600), outcomes(600, differ))
    assert (found.basis, found.passed) == (basis, passed)
    assert found.metric is None
    assert found.loss is None
    assert found.agreement.n == 600


def test_samples_of_few_origins_say_less() -> None:
    """The same 12 of 2,400: spread over all samples, or all on one of 20 pictures."""
    reference = outcomes(2400)
    apart = judge(Gates(), Right(), samples(2400, truth=False), reference, outcomes(2400, 12))
    given = samples(2400, origins=20, truth=False)
    other = [
        (value + (sample.origin == "o0" and place < 240)) % 10
        for place, (value, sample) in enumerate(zip(reference, given, strict=True))
    ]
    together = judge(Gates(), Right(), given, reference, other)
    assert together.agreement.value == pytest.approx(apart.agreement.value, abs=1e-9)
    width = together.agreement.high - together.agreement.low
    assert width > 1.5 * (apart.agreement.high - apart.agreement.low)


def test_what_says_nothing_is_not_counted() -> None:
    given = samples(900, truth=False)
    reference = [None if place % 3 else 1 for place in range(900)]
    found = judge(Gates(), Right(), given, reference, reference)
    assert found.agreement.n == 300
    assert found.basis == "not established"


def test_a_task_without_an_interval_gets_one_of_drawn_origins() -> None:
    found = judge(
        Gates(), Right(interval=False), samples(1000), outcomes(1000, 100), outcomes(1000, 100)
    )
    low, high = wilson(900, 1000)
    assert found.metric.low == pytest.approx(low, abs=0.01)
    assert found.metric.high == pytest.approx(high, abs=0.01)
