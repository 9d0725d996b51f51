"""A run on the GPU in short pieces, between which the stream is empty: a game's work gets in.

A piece is some rows of the leading axis. Nothing else is cut: what TensorRT was given in one
enqueue runs to its end.
"""

from __future__ import annotations

import itertools
import math
import statistics
from collections import deque
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from sensorium.inference.remote import RemoteEngine

_KEPT = 256
_LOOK_EVERY = 16
_SHARE = 0.99
_ENOUGH = 3
"""So many submissions of a size tell what one of them takes."""


class RowTimes:
    """How long the GPU takes for some rows, by what it took for the newest submissions.

    A submission takes some time in itself, and some for each row. Which part is which shows once
    submissions of several sizes are known; until then all of it is taken to be the rows'.

    Attributes:
        fixed_s: What a submission takes, however few its rows are.
        row_s: What each row adds; 0 before the first.
    """

    def __init__(self) -> None:
        self.fixed_s = self.row_s = 0.0
        self._late_s = 0.0
        self._only_size = 0
        self._took: deque[tuple[int, float]] = deque(maxlen=_KEPT)
        self._since = 0

    def add(self, rows: int, took_s: float) -> None:
        """Takes a submission into account."""
        self._took.append((rows, took_s))
        self._since += 1
        if self._since >= _LOOK_EVERY or len(self._took) < _LOOK_EVERY:
            self._since = 0
            self._look()

    def submission_s(self, rows: int) -> float:
        """What 99 of 100 submissions of so many rows take at most; 0 before the first."""
        return self.fixed_s + self.row_s * rows + self._late_s

    def pieces(self, count: int, least: int, longest_s: float) -> int:
        """In how many submissions a run is cut, so that none takes longer than it may.

        No more than double what it costs in all: the game has what is left of the GPU.

        Args:
            count: Rows of the run.
            least: Rows of a submission.
            longest_s: Of a submission.
        """
        if self.submission_s(count) <= longest_s or self.fixed_s >= longest_s:
            return 1
        finest = max(1, count // least)
        if 0 < self._only_size < count and len(self._took) == _KEPT:
            # Of what a submission takes in itself nothing is known any more.
            return min(finest, math.ceil(count / (2 * self._only_size)))
        if not self.row_s:
            return 1
        most = max(1, int((longest_s - self.fixed_s - self._late_s) / self.row_s))
        pieces = math.ceil(count / most)
        if self.fixed_s:
            pieces = min(pieces, 1 + int(self.submission_s(count) / self.fixed_s))
        return min(pieces, finest)

    def _look(self) -> None:
        """Reckons anew, by the smallest and the largest submissions that are known."""
        by_size: dict[int, list[float]] = {}
        for rows, took in self._took:
            by_size.setdefault(rows, []).append(took)
        usual = {
            rows: statistics.median(took)
            for rows, took in by_size.items()
            if len(took) >= _ENOUGH
        } or {rows: statistics.median(took) for rows, took in by_size.items()}
        small, large = min(usual), max(usual)
        self._only_size = small if small == large else 0
        self.row_s, self.fixed_s = usual[large] / large, 0.0
        if small < large:
            row_s = max(0.0, (usual[large] - usual[small]) / (large - small))
            if (fixed_s := usual[small] - row_s * small) > 0:
                self.row_s, self.fixed_s = row_s, fixed_s
        more = sorted(took - self.fixed_s - self.row_s * rows for rows, took in self._took)
        self._late_s = max(0.0, more[int(_SHARE * (len(more) - 1))])


def run(
    engine: RemoteEngine, feeds: Mapping[str, NDArray[Any]], longest_s: float
) -> dict[str, NDArray[Any]]:
    """Runs an engine, in pieces where a submission would take too long.

    Args:
        engine: On the GPU.
        feeds: See `Engine.run`.
        longest_s: Of a submission; one row, or as few as the engine takes, may take longer, and so
            may what does not become shorter by being cut.

    Returns:
        What one run gives; see `Engine.run`.

    Raises:
        EngineError: See `Engine.run`.
    """
    engine.check(feeds)
    count, pieces = engine.rows_of(feeds), 1
    if engine.rows is not None:
        pieces = engine.times.pieces(count, engine.rows.min, longest_s)
    if pieces < 2:
        return engine.run(feeds)
    joined: dict[str, NDArray[Any]] = {}
    ends = [count * number // pieces for number in range(pieces + 1)]
    for begin, end in itertools.pairwise(ends):
        part = engine.run({name: given[begin:end] for name, given in feeds.items()})
        for name, rows in part.items():
            if name not in joined:
                joined[name] = np.empty((count, *rows.shape[1:]), rows.dtype)
            joined[name][begin:end] = rows
    return joined
