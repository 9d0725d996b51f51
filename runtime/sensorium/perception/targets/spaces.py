"""One space through all recentres, so that a recentre moves nothing.

A recentre turns the space about the vertical and moves it, while the head stays where it is. So
the head's pose right before and right after says how the new space lies in the old one, and what
was made for either is brought into the first one. The runtime may tell of a recentre a few frames
after the poses have jumped: what comes after a jump waits for that a moment.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    Vector = tuple[float, float, float]

GAP_NS = 250_000_000
"""Poses further apart say nothing of one another."""
WAIT_NS = 100_000_000
"""So long after a jump of the poses a recentre may be told."""
_TURN_RAD_S2 = math.radians(12_000.0)
"""Heads do not turn faster faster than this; a jump does. Our own figure, twice that of quick
turns."""
_MOVE_M_S2, _MOVE_M = 100.0, 0.02
"""The same for moves, beside what tracking shakes by."""
_MOST = 16
"""Generations that are kept."""


class Turn(NamedTuple):
    """A rotation about the vertical, then a translation: p -> R p + move.

    Attributes:
        cosine: Of the angle.
        sine: Of the angle.
        move: m.
    """

    cosine: float = 1.0
    sine: float = 0.0
    move: Vector = (0.0, 0.0, 0.0)

    def direction(self, value: Sequence[float]) -> Vector:
        """Turns a direction."""
        x, y, z = value
        return (
            self.cosine * x + self.sine * z, y, self.cosine * z - self.sine * x
        )

    def point(self, value: Sequence[float]) -> Vector:
        """Turns and moves a point, m."""
        x, y, z = self.direction(value)
        return x + self.move[0], y + self.move[1], z + self.move[2]

    def after(self, first: Turn) -> Turn:
        """This one applied to what `first` gives."""
        return Turn(
            self.cosine * first.cosine - self.sine * first.sine,
            self.sine * first.cosine + self.cosine * first.sine,
            self.point(first.move),
        )


class _Pose(NamedTuple):
    time_ns: int
    generation: int
    position: Vector
    orientation: Sequence[float]


class Spaces:
    """How each generation's space lies in the first one's.

    Attributes:
        epoch: Counts breaks that could not be bridged: nothing from before is worth anything.
        revision: Changes whenever a generation or a break is added.
        settled: False while poses have jumped and nobody has yet said why.
        generation: Of the newest pose.
    """

    def __init__(self) -> None:
        self.epoch = 0
        self.revision = 0
        self.settled = True
        self.generation = 0
        self._known: dict[int, Turn] = {}
        self._before: _Pose | None = None
        self._yaw_rate, self._speed = 0.0, (0.0, 0.0, 0.0)
        self._jump = Turn()
        self._jump_ns = 0

    def into_first(self, generation: int) -> Turn | None:
        """From the space of a generation to the first one; None: nobody knows."""
        return self._known.get(generation)

    def lost(self) -> None:
        """The head is not tracked: the next pose does not follow."""
        self._before = None
        self.settled = True

    def follow(
        self, time_ns: int, generation: int, position: Vector, orientation: Sequence[float]
    ) -> None:
        """Takes the head's pose.

        Args:
            time_ns: Capture time.
            generation: Of its space.
            position: m.
            orientation: Unit quaternion xyzw.
        """
        self.generation = generation
        pose = _Pose(time_ns, generation, position, orientation)
        before = self._before
        if before is not None and not 0 < time_ns - before.time_ns <= GAP_NS:
            self.lost()
            before = None
        self._before = pose
        if before is None:
            self._yaw_rate, self._speed = 0.0, (0.0, 0.0, 0.0)
            if generation not in self._known:
                self._break(generation)
            return
        found, jumped = self._step(before, pose)
        if jumped and self.settled:
            self._jump, self._jump_ns = found, time_ns
            self.settled = False
        if generation != before.generation:
            bridge = found if self.settled else self._jump
            self._add(generation, self._known[before.generation].after(bridge))
            self.settled = True
        elif not self.settled and time_ns - self._jump_ns > WAIT_NS:
            self.settled = True

    def _step(self, before: _Pose, pose: _Pose) -> tuple[Turn, bool]:
        """From the space of a pose to that of the one before, and whether there was a jump.

        The head is taken to have gone on at the speed that it had.
        """
        span = (pose.time_ns - before.time_ns) * 1e-9
        yaw = _yaw(before.orientation, pose.orientation)
        moved = tuple(b - a for a, b in zip(before.position, pose.position, strict=True))
        turned = math.remainder(yaw - self._yaw_rate * span, math.tau)
        aside = math.dist(moved, tuple(speed * span for speed in self._speed))
        jumped = abs(turned) > _TURN_RAD_S2 * span * span or (
            aside > _MOVE_M + _MOVE_M_S2 * span * span
        )
        turn = Turn(math.cos(turned), -math.sin(turned))
        x, y, z = turn.direction(pose.position)
        (ax, ay, az), (vx, vy, vz) = before.position, self._speed
        found = turn._replace(move=(ax + vx * span - x, ay + vy * span - y, az + vz * span - z))
        if jumped or pose.generation != before.generation:
            # The speed goes on, in the new space's axes.
            back = turn._replace(sine=-turn.sine)
            self._speed = back.direction(self._speed)
        else:
            self._yaw_rate = yaw / span
            self._speed = (moved[0] / span, moved[1] / span, moved[2] / span)
        return found, jumped

    def _add(self, generation: int, turn: Turn) -> None:
        self._known.pop(generation, None)
        self._known[generation] = turn
        while len(self._known) > _MOST:
            del self._known[next(iter(self._known))]
        self.revision += 1

    def _break(self, generation: int) -> None:
        self._known = {}
        self.epoch += 1
        self._add(generation, Turn())


def _yaw(first: Sequence[float], second: Sequence[float]) -> float:
    """The turn about the vertical from one orientation to another, rad: the twist about y."""
    ax, ay, az, aw = first
    bx, by, bz, bw = second
    w = bw * aw + bx * ax + by * ay + bz * az
    y = by * aw - bw * ay + bx * az - bz * ax
    return math.remainder(2 * math.atan2(y, w), math.tau)
