"""Tilts and leans: what the head holds, against gravity and against where it rests."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from sensorium.perception.head_bout import Bout, Direction
from sensorium.perception.hysteresis import Change

if TYPE_CHECKING:
    from sensorium.perception.head_motion import Vector

DWELL_NS = 150_000_000
"""A posture is told when it has been held for so long, and is over as long after."""
RELEASE = 0.6
"""Share of the limit under which a posture is over."""
TILT_MOST_DEG = 60.0
"""Who is tilted further lies: necks bend sideways by 45 degrees."""
LEAN_MOST_M = 0.5
"""Who is further away has walked: a trunk of 0.6 m, bent by 56 degrees."""
STEEPEST = 0.6
"""A trunk of any length that is bent by an angle a about the hip lowers its end by tan(a / 2) of
the way that it moves it aside: 0.6 is at 62 degrees. Who comes down more steeply crouches or sits
down, and who rises stands up."""
RISE_M = 0.05
"""By as much may the height change beside that: necks are carried up and down by breath and bob."""
SLOW_M_S = 0.15
"""Under this the neck is in one place; walkers are seldom as slow."""


class Posture(Bout):
    """Begins and ends what is held, with two limits and a shortest time."""

    def __init__(self) -> None:
        super().__init__()
        self._wanted = Direction.NONE
        self._since_ns = 0
        self._out_ns: int | None = None

    def cancel(self, time_ns: int) -> Change:
        """See `Bout.cancel`."""
        self._wanted, self._out_ns = Direction.NONE, None
        return super().cancel(time_ns)

    def hold(self, time_ns: int, direction: Direction, amount: float, out: bool) -> Change:
        """Takes a frame.

        Args:
            time_ns: Capture time.
            direction: Where it goes beyond the limit; NONE: it does not.
            amount: By how much; degrees or m.
            out: Whether what is held has fallen under the lower limit.
        """
        if self.held:
            if not out:
                self._out_ns = None
                self.amplitude = max(self.amplitude, amount)
                return Change.NONE
            self._out_ns = time_ns if self._out_ns is None else self._out_ns
            if time_ns - self._out_ns < DWELL_NS:
                return Change.NONE
            self._wanted = Direction.NONE
            return self._end(self._out_ns)
        if direction != self._wanted:
            self._wanted, self._since_ns = direction, time_ns
        if not direction or time_ns - self._since_ns < DWELL_NS:
            return Change.NONE
        self._out_ns = None
        return self._begin(self._since_ns, amount, direction)


class Tilt(Posture):
    """The head leant towards a shoulder, by the line through the ears against the horizon.

    Args:
        least_deg: The smallest that is told.
    """

    def __init__(self, least_deg: float) -> None:
        super().__init__()
        self._least = least_deg

    def update(self, time_ns: int, tilt: float) -> Change:
        """Takes a frame.

        Args:
            time_ns: Capture time.
            tilt: Degrees, right ear down positive.
        """
        amount = abs(tilt)
        side = Direction.RIGHT if tilt > 0.0 else Direction.LEFT
        tells = self._least <= amount <= TILT_MOST_DEG
        out = amount < RELEASE * self._least or amount > TILT_MOST_DEG or side != self.direction
        return self.hold(time_ns, side if tells else Direction.NONE, amount, out)


class Lean(Posture):
    """The neck brought forward, back or aside, from where it rests.

    There is no torso to measure against, only the head. So the neck's joint (by `head_motion`'s
    model, so that turning the head is no lean) is compared with a place of rest and a heading that
    follow it slowly: with a time constant of 10 s while nobody leans and 60 s while one does. The
    place is taken anew where the neck has been slow for half a second after it was further away
    than anybody leans or at another height than a bent trunk has: after walking, crouching, sitting
    down. A short step aside that stays is a lean, as far as a head alone can tell, until the place
    of rest has followed.

    Args:
        least_m: The smallest that is told.

    Attributes:
        velocity: Of the neck, m/s, smoothed.
        speed: Its amount.
    """

    FOLLOWS_S, FOLLOWS_HELD_S, TURNS_S = 10.0, 60.0, 5.0
    SMOOTH_S = 0.1
    SETTLES_NS = 500_000_000

    def __init__(self, least_m: float) -> None:
        super().__init__()
        self._least = least_m
        self._before: tuple[int, Vector] | None = None
        self.velocity: Vector = (0.0, 0.0, 0.0)
        self.speed = 0.0
        self._rest: Vector | None = None
        self._heading = (0.0, -1.0)
        self._slow_ns: int | None = None

    def cancel(self, time_ns: int) -> Change:
        """See `Bout.cancel`; the place of rest is forgotten, too."""
        self._before = self._rest = self._slow_ns = None
        self.velocity, self.speed = (0.0, 0.0, 0.0), 0.0
        return super().cancel(time_ns)

    def update(self, time_ns: int, neck: Vector, facing: Vector) -> Change:
        """Takes a frame that follows the one before.

        Args:
            time_ns: Capture time.
            neck: Its joint, m.
            facing: Unit vector, forward.
        """
        seconds = self._move(time_ns, neck)
        if self._rest is None:
            if self._settled(time_ns):
                self._rest = neck
                self._heading = _level(facing) or self._heading
            return self.hold(time_ns, Direction.NONE, 0.0, True)
        x, y, z = (a - b for a, b in zip(neck, self._rest, strict=True))
        away = math.hypot(x, z)
        if away > LEAN_MOST_M or not -RISE_M <= -y <= STEEPEST * away + RISE_M:
            if away > LEAN_MOST_M or self._settled(time_ns):
                self._rest = self._slow_ns = None
            return self.hold(time_ns, Direction.NONE, 0.0, True)
        self._slow_ns = None
        forward = x * self._heading[0] + z * self._heading[1]
        right = z * self._heading[0] - x * self._heading[1]
        direction, out = Direction.NONE, True
        if self.held:
            ways = {Direction.FORWARD: forward, Direction.BACK: -forward,
                    Direction.RIGHT: right, Direction.LEFT: -right}
            out = ways[self.direction] < RELEASE * self._least
        elif away >= self._least and self.speed <= SLOW_M_S:
            direction = _direction(forward, right)
        self._follow(seconds, neck, facing, held=self.held or away >= self._least)
        return self.hold(time_ns, direction, away, out)

    def _move(self, time_ns: int, neck: Vector) -> float:
        """Measures the speed; returns the seconds since the frame before."""
        if self._before is None:
            self._before = (time_ns, neck)
            return 0.0
        seconds = (time_ns - self._before[0]) / 1e9
        share = seconds / (self.SMOOTH_S + seconds)
        vx, vy, vz = self.velocity
        (bx, by, bz), (x, y, z) = self._before[1], neck
        vx += ((x - bx) / seconds - vx) * share
        vy += ((y - by) / seconds - vy) * share
        vz += ((z - bz) / seconds - vz) * share
        self.velocity = (vx, vy, vz)
        self.speed = math.sqrt(vx * vx + vy * vy + vz * vz)
        self._before = (time_ns, neck)
        return seconds

    def _settled(self, time_ns: int) -> bool:
        """Whether the neck has been slow for long enough to be at rest."""
        if self.speed > SLOW_M_S:
            self._slow_ns = None
            return False
        self._slow_ns = time_ns if self._slow_ns is None else self._slow_ns
        return time_ns - self._slow_ns >= self.SETTLES_NS

    def _follow(self, seconds: float, neck: Vector, facing: Vector, held: bool) -> None:
        assert self._rest is not None
        share = seconds / ((self.FOLLOWS_HELD_S if held else self.FOLLOWS_S) + seconds)
        x, y, z = self._rest
        self._rest = (
            x + (neck[0] - x) * share, y + (neck[1] - y) * share, z + (neck[2] - z) * share
        )
        level = None if held else _level(facing)
        if level is not None:
            share = seconds / (self.TURNS_S + seconds)
            hx, hz = self._heading
            hx, hz = hx + (level[0] - hx) * share, hz + (level[1] - hz) * share
            length = math.hypot(hx, hz)
            self._heading = (hx / length, hz / length) if length > 0.1 else level


def _level(facing: Vector) -> tuple[float, float] | None:
    """The horizontal direction of a facing, as x and z; None: it is too steep to have one."""
    length = math.hypot(facing[0], facing[2])
    return (facing[0] / length, facing[2] / length) if length > 0.5 else None


def _direction(forward: float, right: float) -> Direction:
    if abs(forward) >= abs(right):
        return Direction.FORWARD if forward > 0.0 else Direction.BACK
    return Direction.RIGHT if right > 0.0 else Direction.LEFT
