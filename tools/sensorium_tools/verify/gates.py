"""The gates of a card: whether an engine's results permit its installation.

Accuracy is established by one of two figures. The task's own metric, when the loss against fp32 on
the same samples lies under the card's bound with its whole 95 % interval, and the samples with a
truth come from at least `ORIGINS` origins. Else the agreement with fp32 on at least `ENOUGH`
samples, when its whole interval lies over the card's bound and no loss beyond the bound is seen.
What neither shows is not established, and fp32 stays.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from sensorium_tools.verify.draws import groups, interval

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sensorium.inference.card_tables import Gates
    from sensorium_tools.evaluate import Metric, Task
    from sensorium_tools.samples import Sample

ENOUGH = 500
"""Samples that an agreement needs."""
ORIGINS = 20
"""Origins that a loss needs: drawn from fewer, its interval is too narrow."""


@dataclass(frozen=True)
class Share:
    """A figure with its 95 % interval.

    Attributes:
        value: Of all samples.
        low: Lower end.
        high: Upper end.
        n: Samples.
        origins: Independent groups that they come from.
    """

    value: float
    low: float
    high: float
    n: int
    origins: int


@dataclass(frozen=True)
class Accuracy:
    """What the gates say of an engine's results.

    Attributes:
        basis: metric, agreement or "not established".
        passed: Whether it may be installed as far as accuracy goes.
        why: One sentence for a person, with the figures.
        metric: The task's own figure; None where no sample has a truth.
        loss: How much of it is lost against fp32, positive is worse.
        agreement: With fp32, sample by sample.
    """

    basis: str
    passed: bool
    why: str
    metric: Metric | None
    loss: Share | None
    agreement: Share


def judge(
    gates: Gates,
    task: Task,
    samples: Sequence[Sample],
    reference: Sequence[Any],
    outcomes: Sequence[Any],
) -> Accuracy:
    """Judges an engine's outcomes against those of fp32.

    Args:
        gates: Of the card.
        task: That gave the outcomes.
        samples: That both were run on.
        reference: Outcome of fp32 for each sample.
        outcomes: Outcome of the engine for each sample.
    """
    agreement = _agreement(task, samples, reference, outcomes)
    metric = with_interval(task, outcomes, samples)
    loss = _loss(task, samples, reference, outcomes)
    basis, passed, why = _verdict(gates, metric, loss, agreement)
    return Accuracy(basis, passed, why, metric, loss, agreement)


def with_interval(
    task: Task, outcomes: Sequence[Any], samples: Sequence[Sample]
) -> Metric | None:
    """The task's metric; its interval over draws of origins where it has none or copies abound."""
    metric = task.score(outcomes, samples)
    if metric is None:
        return None
    places = _labelled(task, outcomes, samples)
    together = groups([samples[place] for place in places])
    if len(together) == len(places) and not math.isnan(metric.low):
        return metric

    def value(drawn: Sequence[int]) -> float:
        found = task.score(
            [outcomes[places[place]] for place in drawn],
            [samples[places[place]] for place in drawn],
        )
        return math.nan if found is None else found.value

    low, high = interval(together, value, metric.value)
    return replace(metric, low=low, high=high)


def _verdict(
    gates: Gates, metric: Metric | None, loss: Share | None, agreement: Share
) -> tuple[str, bool, str]:
    name = metric.name if metric else "its metric"
    if loss is not None:
        said = f"loses {_shown(loss)} of {name}, permitted are {gates.max_loss:g}"
        if loss.low > gates.max_loss:
            return "metric", False, said
        if loss.high <= gates.max_loss and loss.origins >= ORIGINS:
            return "metric", True, said
    else:
        said = ""
    agreed = f"agrees with fp32 on {_shown(agreement)} of {agreement.n} samples"
    both = f"{agreed}, needed are {gates.min_agreement:g}"
    if agreement.n < ENOUGH:
        few = f"{agreed}, which are fewer than {ENOUGH}"
        return "not established", False, "; ".join(filter(None, (few, said)))
    if agreement.high < gates.min_agreement:
        return "agreement", False, both
    if loss is not None and loss.value > gates.max_loss:
        return "not established", False, f"{said}; {agreed}"
    if agreement.low >= gates.min_agreement:
        return "agreement", True, both
    unsure = f"{agreed}: {gates.min_agreement:g} lies within the interval"
    return "not established", False, "; ".join(filter(None, (unsure, said)))


def _agreement(
    task: Task, samples: Sequence[Sample], reference: Sequence[Any], outcomes: Sequence[Any]
) -> Share:
    compared = [
        (sample, value)
        for sample, one, other in zip(samples, reference, outcomes, strict=True)
        if (value := task.agree(one, other)) is not None
    ]
    values = np.array([value for _, value in compared])
    together = groups([sample for sample, _ in compared])
    if not len(values):
        return Share(0.0, 0.0, 1.0, 0, 0)
    mean = float(values.mean())
    low, high = interval(together, lambda places: float(values[places].mean()), mean)
    return Share(mean, max(low, 0.0), min(high, 1.0), len(values), len(together))


def _loss(
    task: Task, samples: Sequence[Sample], reference: Sequence[Any], outcomes: Sequence[Any]
) -> Share | None:
    """The loss over the samples with a truth; None where there are none."""
    places = _labelled(task, reference, samples)
    known = [samples[place] for place in places]
    before, after = ([each[place] for place in places] for each in (reference, outcomes))
    first, second = task.score(before, known), task.score(after, known)
    if first is None or second is None:
        return None
    sign = 1.0 if first.more_is_better else -1.0

    def lost(drawn: Sequence[int]) -> float:
        some = [known[place] for place in drawn]
        one = task.score([before[place] for place in drawn], some)
        other = task.score([after[place] for place in drawn], some)
        return math.nan if one is None or other is None else sign * (one.value - other.value)

    value = sign * (first.value - second.value)
    together = groups(known)
    low, high = interval(together, lost, value)
    return Share(value, low, high, first.n, len(together))


def _labelled(task: Task, outcomes: Sequence[Any], samples: Sequence[Sample]) -> list[int]:
    """Places of the samples with a truth; all of them where only several together have a score."""
    found = [
        place for place, (outcome, sample) in enumerate(zip(outcomes, samples, strict=True))
        if task.score([outcome], [sample]) is not None
    ]
    return found or list(range(len(samples)))


def _shown(share: Share) -> str:
    return f"{share.value:.3f} ({share.low:.3f} to {share.high:.3f})"
