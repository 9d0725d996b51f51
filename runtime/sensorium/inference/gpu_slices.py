"""A run on the GPU in short pieces, between which the stream is empty: a game's work gets in.

A piece is some rows of the leading axis. Nothing else is cut: what TensorRT was given in one
enqueue runs to its end.
"""

from __future__ import annotations

import itertools
import math
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


class RowTimes:
    """How long the GPU takes for a row, by what it took for the newest submissions.

    Attributes:
        row_s: What 99 of 100 submissions took at most for each of their rows; 0 before the first.
    """

    def __init__(self) -> None:
        self.row_s = 0.0
        self._took: deque[float] = deque(maxlen=_KEPT)
        self._since = 0

    def add(self, rows: int, took_s: float) -> None:
        """Takes a submission into account."""
        self._took.append(took_s / rows)
        self._since += 1
        if self._since >= _LOOK_EVERY or len(self._took) < _LOOK_EVERY:
            self._since = 0
            self.row_s = sorted(self._took)[int(_SHARE * (len(self._took) - 1))]


def run(
    engine: RemoteEngine, feeds: Mapping[str, NDArray[Any]], longest_s: float
) -> dict[str, NDArray[Any]]:
    """Runs an engine, in pieces where a submission would take too long.

    Args:
        engine: On the GPU.
        feeds: See `Engine.run`.
        longest_s: Of a submission; one row, or as few as the engine takes, may take longer.

    Returns:
        What one run gives; see `Engine.run`.

    Raises:
        EngineError: See `Engine.run`.
    """
    engine.check(feeds)
    count, pieces = engine.rows_of(feeds), 1
    if engine.rows is not None and engine.times.row_s * count > longest_s:
        most = max(1, int(longest_s / engine.times.row_s))
        pieces = min(math.ceil(count / most), count // engine.rows.min)
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
