"""How a hand moves, as the movement engine hears it: 12 numbers every 33 ms at any frame rate.

What a step tells is free of where the wearer stands, looks and walks, and of how large the wearer
is: the knuckle of the middle finger is taken from the head, in axes that turn with the head's
heading, in palm lengths. A body's lengths go with one another (Drillis and Contini 1966, in D. A.
Winter, "Biomechanics and Motor Control of Human Movement", 4th ed. 2009, figure 4.1), so that a
palm's length stands for the arm's. The left hand is mirrored: it tells what a right one would.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sensorium.perception.hand_geometry import Points

RATE_HZ = 30
STEP_NS = 1_000_000_000 // RATE_HZ
FEATURES = 12
"""Position (right, up, back), velocity, the palm's normal, the fingers' direction: 3 each."""
WINDOW = 49
"""Steps that the engine hears: 1.6 s."""

GAP_NS = 200_000_000
"""Frames further apart than this do not follow one another: six at 30 Hz."""
JUMP_M, JUMP_M_S = 0.15, 15.0
"""A knuckle that moves further than the first, faster than the second, was put elsewhere: a fast
pitch reaches some 10 m/s before the forearm's last turn, and no gesture half of that."""

WRIST, INDEX_PROXIMAL, MIDDLE_PROXIMAL, LITTLE_PROXIMAL = 1, 7, 12, 22
LEFT = 1

_POSITION = 1 / 6.5
"""An arm's length is some 6.5 palms: positions within reach are -1..1."""
_VELOCITY = 1 / 20.0
"""20 palms a second, 1.9 m/s, are 1."""
_HEADING_S = 1.0
"""Time constant of the heading: a look aside does not turn the axes at once."""
_LENGTH_S = 0.5
_TINY = 1e-6
_LEVEL = 0.3
"""Where the view's horizontal part is shorter, it says nothing of the heading."""

Vector = tuple[float, float, float]


class Head(NamedTuple):
    """The head, in the hand's space.

    Attributes:
        position: m.
        forward: Horizontal x and z of the view's direction, not normalised.
    """

    position: Vector
    forward: tuple[float, float]

    @classmethod
    def of(cls, position: Vector, orientation: tuple[float, float, float, float]) -> Head:
        """From OpenXR's pose: metres, and a unit quaternion xyzw whose -z looks ahead."""
        x, y, z, w = orientation
        return cls(position, (-2.0 * (x * z + w * y), -(1.0 - 2.0 * (x * x + y * y))))


class _Frame(NamedTuple):
    """One frame: time in ns, and the numbers between which is interpolated."""

    time_ns: int
    values: tuple[float, ...]


class Step(NamedTuple):
    """One step: its time in ns, and its `FEATURES` numbers."""

    time_ns: int
    row: tuple[float, ...]


class HandMotion:
    """The steps of one hand.

    Args:
        side: 1 left, 2 right.

    Attributes:
        begins: How often it began anew.
    """

    def __init__(self, side: int) -> None:
        self._mirror = -1.0 if side == LEFT else 1.0
        self.begins = 0
        self._frame: _Frame | None = None
        self._next_ns = 0
        self._length = 0.0
        self._heading: tuple[float, float] | None = None
        self._knuckle: tuple[float, ...] = ()
        self._from_head: Vector | None = None

    def reset(self) -> None:
        """Forgets all: what comes next does not follow what came before."""
        if self._frame is not None:
            self.begins += 1
        self._frame = self._heading = self._from_head = None
        self._length = 0.0

    def push(self, time_ns: int, points: Points, head: Head) -> list[Step]:
        """Takes one frame.

        A frame that does not follow the one before (a gap, an earlier time, a jump) begins anew.

        Args:
            time_ns: When the joints were so.
            points: 26 joints, m, finite, y up.
            head: In the same space.

        Returns:
            The steps that it completes: none, or one, or several after a gap.
        """
        knuckle = points[MIDDLE_PROXIMAL]
        if self._frame is not None and self._breaks(time_ns - self._frame.time_ns, knuckle):
            self.reset()
        before = self._frame
        self._knuckle = tuple(knuckle)
        values = self._measured(points, head, time_ns - before.time_ns if before else 0)
        self._frame = _Frame(time_ns, values)
        if before is None:
            # Steps lie on one grid of time, so that two streams of one hand agree.
            self._next_ns = -(-time_ns // STEP_NS) * STEP_NS
            before = self._frame
        made: list[Step] = []
        while self._next_ns <= time_ns:
            share = (self._next_ns - before.time_ns) / max(time_ns - before.time_ns, 1)
            between = [a + share * (b - a) for a, b in zip(before.values, values, strict=True)]
            made.append(Step(self._next_ns, self._row(between)))
            self._next_ns += STEP_NS
        return made

    def _breaks(self, span_ns: int, knuckle: Sequence[float]) -> bool:
        if not 0 < span_ns <= GAP_NS:
            return True
        far = math.dist(self._knuckle, knuckle)
        return far > JUMP_M and far > JUMP_M_S * span_ns * 1e-9

    def _measured(self, points: Points, head: Head, span_ns: int) -> tuple[float, ...]:
        """Knuckle from the head, palm's normal, fingers, palm's length and heading."""
        wx, wy, wz = points[WRIST]
        mx, my, mz = points[MIDDLE_PROXIMAL]
        fx, fy, fz = mx - wx, my - wy, mz - wz
        length = max(math.sqrt(fx * fx + fy * fy + fz * fz), _TINY)
        ax, ay, az = points[INDEX_PROXIMAL]
        bx, by, bz = points[LITTLE_PROXIMAL]
        ax, ay, az, bx, by, bz = ax - wx, ay - wy, az - wz, bx - wx, by - wy, bz - wz
        # Out of the palm: a right hand's index lies to the left of its little finger.
        nx, ny, nz = ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx
        size = self._mirror * max(math.sqrt(nx * nx + ny * ny + nz * nz), _TINY * _TINY)
        seconds = span_ns * 1e-9
        self._length += (length - self._length) * _share(seconds, _LENGTH_S, self._length)
        ox, oz = head.forward
        level = math.hypot(ox, oz)
        if level > _LEVEL:
            ox, oz = ox / level, oz / level
            if self._heading is None:
                self._heading = (ox, oz)
            hx, hz = self._heading
            share = _share(seconds, _HEADING_S, 1.0)
            hx, hz = hx + (ox - hx) * share, hz + (oz - hz) * share
            turned = math.hypot(hx, hz)
            self._heading = (hx / turned, hz / turned) if turned > _TINY else (ox, oz)
        hx, hz = self._heading or (0.0, -1.0)
        px, py, pz = head.position
        return (
            mx - px, my - py, mz - pz, nx / size, ny / size, nz / size,
            fx / length, fy / length, fz / length, self._length, hx, hz,
        )

    def _row(self, values: list[float]) -> tuple[float, ...]:
        x, y, z, nx, ny, nz, fx, fy, fz, length, hx, hz = values
        lx, ly, lz = self._from_head or (x, y, z)
        self._from_head = (x, y, z)
        moved = RATE_HZ * _VELOCITY / length
        near = _POSITION / length
        # Right of the heading is (-hz, hx), back is (-hx, -hz), as x and z.
        row: list[float] = []
        for vx, vy, vz, scale in (
            (x, y, z, near), (x - lx, y - ly, z - lz, moved), (nx, ny, nz, 1.0), (fx, fy, fz, 1.0),
        ):
            row += (
                self._mirror * scale * (vz * hx - vx * hz), scale * vy,
                -scale * (vx * hx + vz * hz),
            )
        return tuple(row)


def speed(row: tuple[float, ...]) -> float:
    """How fast a step's hand moves, palm lengths a second."""
    x, y, z = row[3:6]
    return math.sqrt(x * x + y * y + z * z) / _VELOCITY


def _share(seconds: float, constant_s: float, known: float) -> float:
    """How far a value goes towards a new one; all the way where there was none."""
    return 1.0 - math.exp(-seconds / constant_s) if known else 1.0
