"""The median of the newest values of a stream."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque


class RunningMedian:
    """The median of the newest `size` values.

    Args:
        size: How many.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._newest: deque[float] = deque()
        self._ordered: list[float] = []

    def __len__(self) -> int:
        return len(self._ordered)

    def add(self, value: float) -> None:
        """Takes a finite value."""
        if len(self._newest) == self._size:
            del self._ordered[bisect_left(self._ordered, self._newest.popleft())]
        self._newest.append(value)
        insort(self._ordered, value)

    @property
    def median(self) -> float:
        """The median, the upper one of two; NaN while there is no value."""
        return self._ordered[len(self._ordered) // 2] if self._ordered else float("nan")

    def clear(self) -> None:
        """Forgets all."""
        self._newest.clear()
        self._ordered.clear()
