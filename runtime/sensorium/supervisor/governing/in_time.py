"""Which frames need not be judged at once: a quick bound, by which no late one is left waiting."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sensorium.inference.governor.app_frames import ENOUGH
from sensorium.inference.governor.display_period import LONGEST_NS, SHORTEST_NS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sensorium.inference.governor.frame import Frame

MOST = 2 * ENOUGH
"""Frames that wait at most: the governor looks at its percentiles after half as many."""
MOST_NS = 250_000_000
"""Between the newest that was taken and the newest that waits, at most."""


class InTime:
    """Follows one app; whatever it tells, an answer ends. True is never said of a late frame."""

    def __init__(self) -> None:
        self._missed = 0
        self._shortest_ns = LONGEST_NS

    def holds(
        self, begin_ns: int, end_ns: int, display_ns: int, period_ns: int, missed: int
    ) -> bool:
        """Whether a frame is in time, and none was missed since the newest that was taken.

        Args:
            begin_ns: Of the frame; see `Frame`, for the others, too.
            end_ns: Its submission.
            display_ns: When it is meant to be shown.
            period_ns: Of the display.
            missed: Frames so far.
        """
        if missed != self._missed:
            return False
        if end_ns <= display_ns < end_ns + LONGEST_NS:
            return True
        if 0 < display_ns < end_ns:
            return False
        if SHORTEST_NS <= period_ns < self._shortest_ns:
            self._shortest_ns = period_ns
        return end_ns - begin_ns <= self._shortest_ns

    def taken(self, frames: Sequence[Frame]) -> None:
        """Frames that were taken and judged, oldest first, at least one."""
        for frame in frames:
            if SHORTEST_NS <= frame.period_ns < self._shortest_ns:
                self._shortest_ns = frame.period_ns
        self._missed = frames[-1].missed
