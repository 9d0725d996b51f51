"""When each token of a text was said: the path along which the decoder's attention follows sound.

Source: `find_alignment` in `whisper/timing.py` of github.com/openai/whisper: softmax over the
sound, each position's weights normalised over the tokens, median filter along the sound, mean of
the heads, dynamic time warping.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sensorium.perception.softmax import softmax

if TYPE_CHECKING:
    from numpy.typing import NDArray

POSITION = 320
"""Samples of a position: 20 ms."""
_HALF = 3
"""Half of the median filter's seven positions."""
_EXCHANGES = (
    (0, 5), (0, 3), (1, 6), (2, 4), (0, 1), (3, 5), (2, 6), (2, 3), (3, 6), (4, 5), (1, 4), (1, 3),
    (3, 4),
)
"""They bring the median of seven numbers to the fourth place: N. Devillard, "Fast median search"
(1998)."""


def starts(scores: NDArray[np.float32], prompt: int, positions: int) -> NDArray[np.int64]:
    """Where the sound of each token begins.

    Args:
        scores: [prompt + tokens, heads, n], before the softmax; row by row what was looked at to
            find the next token.
        prompt: Tokens of the prompt.
        positions: That hold sound, 1..n; the others hold silence that was filled in.

    Returns:
        [tokens + 1], positions: of each token and, last, of the end.
    """
    weights = softmax(scores[..., :positions])
    spread = weights.std(axis=0)
    weights = (weights - weights.mean(axis=0)) / np.maximum(spread, np.finfo(np.float32).tiny)
    return path_starts(-median(weights).mean(axis=1)[prompt - 1 :])


def median(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """The median of seven neighbours along the last axis; mirrored at both ends."""
    count = values.shape[-1]
    if count <= _HALF:
        return values
    edges = [(0, 0)] * (values.ndim - 1)
    padded = np.pad(values, [*edges, (_HALF, _HALF)], mode="reflect")
    seven = [padded[..., at : at + count] for at in range(2 * _HALF + 1)]
    for low, high in _EXCHANGES:
        seven[low], seven[high] = (
            np.minimum(seven[low], seven[high]), np.maximum(seven[low], seven[high])
        )
    return seven[_HALF]


def path_starts(cost: NDArray[np.float32]) -> NDArray[np.int64]:
    """The first column of each row on the cheapest path from corner to corner.

    A step goes one down, one to the right, or both. Within a row the cheapest way to a column is
    the least of the ways into the row, each less the sum of what lies before it: one running
    minimum.

    Args:
        cost: [rows, columns], none of them empty.
    """
    rows, columns = cost.shape
    total = np.empty((rows, columns))
    total[0] = np.cumsum(cost[0], dtype=np.float64)
    for row in range(1, rows):
        above = total[row - 1]
        entry = np.minimum(above, np.concatenate([[np.inf], above[:-1]]))
        along = np.cumsum(cost[row], dtype=np.float64)
        before = np.concatenate([[0.0], along[:-1]])
        total[row] = np.minimum.accumulate(entry - before) + along
    found = np.zeros(rows, np.int64)
    row, column = rows - 1, columns - 1
    while row > 0:
        found[row] = column
        aside = total[row - 1, column - 1] if column else np.inf
        above = total[row - 1, column]
        along_row = total[row, column - 1] if column else np.inf
        if along_row <= min(aside, above):
            column -= 1
            continue
        row -= 1
        column -= aside < above
    return found
