"""95 % intervals: how far a figure of few samples may be from that of many."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

Z = 1.959963984540054
"""The normal distribution's 97.5 % point: two sides of 2.5 % are left out."""
RESAMPLES = 2_000
"""Resamples of a bootstrap: its ends then vary by about 1 % of the width from seed to seed."""
_HALVINGS = 60
"""Of the range -1..1, to the last bits of a float."""


def wilson(successes: int, n: int) -> tuple[float, float]:
    """Wilson's score interval for a share (J. Am. Stat. Assoc. 22, 1927, p. 209).

    Unlike the textbook's interval it holds at 0 and 1: 20 of 20 give 0.84 to 1.

    Args:
        successes: 0 to `n`.
        n: Samples; 0 gives 0 to 1.

    Raises:
        ValueError: When `successes` is not within 0 and `n`.
    """
    if not 0 <= successes <= n:
        raise ValueError(f"{successes} of {n} is no share")
    if n == 0:
        return 0.0, 1.0
    share = successes / n
    middle = share + Z * Z / (2 * n)
    reach = Z * math.sqrt(share * (1 - share) / n + Z * Z / (4 * n * n))
    scale = 1 + Z * Z / n
    low, high = (middle - reach) / scale, (middle + reach) / scale
    return (low if successes else 0.0), (high if successes < n else 1.0)


def bootstrap(
    values: Sequence[Any] | NDArray[Any],
    statistic: Callable[[NDArray[Any]], float],
    seed: int,
) -> tuple[float, float]:
    """Percentile bootstrap interval of any figure (Efron, Ann. Stat. 7, 1979, p. 1).

    It knows nothing of what the samples do not show: where all are alike it has no width. Take
    `wilson` for a share.

    Args:
        values: [n] or [n, columns], a row for each sample, such as errors and words.
        statistic: Of rows drawn with replacement; a result that is not a number is left out.
        seed: The same seed gives the same interval.

    Returns:
        Lower and upper end; -inf and inf where fewer than two samples say nothing.
    """
    rows = np.asarray(values)
    if len(rows) < 2:
        return -math.inf, math.inf
    draws = np.random.default_rng(seed)
    drawn = np.array(
        [statistic(rows[draws.integers(0, len(rows), len(rows))]) for _ in range(RESAMPLES)], float
    )
    drawn = drawn[~np.isnan(drawn)]
    if not len(drawn):
        return -math.inf, math.inf
    low, high = np.quantile(drawn, (0.025, 0.975))
    return float(low), float(high)


def paired_difference(
    one: Sequence[float] | NDArray[Any], other: Sequence[float] | NDArray[Any], seed: int
) -> tuple[float, float, float]:
    """Mean of `one` - `other` over the same samples, with its interval.

    Right-or-wrong values (all 0 or 1) go by Tango's score interval, any others by the bootstrap
    of the mean difference. Where no two values differ, that has no width, though a rare loss may
    just not have been met: then it is as wide as a share that was seen 0 times in n.

    Args:
        one: [n], a figure of 0 to 1 for each sample, such as right or wrong in fp32.
        other: [n], the same of the other engine.
        seed: Of the bootstrap.

    Returns:
        Mean, lower and upper end; the ends are -1 and 1 where fewer than two samples say nothing.

    Raises:
        ValueError: When the two are not over the same samples.
    """
    first, second = np.asarray(one, float), np.asarray(other, float)
    if first.ndim != 1 or first.shape != second.shape:
        raise ValueError(f"{first.shape} and {second.shape} values are not over the same samples")
    n = len(first)
    if n < 2:
        return float(first.sum() - second.sum()), -1.0, 1.0
    difference = first - second
    mean = float(difference.mean())
    if np.isin(first, (0, 1)).all() and np.isin(second, (0, 1)).all():
        return mean, *_tango(int((difference > 0).sum()), int((difference < 0).sum()), n)
    if (difference == difference[0]).all():
        reach = wilson(0, n)[1]
        return mean, max(mean - reach, -1.0), min(mean + reach, 1.0)
    return mean, *bootstrap(difference, lambda rows: float(rows.mean()), seed)


def _tango(gained: int, lost: int, n: int) -> tuple[float, float]:
    """Tango's score interval of (gained - lost) / n (Stat. Med. 17, 1998, p. 891).

    It is McNemar's test turned round: the differences that the test does not reject.

    Args:
        gained: Samples on which only the first is right.
        lost: Samples on which only the second is right.
        n: All samples.
    """
    middle = (gained - lost) / n

    def rejected(delta: float) -> bool:
        # The share of `lost` that is most likely if the difference were delta.
        b = -gained - lost + (2 * n - gained + lost) * delta
        c = -lost * delta * (1 - delta)
        share = (math.sqrt(max(b * b - 8 * n * c, 0.0)) - b) / (4 * n)
        variance = n * (2 * share + delta * (1 - delta))
        return (gained - lost - n * delta) ** 2 > Z * Z * max(variance, 0.0)

    return _edge(rejected, middle, -1.0), _edge(rejected, middle, 1.0)


def _edge(rejected: Callable[[float], bool], inside: float, outside: float) -> float:
    """Where rejection begins between a value that is kept and the range's end."""
    if not rejected(outside):
        return outside
    for _ in range(_HALVINGS):
        middle = (inside + outside) / 2
        if rejected(middle):
            outside = middle
        else:
            inside = middle
    return inside
