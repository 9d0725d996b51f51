"""The path through the attention, against the textbook's; medians against numpy's."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from sensorium.perception import whisper_alignment
from sensorium.perception.whisper_alignment import median, path_starts

RANDOM = np.random.default_rng(7)


def textbook(cost: np.ndarray) -> float:
    """The cost of the cheapest path: the recurrence of Sakoe and Chiba (1978), cell by cell."""
    total = np.full(np.add(cost.shape, 1), np.inf)
    total[0, 0] = 0
    for row, column in np.ndindex(cost.shape):
        before = total[row, column], total[row, column + 1], total[row + 1, column]
        total[row + 1, column + 1] = cost[row, column] + min(before)
    return float(total[-1, -1])


def cheapest_with(cost: np.ndarray, starts: np.ndarray) -> float:
    """The cost of the cheapest path whose rows begin at these columns."""
    rows, columns = cost.shape
    total = 0.0
    for row, start in enumerate(starts):
        following = starts[row + 1] if row + 1 < rows else columns - 1
        # A row ends where the next begins, or one column before.
        ends = (following,) if row + 1 == rows else (following - 1, following)
        total += min(cost[row, start : end + 1].sum() for end in ends if end >= start)
    return total


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (5, 1), (3, 4), (6, 3), (9, 40), (25, 150)])
def test_the_path_is_the_cheapest(shape) -> None:
    for _ in range(5):
        cost = RANDOM.normal(size=shape).astype(np.float32)
        starts = path_starts(cost)
        assert starts[0] == 0
        assert (np.diff(starts) >= 0).all()
        assert cheapest_with(cost, starts) == pytest.approx(textbook(cost), abs=1e-4)


def test_of_few_paths_none_is_cheaper() -> None:
    cost = RANDOM.normal(size=(4, 5)).astype(np.float32)
    every = (
        cheapest_with(cost, np.array([0, *starts]))
        for starts in itertools.combinations_with_replacement(range(5), 3)
    )
    assert cheapest_with(cost, path_starts(cost)) == pytest.approx(min(every), abs=1e-5)


@pytest.mark.parametrize("count", [1, 3, 4, 5, 7, 50])
def test_the_median_is_numpys(count: int) -> None:
    values = RANDOM.normal(size=(3, 2, count)).astype(np.float32)
    found = median(values)
    if count <= 3:
        assert found is values
        return
    padded = np.pad(values, [(0, 0), (0, 0), (3, 3)], mode="reflect")
    windows = np.lib.stride_tricks.sliding_window_view(padded, 7, axis=-1)
    np.testing.assert_array_equal(found, np.median(windows, axis=-1))


def test_tokens_begin_where_the_heads_look() -> None:
    """Three tokens and the end at 0, 10, 30, 40 of 50 positions; what is behind is filled in."""
    scores = np.zeros((5, 2, 80), np.float32)
    for row, (start, end) in enumerate(itertools.pairwise((0, 10, 30, 40, 50)), 1):
        scores[row, :, start:end] = 5
    scores[:, :, 50:] = 50
    found = whisper_alignment.starts(scores, 2, 50)
    np.testing.assert_allclose(found, [0, 10, 30, 40], atol=1)
