"""Word error rate: the fewest words to change, leave out and put in, for each that was said."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import numpy as np

from sensorium_tools.evaluate.english_words import words
from sensorium_tools.evaluate.interval import RESAMPLES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


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


@functools.lru_cache(maxsize=8192)
def compare(said: str, heard: str) -> tuple[int, int]:
    """Errors in what was heard, and how many words were said; kept, as verdicts ask often."""
    expected = words(said)
    return errors(expected, words(heard)), len(expected)


def rate(compared: Sequence[tuple[int, int]]) -> tuple[float, float, float]:
    """Word error rate over utterances, and its interval.

    Args:
        compared: Errors and words of each utterance; at least one word in all.

    Returns:
        The rate, and the ends of its 95 % interval by a percentile bootstrap over utterances
        (Bisani and Ney, "Bootstrap estimates for confidence intervals in ASR performance
        evaluation", 2004), which the same numbers always give alike.
    """
    pairs = np.array(compared, np.float64)
    wrong, said = (_draws(len(pairs)) @ pairs).T
    low, high = np.quantile(wrong / np.maximum(said, 1.0), (0.025, 0.975))
    return float(pairs[:, 0].sum() / pairs[:, 1].sum()), float(low), float(high)


@functools.lru_cache(maxsize=4)
def _draws(n: int) -> NDArray[np.float64]:
    """How often each of n utterances is drawn, [resamples, n]: a product then sums a resample."""
    return np.random.default_rng(0).multinomial(n, [1 / n] * n, RESAMPLES).astype(np.float64)
