"""Looks: the stretches of a history in which the eyes, or the head, stay on one thing."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sensorium.perception.intents.history import History

    Array = NDArray[np.float64]

SHORT_S = 0.12
"""What is shorter is the way to the next look: fixations last at least 100 to 150 ms (Salvucci and
Goldberg, ETRA 2000), and moments are 50 ms apart."""
GAP_S = 0.4
"""Behind a longer gap another look begins: blinks last up to 400 ms (Schiffman 2001)."""
_LATE = 0.5
"""The share of a look, its end, whose probabilities count: they gather evidence from its begin."""


class Looks(NamedTuple):
    """Looks in their order, L of them.

    Attributes:
        begins: Shape (L,), s.
        ends: Shape (L,), s.
        chances: Shape (L, K + 1): of each of the history's targets and, last, of none.
    """

    begins: Array
    ends: Array
    chances: Array


def looks_of(history: History) -> Looks:
    """The looks of a history's gaze.

    Args:
        history: Of the time around an utterance.
    """
    way, times = history.gaze, history.times
    at = np.flatnonzero(way.known)
    if not len(at):
        return Looks(np.zeros(0), np.zeros(0), np.zeros((0, way.chances.shape[1])))
    times, chances = times[at], way.chances[at]
    labels = chances.argmax(axis=1)
    made = _joined(times, [
        [first, last] for first, last in pairwise(_edges(times, labels))
    ], labels)
    begins = np.array([times[first] for first, _ in made])
    ends = np.array([times[last - 1] for _, last in made])
    means = [
        chances[last - max(1, round((last - first) * _LATE)) : last].mean(axis=0)
        for first, last in made
    ]
    return Looks(begins, ends, np.array(means))


def _edges(times: Array, labels: NDArray[np.intp]) -> list[int]:
    breaks = np.flatnonzero((np.diff(labels) != 0) | (np.diff(times) > GAP_S)) + 1
    return [0, *breaks.tolist(), len(times)]


def _joined(
    times: Array, runs: list[list[int]], labels: NDArray[np.intp]
) -> list[list[int]]:
    """The runs without short ones, which belong to the run behind them, or around them."""
    made: list[list[int]] = []
    way_from: int | None = None
    for first, last in runs:
        begun = first if way_from is None else way_from
        gap = bool(first) and times[first] - times[first - 1] > GAP_S
        same = bool(made) and not gap and labels[made[-1][1] - 1] == labels[last - 1]
        lasts = times[min(last, len(times) - 1)] - times[first]
        if same:
            made[-1][1] = last
            way_from = None
        elif lasts < SHORT_S and last < len(times):
            way_from = begun
        else:
            made.append([begun if not gap else first, last])
            way_from = None
    return made or [[runs[0][0], runs[-1][1]]]
