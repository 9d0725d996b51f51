"""One gesture of the head from its begin to its end, whichever gesture it is."""

from __future__ import annotations

import math
from enum import IntEnum

from sensorium.perception.hysteresis import Change


class Direction(IntEnum):
    """Where a tilt or a lean goes; the values of the records' field `direction`."""

    NONE = 0
    LEFT = 1
    RIGHT = 2
    FORWARD = 3
    BACK = 4


class Ending(IntEnum):
    """Why a gesture ended; the values of the records' field `ending`."""

    NONE = 0
    OVER = 1
    CANCELLED = 2


class Bout:
    """What a gesture has come to: the one that is held, else the newest.

    Attributes:
        held: Between its begin and its end.
        direction: Of a tilt or a lean.
        count: Nods or shakes in a row.
        amplitude: The largest so far; degrees, or m of a lean.
        frequency: Nods or shakes/s; NaN where that has no meaning.
        ending: Why the newest one ended.
        begin_ns: When its motion began, which is before it was known.
        end_ns: When its motion was over; 0: none has ended.
    """

    def __init__(self) -> None:
        self.held = False
        self.direction = Direction.NONE
        self.count = 0
        self.amplitude = 0.0
        self.frequency = math.nan
        self.ending = Ending.NONE
        self.begin_ns = self.end_ns = 0

    def cancel(self, time_ns: int) -> Change:
        """Ends it at once, and forgets what led to it: what comes next does not follow.

        Args:
            time_ns: Of the last frame that followed.
        """
        return self._end(time_ns, Ending.CANCELLED)

    def _begin(self, begin_ns: int, amplitude: float, direction: Direction) -> Change:
        self.held = True
        self.direction, self.count, self.amplitude = direction, 1, amplitude
        self.ending = Ending.NONE
        self.begin_ns = begin_ns
        return Change.BEGIN

    def _end(self, end_ns: int, ending: Ending = Ending.OVER) -> Change:
        if not self.held:
            return Change.NONE
        self.held = False
        self.end_ns = max(end_ns, self.begin_ns)
        self.ending = ending
        return Change.END
