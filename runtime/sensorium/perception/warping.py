"""Finds patterns in a stream by time warping: how well one of them has just ended, at each step.

Subsequence dynamic time warping as Y. Sakurai, C. Faloutsos and M. Yamamuro run it on a stream
("Stream monitoring under the time warping distance", ICDE 2007): a pattern may begin at any step.
Paths have H. Sakoe and S. Chiba's slope constraint of 1 ("Dynamic programming algorithm
optimization for spoken word recognition", IEEE ASSP 26, 1978, table I, asymmetric): twice as fast
to half as fast as the pattern. A step of it that is not even costs `UNEVEN` besides.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Array = NDArray[np.float32]
    Floats = NDArray[np.floating]
    Counts = NDArray[np.int64]

MOST = 9.0
"""A cell's cost at most: three standard deviations in each number. What is more than wrong is no
worse, so that one bad step does not hide a movement."""
UNEVEN = 0.5
"""In cells' costs, of which 1 is usual between two times of one movement."""
SHORTEST = 2
"""Steps of a pattern."""
UNDER_WAY = 0.5
"""Share of a pattern from which on it is under way: before, it says little."""
TO_COME = 3
"""Steps of a pattern that are still to come while it is under way: 0.1 s."""
_BEFORE = 2
"""Cells before each pattern: one that nothing passes, and one from which it begins anywhere."""


class Match(NamedTuple):
    """How well each pattern, or each gesture, is matched: all of the same shape.

    Attributes:
        costs: The mean cost of a cell, square root, of the best match that ends at a step; infinite
            before there is one.
        begins: The step at which it began, counted from 0 since the reset.
        going: The same cost of the best match that is under way there: of the part that was made.
        since: The step at which that one began.
    """

    costs: Floats
    begins: Counts
    going: Floats
    since: Counts


class Warping:
    """Patterns, and how far they are matched in one or more streams.

    Args:
        patterns: [steps, width] each, `SHORTEST` steps or more.
        streams: That go side by side.
    """

    def __init__(self, patterns: Sequence[Array], streams: int = 1) -> None:
        counts = np.array([len(one) for one in patterns])
        first = np.cumsum(counts + _BEFORE) - counts
        self._lengths = counts.astype(np.float32)
        self._ends, self._begins, self._walls = first + counts - 1, first - 1, first - _BEFORE
        self._parts, self._made = _under_way(first, counts)
        cells = np.zeros((int((counts + _BEFORE).sum()), patterns[0].shape[1]), np.float32)
        for place, one in zip(first, patterns, strict=True):
            cells[place : place + len(one)] = one
        self._cells = np.ascontiguousarray(cells.T)
        self._squares = (cells**2).sum(1)
        self._shape = streams, len(cells)
        self.reset()

    def reset(self) -> None:
        """Nothing has been matched yet."""
        self._step = 0
        self._last, self._older = self._blank(), self._blank()
        self._last_from = np.zeros(self._shape, np.int64)
        self._older_from = self._last_from
        self._last_costs = np.full(self._shape, np.inf, np.float32)

    def push(self, rows: Array) -> Match:
        """Takes one step of each stream.

        Args:
            rows: [streams, width].

        Returns:
            [streams, patterns].
        """
        costs = self._squares - 2.0 * (rows @ self._cells) + (rows * rows).sum(1, keepdims=True)
        costs /= np.float32(rows.shape[1])
        np.clip(costs, 0.0, MOST, out=costs)
        now, came = self._blank(), np.empty(self._shape, np.int64)
        here = costs[:, _BEFORE:]
        best, best_from = self._last[:, 1:-1] + here, self._last_from[:, 1:-1]
        slow = self._older[:, 1:-1] + 0.5 * (self._last_costs[:, _BEFORE:] + here) + UNEVEN
        better = slow < best
        best = np.where(better, slow, best)
        best_from = np.where(better, self._older_from[:, 1:-1], best_from)
        fast = self._last[:, :-_BEFORE] + costs[:, 1:-1] + here + UNEVEN
        better = fast < best
        now[:, _BEFORE:] = np.where(better, fast, best)
        came[:, _BEFORE:] = np.where(better, self._last_from[:, :-_BEFORE], best_from)
        now[:, self._begins], now[:, self._walls] = 0.0, np.inf
        self._step += 1
        came[:, self._begins], came[:, self._walls] = self._step, self._step
        self._older, self._older_from = self._last, self._last_from
        self._last, self._last_from, self._last_costs = now, came, costs
        parts = now[:, self._parts] / self._made
        best = parts.argmin(2, keepdims=True)
        return Match(
            np.sqrt(now[:, self._ends] / self._lengths), came[:, self._ends],
            np.sqrt(np.take_along_axis(parts, best, 2)[:, :, 0]),
            np.take_along_axis(came[:, self._parts], best, 2)[:, :, 0],
        )

    def _blank(self) -> Array:
        made = np.full(self._shape, np.inf, np.float32)
        made[:, self._begins] = 0.0
        return made


def _under_way(first: Counts, counts: Counts) -> tuple[Counts, Array]:
    """Of each pattern the cells at which it is under way, and how many of it are made there.

    Args:
        first: [patterns]: of its cells.
        counts: [patterns]: how many it has.

    Returns:
        [patterns, most] both, filled up with the cell that nothing passes.
    """
    begins = (UNDER_WAY * counts).astype(np.int64)
    at = begins[:, None] + np.arange(max(1, int((counts - TO_COME - begins).max())))
    within = at < (counts - TO_COME)[:, None]
    cells = np.where(within, first[:, None] + at, first[:, None] - _BEFORE)
    return cells, (at + 1).astype(np.float32)


def matched(patterns: Sequence[Array], streams: Sequence[Array]) -> list[Match]:
    """What `Warping.push` tells of whole streams.

    Args:
        patterns: As in `Warping`.
        streams: [steps, width] each; of any lengths.

    Returns:
        Of each stream [steps, patterns].
    """
    most = max(len(one) for one in streams)
    # The shorter ones go on with their last step, which is cut off again.
    whole = np.stack([one[np.minimum(np.arange(most), len(one) - 1)] for one in streams], axis=1)
    warping = Warping(patterns, len(streams))
    every = [warping.push(rows) for rows in whole]
    costs, begins, going, since = (np.stack(parts, axis=1) for parts in zip(*every, strict=True))
    return [
        Match(*(part[at, : len(one)] for part in (costs, begins, going, since)))
        for at, one in enumerate(streams)
    ]
