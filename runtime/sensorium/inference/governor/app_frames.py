"""The frames of one app: which were late, and how much room the others have."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

from sensorium.inference.governor.display_period import LONGEST_NS, DisplayPeriod
from sensorium.inference.governor.frame import Phase, Risk

if TYPE_CHECKING:
    from sensorium.inference.governor.frame import Frame

KEPT = 64
"""Newest frames that the percentiles are of."""
ENOUGH = 16
"""Fewer frames say nothing of the next ones; as often, too, they are looked at."""
_LOOK_NS = 250_000_000
"""So often at least, of an app that draws slowly."""
SILENT_NS = 1_000_000_000
"""An app that tells no frame for so long is gone; what it missed meanwhile is not the senses'."""
LATE_FOR_NS = 1_000_000_000
"""So long an app is `LATE` after a late frame."""
_LEAST_SPREAD, _MOST_SPREAD = 0.05, 0.1
"""Share of the period that frames are taken to vary by beyond p95, at least and at most."""
_FREED = 0.05
"""Frames are `CLOSE` until they fill so much less than what made them so, a share of the period."""
_MOVED, _OWN_WAY = 0.02, 0.15
"""By what frames fill less where taking from the senses does anything for them; where it does not,
by how much more they may fill than they do then."""
_MISSED_MOST = 1_000_000


class Verdict(IntEnum):
    """What a frame says."""

    NOTHING = 0
    LOOKED = 1
    """The percentiles and the risk are new."""
    LATE = 2
    MISSED = 3


# Python 3.11 takes longer to look up a member of an enumeration than all that a frame needs else.
_NOTHING, _LOOKED = Verdict.NOTHING, Verdict.LOOKED


class AppFrames:
    """Takes the frames of an app; garbage is counted and changes nothing else.

    Args:
        name: Of the app.

    Attributes:
        name: Of the app.
        frames: Taken so far.
        refused: Of those, the ones whose times contradict one another.
        late: Of those, the ones that were late.
        missed: Frames that were missed, as it counts them itself.
        period_ns: Of its display, the smallest that was stable; 0: not known.
        interval_ns: From one submission to the next, the median; 0: not known.
        busy_ns: p95 of the time from begin to submission; 0: not known.
        fill: Share of the period that the next frames may need: p95 of what takes longest of begin
            to submission, CPU and GPU time, and how much they vary; 0: not known.
        measured: Whether `busy_ns`, `fill` and `interval_ns` are of frames since `begin_anew`.
        close_at: What they fill where they are `CLOSE`: 1, or more if that is the app's own way.
        risk: Of missing a frame.
        last: The newest frame that was not refused; None before.
        late_ns: By how much it was late; 0: it was not, or that is not known.
        told_ns: When it was taken.
        late_at_ns: When one was late or missed; 0: never yet.
        repeated: Whether another one was, less than a second before that.
        trouble_ns: When frames were late, missed or close; 0: never yet.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.frames = self.refused = self.late = self.missed = 0
        self.period_ns = self.interval_ns = self.busy_ns = self.late_ns = 0
        self.fill = self._close_fill = 0.0
        self.close_at = 1.0
        self.risk = Risk.UNKNOWN
        self.repeated = False
        self.last: Frame | None = None
        self.told_ns = self.late_at_ns = self.trouble_ns = 0
        self._told_missed: int | None = None
        self._display = DisplayPeriod()
        self._end_ns = 0
        self._from_ns = 0
        self._look_at_ns = 0
        self._until_look = ENOUGH
        self._took: list[int] = []
        self._needed: list[int] = []
        self._intervals: list[int] = []
        self._place = 0
        self._more_needed = self.measured = False

    @property
    def heedless(self) -> bool:
        """Whether what the senses took did nothing to its frames, while none was late."""
        return self.close_at > 1.0

    @property
    def judged(self) -> int:
        """Frames that the percentiles are of."""
        return len(self._took)

    @property
    def waits_for_gpu(self) -> bool:
        """Whether its newest frame needed the GPU longer than anything else, as it tells."""
        frame = self.last
        return frame is not None and frame.gpu_ns > (frame.cpu_ns or frame.end_ns - frame.begin_ns)

    def begin_anew(self, from_ns: int) -> None:
        """Forgets the percentiles; frames that end before `from_ns` are not taken into new ones."""
        for kept in (self._took, self._needed, self._intervals):
            kept.clear()
        self._place = 0
        self._more_needed = self.measured = False
        self._from_ns = from_ns
        self._until_look = ENOUGH
        self._look_at_ns = from_ns + _LOOK_NS

    def add(self, frame: Frame, now_ns: int) -> Verdict:
        """Takes a frame that was submitted.

        Args:
            frame: Each once, in their order.
            now_ns: Monotonic; never less than the time before.
        """
        if self.frames and now_ns - self.told_ns >= SILENT_NS:
            self._told_missed = None
            self.begin_anew(0)
        self.frames += 1
        self.told_ns = now_ns
        _, begin, end, display, period, cpu, gpu, told = frame
        before, self._told_missed = self._told_missed, told
        missed = before is not None and 0 < told - before <= _MISSED_MOST
        took = end - begin
        if not 0 <= took <= LONGEST_NS:
            self.refused += 1
            return _NOTHING
        if period != self._display.steady_ns and self._display.learn(period, now_ns):
            self.begin_anew(self._from_ns)
        self.period_ns = period = self._display.ns
        last_end, self._end_ns = self._end_ns, end
        if missed and self.last is not None and display and self.last.display_ns:
            # A frame that began late may be in time; what the display showed is then known.
            missed = 2 * (display - self.last.display_ns) >= 3 * period
        self.last = frame
        interval = end - last_end
        if not 0 < interval <= LONGEST_NS:
            interval = self.interval_ns
        # An app that begins the next frame before it submits this one works on two at once.
        overlaps = begin < last_end and interval <= period + (period >> 1)
        late = 0
        if display > 0 and -LONGEST_NS < end - display < LONGEST_NS:
            late = end - display
        elif period and not overlaps:
            late = took - period
        self.late_ns = late = late if late > 0 else 0
        if end >= self._from_ns:
            place = self._place
            needed = took if not overlaps or took <= period else 0
            if cpu > needed:
                needed = cpu
            if gpu > needed:
                needed = gpu
            if needed != took:
                self._more_needed = True
            if len(self._took) < KEPT:
                self._took.append(took)
                self._needed.append(needed)
                self._intervals.append(interval)
            else:
                self._took[place] = took
                self._needed[place] = needed
                self._intervals[place] = interval
            self._place = (place + 1) % KEPT
        self._until_look -= 1
        looks = self._until_look <= 0 or now_ns >= self._look_at_ns
        if looks:
            self._look(now_ns)
        if late or missed:
            self.late += late > 0
            if missed:
                self.missed += told - (before or 0)
            self.repeated = bool(self.late_at_ns) and now_ns - self.late_at_ns < LATE_FOR_NS
            self.late_at_ns = self.trouble_ns = now_ns
            self.risk = Risk.LATE
            self.close_at, self._close_fill = 1.0, 0.0
            return Verdict.LATE if late else Verdict.MISSED
        return _LOOKED if looks else _NOTHING

    def nothing_helped(self) -> None:
        """All that may be taken from the senses was, and frames are `CLOSE` as before.

        An app that waits for the display within its frame fills it, however little it does.
        """
        if self._close_fill and self.fill > self._close_fill - _MOVED:
            self.close_at = self.fill + _OWN_WAY

    def phase(self, now_ns: int) -> Phase | None:
        """Where in its frame it is, predicted; None: it has told no frame that makes sense."""
        frame, period = self.last, self.period_ns
        if frame is None:
            return None
        due, interval = 0, self.interval_ns or period
        if interval:
            due = frame.begin_ns + interval + (period or interval)
            if frame.display_ns:
                due = min(due, frame.display_ns + interval)
            if due <= now_ns:
                due += ((now_ns - due) // interval + 1) * interval
        return Phase(frame.end_ns, interval, due, self.busy_ns, self.risk)

    def _look(self, now_ns: int) -> None:
        """Makes the percentiles and the risk anew."""
        self._until_look = ENOUGH
        self._look_at_ns = now_ns + _LOOK_NS
        count, period = len(self._took), self.period_ns
        if count >= ENOUGH:
            self.measured = True
            ordered, high = sorted(self._took), count * 19 // 20
            self.busy_ns = ordered[high]
            if self._more_needed:
                ordered = sorted(self._needed)
            if period:
                spread = (ordered[high] - ordered[count // 2]) / period
                spread = min(max(spread, _LEAST_SPREAD), _MOST_SPREAD)
                self.fill = ordered[high] / period + spread if ordered[high] else 0.0
            self.interval_ns = sorted(self._intervals)[count // 2]
        if self.late_at_ns and now_ns - self.late_at_ns < LATE_FOR_NS:
            self.risk = Risk.LATE
        elif self.fill > self.close_at - (_FREED if self.risk >= Risk.CLOSE else 0.0):
            if self.risk is not Risk.CLOSE:
                self._close_fill = self.fill
            self.risk = Risk.CLOSE
            self.trouble_ns = now_ns
        else:
            self.risk = Risk.ROOM
