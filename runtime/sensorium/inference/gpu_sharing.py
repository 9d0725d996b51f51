"""What the engines leave of the GPU to a game just now. Told by any thread, read by any other."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Container

_CLOSE = 2
"""From this risk on frames are at risk."""
_CALM_S = 5.0


class _Every:
    """Holds each name."""

    def __contains__(self, name: object) -> bool:
        return True


EVERY = _Every()
"""The names of all engines, also of those that are loaded later."""


class Sharing:
    """See the module. Nobody who reads it takes a lock: each value replaces another whole.

    Args:
        slice_s: How long a submission may take while an app tells its frames; 0: as long as it
            does.
        calm_s: So long after the risk is over, long submissions stay away still: they may have been
            what it came from.

    Attributes:
        kept_off: Names of the engines that run on the CPU, whatever is loaded.
    """

    def __init__(self, slice_s: float = 0.0, calm_s: float = _CALM_S) -> None:
        self.kept_off: Container[str] = frozenset()
        self._slice_s = slice_s or math.inf
        self._calm_s = calm_s
        self._risk = 0
        self._risky_s = -math.inf

    def set_risk(self, risk: int) -> None:
        """Says how an app's frames fare.

        Args:
            risk: As in the record `governor`: 0 no frames are known, 1 they have room, 2 close,
                3 late.
        """
        if max(risk, self._risk) >= _CLOSE:
            self._risky_s = time.monotonic()
        self._risk = risk

    @property
    def longest_s(self) -> float:
        """How long a submission may take now; infinite where no app tells its frames."""
        return self._slice_s if self._risk else math.inf

    @property
    def is_risky(self) -> bool:
        """Whether frames are at risk, or were just now."""
        return self._risk >= _CLOSE or time.monotonic() - self._risky_s < self._calm_s

    @property
    def refused_s(self) -> float:
        """An engine is not to run now whose shortest submission takes longer; mostly infinite."""
        return self._slice_s if self.is_risky else math.inf
