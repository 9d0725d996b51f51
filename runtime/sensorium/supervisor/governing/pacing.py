"""When to look for an app's next frame: right after it is likely to have been submitted."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_MS = 1_000_000
_SHARE = 8
"""Of an interval: how long after it is looked, and how quickly it follows what the app does."""
_SOONEST_NS = 1 * _MS
_FLOOR_NS = 5 * _MS
"""No display shows frames faster: an app that tells them faster is not followed."""
_MANY, _BREATH_NS = 16, 100 * _MS
"""After so many frames at once, which no app draws, it takes a breath: who writes without end costs
little, and holds nobody up."""
_SHORT_NS = 15 * _MS
"""While they have room, or nothing is left to take, frames that are no longer are looked for two at
a time: one that is late is then known once the next one is there."""
SELDOM_NS = 250 * _MS
"""Between two looks for the frames of an app that tells none."""
SILENT_NS = 1_000 * _MS
"""An app whose newest frame is older tells none just now."""


class Pace:
    """Follows the frames of one app.

    Attributes:
        due_ns: When to look for the next one.
        silent: Whether it tells none just now.
    """

    def __init__(self) -> None:
        self.due_ns = 0
        self.silent = True
        self._end_ns = 0
        self._interval_ns = 0
        self._nap_ns = _SOONEST_NS

    def looked(self, ends_ns: Sequence[int], now_ns: int, *, hurry: bool) -> None:
        """It was looked for frames.

        Args:
            ends_ns: When those were submitted that are new, oldest first.
            now_ns: The time.
            hurry: Whether each frame is looked for by itself, however short it is.
        """
        if not ends_ns:
            self.silent |= not abs(now_ns - self._end_ns) < SILENT_NS
            # It is late: soon again, then less and less often.
            self.due_ns = now_ns + self._nap_ns
            self._nap_ns = min(2 * self._nap_ns, SELDOM_NS)
            return
        for end_ns in ends_ns:
            self._follow(end_ns)
        self.silent = False
        interval = self._interval_ns
        self._nap_ns = nap = max(interval // _SHARE, _SOONEST_NS)
        ahead = max(interval, _FLOOR_NS) * (1 if hurry or interval > _SHORT_NS else 2)
        if len(ends_ns) > _MANY:
            nap = _BREATH_NS
        # Where it is behind, or its rhythm is not known, soon.
        self.due_ns = min(max(self._end_ns + ahead, now_ns) + nap, now_ns + SELDOM_NS)

    def _follow(self, end_ns: int) -> None:
        step = end_ns - self._end_ns
        self._end_ns = end_ns
        if not 0 < step < SILENT_NS:
            self._interval_ns = 0
        elif not self._interval_ns:
            self._interval_ns = step
        else:
            # One that came late, or early after it, hardly moves it.
            most = self._interval_ns // _SHARE
            self._interval_ns += min(max(step - self._interval_ns, -most), most) // 2
