"""95 % intervals over samples of which some are copies of others: whole origins are drawn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from sensorium_tools.evaluate.interval import wilson

if TYPE_CHECKING:
    from sensorium_tools.samples import Sample

Statistic = Callable[[Sequence[int]], float]
"""A figure of some of the samples, by their places."""

_DRAWS = 400
_SEED = 0
_MANY = 20
_STUDENT = (
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160,
    2.145, 2.131, 2.120, 2.110, 2.101,
)
"""97.5 % points of Student's t for 1 to 18 degrees of freedom."""


def groups(samples: Sequence[Sample]) -> list[list[int]]:
    """Places of samples that are drawn together: copies of one picture, texts of one template.

    Utterances are drawn one by one, as is done for a word error rate (Bisani and Ney, "Bootstrap
    estimates for confidence intervals in ASR performance evaluation", ICASSP 2004).
    """
    found: dict[str, list[int]] = {}
    for place, sample in enumerate(samples):
        together = sample.origin if sample.kind != "sound" else ""
        found.setdefault(together or sample.name, []).append(place)
    return list(found.values())


def interval(together: list[list[int]], statistic: Statistic, value: float) -> tuple[float, float]:
    """The interval of a figure between -1 and 1.

    From many origins it is the percentile bootstrap over origins; from few, whose bootstrap is too
    narrow, Student's interval over the origins' own figures. Where no two origins differ it is as
    wide as that of something that was seen 0 times in as many samples (Wilson).

    Args:
        together: Places of the samples of each origin.
        statistic: The figure.
        value: Of all samples.

    Returns:
        Lower and upper end, -1 and 1 where there is one origin or none.
    """
    if len(together) < 2:
        return -1.0, 1.0
    if len(together) < _MANY:
        each = np.array([statistic(places) for places in together])
        each = each[~np.isnan(each)]
        if len(each) < 2:
            return -1.0, 1.0
        reach = _STUDENT[len(each) - 2] * float(each.std(ddof=1)) / len(each) ** 0.5
        low, high = value - reach, value + reach
    else:
        draws = np.random.default_rng(_SEED)
        drawn = np.array(
            [
                statistic([
                    place for origin in draws.integers(0, len(together), len(together))
                    for place in together[origin]
                ])
                for _ in range(_DRAWS)
            ]
        )
        drawn = drawn[~np.isnan(drawn)]
        if not len(drawn):
            return -1.0, 1.0
        low, high = (float(end) for end in np.quantile(drawn, (0.025, 0.975)))
    if high - low < 1e-12:
        unseen = wilson(0, sum(map(len, together)))[1]
        low, high = value - unseen, value + unseen
    return min(low, value), max(high, value)
