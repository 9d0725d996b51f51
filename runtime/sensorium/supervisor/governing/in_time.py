"""Which frames need not be judged at once: a quick bound, by which no late one is left waiting."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sensorium.inference.governor.app_frames import ENOUGH
from sensorium.inference.governor.display_period import LONGEST_NS, SHORTEST_NS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sensorium.inference.governor.frame import Frame

MOST = 5 * ENOUGH
"""Frames that wait at most."""
MOST_NS, ROOMY_NS = 250_000_000, 500_000_000
"""Between the newest that was taken and the newest that waits, at most; the latter where nothing is
taken from the senses and all that wait have left a quarter of their time, so that nothing is to be
decided."""


class InTime:
    """Follows one app; whatever it tells, an answer ends. True is never said of a late frame.

    Attributes:
        roomy: Whether all that wait have left a quarter of their time.
    """

    def __init__(self) -> None:
        self.roomy = True
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
            if 4 * (end_ns - begin_ns) > 3 * period_ns:
                self.roomy = False
            return True
        if 0 < display_ns < end_ns:
            return False
        if SHORTEST_NS <= period_ns < self._shortest_ns:
            self._shortest_ns = period_ns
        took_ns = end_ns - begin_ns
        if 4 * took_ns > 3 * self._shortest_ns:
            self.roomy = False
        return took_ns <= self._shortest_ns

    def taken(self, frames: Sequence[Frame]) -> None:
        """Frames that were taken and judged, oldest first, at least one."""
        for frame in frames:
            if SHORTEST_NS <= frame.period_ns < self._shortest_ns:
                self._shortest_ns = frame.period_ns
        self._missed, self.roomy = frames[-1].missed, True
