"""Blinks: from how far the eyes are open where that is given, else from gaps in tracking."""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

SHORTEST_NS, LONGEST_NS = 60_000_000, 400_000_000
"""Blinks of people who are awake last 100 to 400 ms (Schiffman, "Sensation and Perception", 2001);
their trackers lose them a little later and find them a little sooner."""

MISSED_NS = 40_000_000
"""From the first record that says that the eyes are not seen to the next that sees them: one record
alone, at 30 Hz and more, is none."""

HYSTERESIS = 0.1
"""Of openness."""


class Evidence(IntEnum):
    """What a blink was told by: the record's field `evidence`."""

    NONE = 0
    OPENNESS = 1
    GAP = 2


class Blink(NamedTuple):
    """A blink that has ended.

    Attributes:
        begin_ns: The first sample with the eyes closed, or the last one with tracking.
        end_ns: The first sample with the eyes open, or with tracking, again.
        evidence: Which of both.
    """

    begin_ns: int
    end_ns: int
    evidence: Evidence


class Blinks:
    """Finds the blinks of one wearer.

    A gap counts only where the tracker said that it does not see the eyes: samples that were lost
    on the way are no blink.

    Args:
        closed: The eyes are closed below this openness, 0..1. PERCLOS counts an eye as closed from
            80 % on (Wierwille et al., DOT HS 808 247, 1994).

    Attributes:
        closed_ns: Since when they are closed, by openness; None while they are not, or not known.
    """

    def __init__(self, closed: float) -> None:
        self.closed_ns: int | None = None
        self._closed = closed
        self._tracked_ns: int | None = None
        self._lost_ns: int | None = None

    def seen(self, time_ns: int, openness: float | None) -> Blink | None:
        """Takes a sample with the eyes tracked.

        Args:
            time_ns: Later than the one before.
            openness: Of the eye that is open further, 0..1; None where it is not given. Eyes that
                were closed before stay so for as long as a blink may last.

        Returns:
            The blink that has ended with it.
        """
        before, lost_ns = self._tracked_ns, self._lost_ns
        self._tracked_ns, self._lost_ns = time_ns, None
        if openness is None and self.closed_ns is not None:
            if time_ns - self.closed_ns > LONGEST_NS:
                self.closed_ns = None
            return None
        if openness is not None:
            least = self._closed + (HYSTERESIS if self.closed_ns is not None else 0.0)
            if openness < least:
                if self.closed_ns is None:
                    self.closed_ns = time_ns
                return None
        if self.closed_ns is not None:
            begin_ns, self.closed_ns = self.closed_ns, None
            return _blink(begin_ns, time_ns, Evidence.OPENNESS)
        if lost_ns is not None and before is not None and time_ns - lost_ns >= MISSED_NS:
            return _blink(before, time_ns, Evidence.GAP)
        return None

    def lost(self, time_ns: int) -> None:
        """Told when the tracker does not see the eyes, at a time."""
        if self._lost_ns is None:
            self._lost_ns = time_ns

    def reset(self) -> None:
        """Forgets: what comes next does not follow what was before."""
        self.closed_ns = self._tracked_ns = self._lost_ns = None


def _blink(begin_ns: int, end_ns: int, evidence: Evidence) -> Blink | None:
    if SHORTEST_NS <= end_ns - begin_ns <= LONGEST_NS:
        return Blink(begin_ns, end_ns, evidence)
    return None
