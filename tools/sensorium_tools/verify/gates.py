"""The gates of a card: whether an engine's results and its speed permit its installation.

Accuracy is established by one of two figures. The task's own metric, when the loss against fp32 on
the same samples lies under the card's bound with its whole 95 % interval. Else the agreement with
fp32 on at least `ENOUGH` samples, when its whole interval lies over the card's bound. Samples of
one origin (copies of one photograph, texts of one template) are not independent, so whole origins
are drawn. What neither shows is not established, and fp32 stays.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from sensorium_tools.evaluate.interval import wilson

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from sensorium.inference.card_tables import Gates
    from sensorium_tools.evaluate import Metric, Task
    from sensorium_tools.samples import Sample

ENOUGH = 500
"""Samples that an agreement needs."""
_DRAWS = 400
_SEED = 0


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
    compared = [
        (sample, value)
        for sample, one, other in zip(samples, reference, outcomes, strict=True)
        if (value := task.agree(one, other)) is not None
    ]
    agreements = np.array([value for _, value in compared])
    agreement = _agreement(agreements, [sample for sample, _ in compared])
    metric, loss = _scores(task, samples, reference, outcomes, agreements)
    if loss is not None and loss.high <= gates.max_loss:
        return Accuracy(
            "metric", True,
            f"loses {_interval(loss)} of {metric.name if metric else 'its metric'}, "
            f"permitted are {gates.max_loss:g}",
            metric, loss, agreement,
        )
    if loss is not None and loss.low > gates.max_loss:
        return Accuracy(
            "metric", False,
            f"loses {_interval(loss)} of {metric.name if metric else 'its metric'}, "
            f"more than the {gates.max_loss:g} permitted",
            metric, loss, agreement,
        )
    said = f"agrees with fp32 on {_interval(agreement)} of {agreement.n} samples"
    if agreement.n < ENOUGH:
        return Accuracy(
            "not established", False,
            f"not established: {said}, which are fewer than {ENOUGH}", metric, loss, agreement,
        )
    if agreement.low >= gates.min_agreement:
        return Accuracy(
            "agreement", True, f"{said}, needed are {gates.min_agreement:g}",
            metric, loss, agreement,
        )
    if agreement.high < gates.min_agreement:
        return Accuracy(
            "agreement", False, f"{said}, less than the {gates.min_agreement:g} needed",
            metric, loss, agreement,
        )
    return Accuracy(
        "not established", False,
        f"not established: {said}, and {gates.min_agreement:g} lies within the interval",
        metric, loss, agreement,
    )


def with_interval(
    task: Task, outcomes: Sequence[Any], samples: Sequence[Sample]
) -> Metric | None:
    """The task's metric; its interval over draws of whole origins where the task gives none."""
    metric = task.score(outcomes, samples)
    if metric is None or not math.isnan(metric.low):
        return metric
    low, high = _middle(
        _drawn(_groups(samples), lambda places: _score(task, outcomes, samples, places))
    )
    return replace(metric, low=low, high=high)


def _agreement(values: Any, samples: Sequence[Sample]) -> Share:
    groups = _groups(samples)
    if not len(values):
        return Share(0.0, 0.0, 1.0, 0, 0)
    mean = float(values.mean())
    if np.isin(values, (0, 1)).all() and len(groups) == len(samples):
        low, high = wilson(int(values.sum()), len(values))
    else:
        low, high = _middle(_drawn(groups, lambda places: float(values[places].mean())))
    if (values == values[0]).all():
        # What did not happen in n samples may still happen: the rule that Wilson's interval gives.
        low = min(low, mean - wilson(0, len(values))[1])
    return Share(mean, max(low, 0.0), min(high, 1.0), len(values), len(groups))


def _scores(
    task: Task,
    samples: Sequence[Sample],
    reference: Sequence[Any],
    outcomes: Sequence[Any],
    agreements: Any,
) -> tuple[Metric | None, Share | None]:
    """The engine's metric and how much of fp32's it loses; both intervals are of the same draws."""
    first, second = task.score(reference, samples), task.score(outcomes, samples)
    if first is None or second is None:
        return second, None
    sign = 1.0 if first.more_is_better else -1.0
    groups = _groups(samples)
    after = _drawn(groups, lambda places: _score(task, outcomes, samples, places))
    before = _drawn(groups, lambda places: _score(task, reference, samples, places))
    if math.isnan(second.low):
        low, high = _middle(after)
        second = replace(second, low=low, high=high)
    value = sign * (first.value - second.value)
    low, high = _middle(sign * (before - after))
    if (agreements == 1).all():
        high = max(high, value + wilson(0, len(agreements))[1])
    return second, Share(value, min(low, value), max(high, value), first.n, len(groups))


def _score(
    task: Task, outcomes: Sequence[Any], samples: Sequence[Sample], places: Sequence[int]
) -> float:
    metric = task.score([outcomes[place] for place in places], [samples[place] for place in places])
    return math.nan if metric is None else metric.value


def _groups(samples: Sequence[Sample]) -> list[list[int]]:
    """Places of samples that are drawn together.

    Utterances are drawn one by one, as is done for a word error rate (Bisani and Ney, "Bootstrap
    estimates for confidence intervals in ASR performance evaluation", ICASSP 2004).
    """
    found: dict[str, list[int]] = {}
    for place, sample in enumerate(samples):
        together = sample.origin if sample.kind != "sound" else ""
        found.setdefault(together or sample.name, []).append(place)
    return list(found.values())


def _drawn(
    groups: list[list[int]], statistic: Callable[[list[int]], float]
) -> NDArray[np.float64]:
    """A figure over draws of whole groups, with replacement; the same groups, the same draws.

    It is empty where there are not two groups, and not a number where a draw says nothing.
    """
    if len(groups) < 2:
        return np.empty(0)
    draws = np.random.default_rng(_SEED)
    return np.array(
        [
            statistic([place for group in draws.integers(0, len(groups), len(groups))
                       for place in groups[group]])
            for _ in range(_DRAWS)
        ]
    )


def _middle(values: NDArray[np.float64]) -> tuple[float, float]:
    """The ends of the middle 95 %; -1 and 1 where there is nothing."""
    values = values[~np.isnan(values)]
    if not len(values):
        return -1.0, 1.0
    low, high = np.quantile(values, (0.025, 0.975))
    return float(low), float(high)


def _interval(share: Share) -> str:
    return f"{share.value:.3f} ({share.low:.3f} to {share.high:.3f})"
