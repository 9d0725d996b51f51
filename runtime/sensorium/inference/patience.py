"""How long a run may take before the device is held to hang."""

from __future__ import annotations

from collections import deque

LEAST_S = 1.0
FACTOR = 10.0
_KEPT = 512
_LOOK_EVERY = 64


class Patience:
    """Ten times what 99 of 100 runs have taken, but at least one second.

    Attributes:
        limit_s: For the next run.
    """

    def __init__(self) -> None:
        self.limit_s = LEAST_S
        self._took: deque[float] = deque(maxlen=_KEPT)
        self._since = 0

    def add(self, took_s: float) -> None:
        """Takes a finished run into account."""
        self._took.append(took_s)
        self._since += 1
        if self._since >= _LOOK_EVERY:
            self._since = 0
            ordered = sorted(self._took)
            slow = ordered[min(len(ordered) - 1, len(ordered) * 99 // 100)]
            self.limit_s = max(LEAST_S, FACTOR * slow)
