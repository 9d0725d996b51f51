"""Cuts an angle's course into swings: what lies between two turning points.

After Kawato & Ohya, "Real-time detection of nodding and head-shaking by directly detecting and
tracking the between-eyes" (FG 2000): frames are *stable*, *extreme* or *transient*, and a nod or a
shake is what lies between stable frames and has enough extremes far enough apart. Theirs are
judged over five frames at 13 frames/s; here a turning point is one from which the angle has come
back by a given amount, and stable is an angle that has made no way for a given time, so that
neither depends on the rate of frames.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import NamedTuple

BAND_DEG = 0.75
"""So near a turning point the head counts as being there: above the noise of trackers and the
tremor of a head."""
STABLE_NS = 300_000_000
"""An angle that made no way of `BAND_DEG` for so long is stable: longer than the slowest nod that
is told stays near its turning point (see `head_gesture.NOD`)."""


class Swing(NamedTuple):
    """From one turning point to the next, or to where the head is now.

    Attributes:
        size: Degrees, signed.
        left_ns: When it left the turning point that it began at.
        arrived_ns: When it came to where it ends.
        across: Degrees by which the head turned meanwhile about its other axes.
    """

    size: float
    left_ns: int
    arrived_ns: int
    across: float


class Course(Enum):
    """What one more frame did to the course."""

    ON = auto()
    TURNED = auto()
    """The swing that ran is complete, see `Swings.complete`, and another one runs."""
    STABLE = auto()
    """The head rests; what comes next begins here."""


class Swings:
    """The swings of one angle.

    Attributes:
        complete: The swing that ended at the newest turning point.
    """

    def __init__(self) -> None:
        self.complete = Swing(0.0, 0, 0, 0.0)
        self._way = 0
        """1 or -1: of the swing that runs; 0: there is none."""
        self._origin = self._far = self._arrived = 0.0
        self._left_ns = self._near_ns = self._arrived_ns = 0
        self._low = self._high = self._far_across = 0.0
        self._roll_low = self._roll_high = self._far_roll = 0.0

    def forget(self) -> None:
        """What comes next does not follow."""
        self._way = 0

    def update(
        self, time_ns: int, angle: float, across: float, roll: float, reversal: float
    ) -> Course:
        """Takes a frame.

        Args:
            time_ns: Capture time.
            angle: Degrees.
            across: Degrees of the other of pitch and yaw.
            roll: Degrees.
            reversal: Degrees by which the angle comes back from a turning point.
        """
        if not self._way:
            self._rest(time_ns, angle, across, roll)
            return Course.STABLE
        self._low = min(self._low, across)
        self._high = max(self._high, across)
        self._roll_low = min(self._roll_low, roll)
        self._roll_high = max(self._roll_high, roll)
        ahead = (angle - self._far) * self._way
        if ahead >= 0.0:
            self._advance(time_ns, angle)
            self._far_across, self._far_roll = across, roll
        elif ahead >= -BAND_DEG:
            self._near_ns = time_ns
        elif ahead <= -reversal:
            self._turn(time_ns, angle)
            return Course.TURNED
        if time_ns - self._arrived_ns > STABLE_NS:
            self._rest(time_ns, angle, across, roll)
            return Course.STABLE
        return Course.ON

    def running(self) -> Swing:
        """The swing since the newest turning point, as far as it got."""
        return Swing(
            self._far - self._origin, self._left_ns, self._arrived_ns,
            max(self._high - self._low, self._roll_high - self._roll_low),
        )

    def _advance(self, time_ns: int, angle: float) -> None:
        self._far = angle
        self._near_ns = time_ns
        if (angle - self._origin) * self._way <= BAND_DEG:
            self._left_ns = time_ns
        if (angle - self._arrived) * self._way >= BAND_DEG:
            self._arrived, self._arrived_ns = angle, time_ns

    def _turn(self, time_ns: int, angle: float) -> None:
        self.complete = self.running()
        self._way = -self._way
        self._origin, self._left_ns = self._far, self._near_ns
        self._low = self._high = self._far_across
        self._roll_low = self._roll_high = self._far_roll
        self._far = self._arrived = angle
        self._arrived_ns = self._near_ns = time_ns

    def _rest(self, time_ns: int, angle: float, across: float, roll: float) -> None:
        self._way = self._way or 1
        self._origin = self._far = self._arrived = angle
        self._left_ns = self._arrived_ns = self._near_ns = time_ns
        self._low = self._high = self._far_across = across
        self._roll_low = self._roll_high = self._far_roll = roll
