"""Word error rate: the fewest words to change, leave out and put in, for each word that was said."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

RESAMPLES = 2000
"""Of the bootstrap."""


def errors(said: Sequence[str], heard: Sequence[str]) -> int:
    """Levenshtein's distance between two lists of words."""
    above = list(range(len(heard) + 1))
    for row, word in enumerate(said, 1):
        here = [row]
        for column, other in enumerate(heard, 1):
            change = above[column - 1] + (word != other)
            here.append(min(change, above[column] + 1, here[-1] + 1))
        above = here
    return above[-1]


def rate(wrong: Sequence[int], words: Sequence[int]) -> tuple[float, float, float]:
    """Word error rate over utterances, and its interval.

    Args:
        wrong: Errors of each utterance.
        words: Words of each utterance; at least one in all.

    Returns:
        The rate, and the ends of its 95 % interval by a percentile bootstrap over utterances
        (Bisani and Ney, 2004), which the same numbers always give alike.
    """
    pairs = np.array([wrong, words], np.int64)
    chosen = np.random.default_rng(0).integers(0, len(wrong), (RESAMPLES, len(wrong)))
    sums: NDArray[np.int64] = pairs[:, chosen].sum(axis=-1)
    rates = sums[0] / np.maximum(sums[1], 1)
    low, high = np.percentile(rates, (2.5, 97.5))
    return sum(wrong) / sum(words), float(low), float(high)
