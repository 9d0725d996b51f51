"""Missed frames of an app: against the smallest period that its display held for some frames.

A runtime under load tells longer periods (Monado: 50, 100, 150 ms in turn), so that counting by the
period of the moment would call a halved frame rate whole.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sensorium.sensors.openxr_layer import layout

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

STABLE_FRAMES = 3
"""A period counts that so many frames in a row had."""
SAME_PERIOD = 0.02
"""Periods that differ by less than this share are the same: they drift by far less."""
NEW_RATE_NS = 60_000_000_000
"""A longer period that held for so long is the display's own: its rate was changed."""
JUMP_NS = 10_000_000_000
"""A display time further on than this is a pause or a jump, not so many missed frames."""


@dataclass
class FrameCounts:
    """An app's frames so far.

    Attributes:
        frames: Ended frames.
        missed: Refreshes of the display between two frames' display times that showed no new frame.
        unseen: Frames between those, which were overwritten before they were read, or refused: of
            the time around them nothing is counted as missed.
        discarded: Frames that took the place of one which was begun and not ended.
        failed: Frames that the runtime did not take.
        jumps: Display times that went back, or on by more than `JUMP_NS`.
        period_ns: The display's period; 0: not known yet.
        late: Frames that were ended after their display time; only where the clock is known, and
            the frame is the one that was waited for.
    """

    frames: int = 0
    missed: int = 0
    discarded: int = 0
    failed: int = 0
    jumps: int = 0
    period_ns: int = 0
    late: int = 0
    unseen: int = 0
    _last_number: int = field(default=0, repr=False)
    _last_time: int = field(default=0, repr=False)
    _candidate_ns: int = field(default=0, repr=False)
    _held: int = field(default=0, repr=False)
    _held_since: int = field(default=0, repr=False)

    def add(self, frames: NDArray[np.void], clock_offset_ns: int | None = None) -> None:
        """Counts frames, `layout.FRAME`, shape (n,), oldest first, each once.

        Args:
            frames: Checked frames.
            clock_offset_ns: What to add to a display time for the monotonic clock, if known.
        """
        for row in layout.FRAME_ROW.iter_unpack(frames.tobytes()):
            self.count(layout.LayerFrame._make(row), clock_offset_ns)

    def count(self, frame: layout.LayerFrame, clock_offset_ns: int | None) -> None:
        """Counts one frame; see `add`."""
        self.frames += 1
        self.failed += frame.end_result < 0
        self.discarded += frame.flags & 1
        shown = frame.display_time
        if clock_offset_ns is not None and not frame.flags & layout.UNMATCHED:
            self.late += frame.end_ns > shown + clock_offset_ns
        self._learn(shown, frame.period)
        self._count(shown, frame.number - self._last_number - 1)
        self._last_time, self._last_number = shown, frame.number

    def _learn(self, shown: int, period: int) -> None:
        """Follows the display's period."""
        if period <= 0:
            return
        if abs(period - self._candidate_ns) <= SAME_PERIOD * period:
            self._held += 1
        else:
            self._held, self._held_since = 1, shown
        self._candidate_ns = period
        shorter = not self.period_ns or self._candidate_ns < self.period_ns
        long_since = shown - self._held_since >= NEW_RATE_NS
        if self._held >= STABLE_FRAMES and (shorter or long_since):
            self.period_ns = self._candidate_ns

    def _count(self, shown: int, unseen: int) -> None:
        if not self._last_time:
            return
        self.unseen += max(0, unseen)
        step = shown - self._last_time
        if not 0 <= step <= JUMP_NS:
            self.jumps += 1
            self._held_since = shown
        elif self.period_ns and unseen == 0:
            self.missed += max(0, round(step / self.period_ns) - 1)
