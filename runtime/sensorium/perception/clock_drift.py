"""Two devices' clocks: where one's sound lies in the other's, without the jitter of the times.

The times of a sound server's blocks wander by many milliseconds while not a sample is missing, and
an adaptive filter loses what it has learnt when its input is moved by a few samples a second. So
a place is held by counting samples. It moves with a drift only when that stands out from the
wander, and anew only when the times have left it for good.
"""

from __future__ import annotations

from collections import deque

import numpy as np

_BATCH = 62
"""Blocks whose offsets are taken together, 2 s: what wanders more quickly is averaged out."""
_BATCHES = 60
"""That the line is laid through, at most."""
_QUANTILES = (636.6, 31.6, 12.92, 8.61, 6.87, 5.96, 5.41, 5.04, 4.78, 4.59)
"""Student's t for a probability of 0.001, two-sided, at 1 to 10 degrees of freedom."""
_STEEPEST = 0.5e-3
"""The greatest drift that is believed; crystals are within 0.1e-3 of their rate."""
_SEATED = 80.0
"""Samples, 5 ms: by so much the first batch may say that the first block's time was wrong."""
_ASTRAY = 480.0
"""Samples, 30 ms: so far from what the times say that they were set anew."""
_PATIENCE = 16
"""Blocks, half a second, that must say so: a server that hangs delivers late and catches up."""


class ClockDrift:
    """Follows (place observed - samples counted) over the blocks."""

    def __init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        """What comes next has other clocks."""
        self._batches: deque[tuple[float, float]] = deque(maxlen=_BATCHES)
        self._batch: list[tuple[float, float]] = []
        self._offset = 0.0
        self._counted: int | None = None
        self._slope = 0.0
        self._strays = 0

    @property
    def slope(self) -> float:
        """Samples that the other device gives more, for each sample: 1e-6 is one ppm."""
        return self._slope

    def place(self, observed: float, counted: int) -> float:
        """Where a block ends in the other's sound.

        Args:
            observed: The same, by the times of single blocks.
            counted: The own samples up to its end.
        """
        offset = observed - counted
        if self._counted is None:
            self._offset = offset
        else:
            self._offset += self._slope * (counted - self._counted)
        self._counted = counted
        self._strays = self._strays + 1 if abs(offset - self._offset) > _ASTRAY else 0
        if self._strays >= _PATIENCE:
            self.restart()
            self._offset, self._counted = offset, counted
        self._batch.append((float(counted), offset))
        if len(self._batch) == _BATCH:
            self._close_batch()
        return counted + self._offset

    def _close_batch(self) -> None:
        at, offset = (float(value) for value in np.mean(self._batch, axis=0))
        self._batch.clear()
        if not self._batches and abs(offset - self._offset) > _SEATED:
            self._offset = offset
        self._batches.append((at, offset))
        self._slope = self._drift()

    def _drift(self) -> float:
        """The slope of the line through the batches where it is beyond chance, else 0."""
        freedom = len(self._batches) - 2
        if freedom < 1:
            return 0.0
        at, offsets = (np.array(values) for values in zip(*self._batches, strict=True))
        at = at - at.mean()
        spread = float(at @ at)
        slope = float(at @ offsets) / spread
        wander = offsets - offsets.mean() - slope * at
        error = float(np.sqrt(wander @ wander / freedom / spread))
        quantile = _QUANTILES[min(freedom, len(_QUANTILES)) - 1]
        return slope if quantile * error < abs(slope) < _STEEPEST else 0.0
