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
