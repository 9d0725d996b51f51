"""When to look for an app's next frame: right after it is likely to have been submitted."""

from __future__ import annotations

_MS = 1_000_000
_SHARE = 8
"""Of an interval: how long after it is looked, and how quickly it follows what the app does."""
_SOONEST_NS = 1 * _MS
_FLOOR_NS = 5 * _MS
"""No display shows frames faster: an app that tells them faster is not followed."""
_LEISURE_NS = 100 * _MS
"""While none of them, however late, would be answered, and nobody waits for one, it is looked for
them so often."""
_MANY, _BREATH_NS = 64, 100 * _MS
"""After so many frames at once, which no app draws, it takes a breath: who writes without end costs
little, and holds nobody up."""
_AT_A_TIME = ((10 * _MS, 3), (17 * _MS, 2))
"""Frames shorter than this are looked for so many at a time, since waking up is nearly all that a
look costs: one that is late is then known before the third one after it is there."""
SELDOM_NS = 250 * _MS
"""Between two looks for the frames of an app that tells none."""
SILENT_NS = 1_000 * _MS
"""An app whose newest frame is older tells none just now."""


class Pace:
    """Follows the frames of one app.

    Attributes:
        due_ns: When to look for the next one.
        ahead_ns: From the submission of one to the next look, as long as all are in time.
        silent: Whether it tells none just now.
        end_ns: When the newest that was seen was submitted; 0: none was.
    """

    def __init__(self) -> None:
        self.due_ns = self.ahead_ns = self.end_ns = 0
        self.silent = True
        self._interval_ns = 0
        self._nap_ns = _SOONEST_NS

    def looked(self, count: int, end_ns: int, now_ns: int, *, soon: bool) -> None:
        """It was looked for frames.

        Args:
            count: How many have come since `end_ns` until now.
            end_ns: When the newest of those was submitted.
            now_ns: The time.
            soon: Whether the next ones are looked for as they come.
        """
        if not count:
            self.silent |= not abs(now_ns - self.end_ns) < SILENT_NS
            # It is late: soon again, then less and less often.
            self.due_ns = now_ns + self._nap_ns
            self._nap_ns = min(2 * self._nap_ns, SELDOM_NS)
            return
        self._follow((end_ns - self.end_ns) // count)
        self.end_ns = end_ns
        self.silent = False
        interval = max(self._interval_ns, _FLOOR_NS)
        self._nap_ns = nap = max(self._interval_ns // _SHARE, _SOONEST_NS)
        ahead = interval
        if not soon:
            ahead = max(interval, _LEISURE_NS)
        elif interval < _AT_A_TIME[-1][0]:
            ahead *= next(frames for below_ns, frames in _AT_A_TIME if interval < below_ns)
        if count > _MANY:
            nap = _BREATH_NS
        self.ahead_ns = min(ahead + nap, SELDOM_NS)
        # Where it is behind, or its rhythm is not known, soon.
        self.due_ns = min(max(end_ns + ahead, now_ns) + nap, now_ns + SELDOM_NS)

    def hasten(self, now_ns: int) -> None:
        """Has it looked soon: what is to be done about late frames has changed."""
        self.due_ns = min(self.due_ns, now_ns + _SOONEST_NS)

    def _follow(self, step: int) -> None:
        """From one frame to the next, of those that are new."""
        if not 0 < step < SILENT_NS:
            self._interval_ns = 0
        elif not self._interval_ns:
            self._interval_ns = step
        else:
            # One that came late, or early after it, hardly moves it.
            most = self._interval_ns // _SHARE
            self._interval_ns += min(max(step - self._interval_ns, -most), most) // 2
