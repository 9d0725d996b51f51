"""Directions on the unit sphere in plain numbers: angles, tangent vectors and turns.

A tangent vector at a direction is at right angles to it; its length is an angle, rad. The maps
between both are the sphere's exponential map and its inverse, the logarithm (do Carmo,
"Riemannian Geometry", 1992, chapter 3).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

Vector = tuple[float, float, float]
"""x, y, z. As a direction of length 1."""
Quaternion = tuple[float, float, float, float]
"""Unit quaternion xyzw."""

_TINY = 1e-9


def unit(values: Sequence[float]) -> Vector | None:
    """The direction of a vector of any length; None where it has none (NaN, infinite, zero)."""
    x, y, z = values
    length = math.sqrt(x * x + y * y + z * z)
    if not _TINY < length < math.inf:
        return None
    return x / length, y / length, z / length


def dot(a: Vector, b: Vector) -> float:
    """The scalar product."""
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def cross(a: Vector, b: Vector) -> Vector:
    """The vector product."""
    return a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]


def angle(a: Vector, b: Vector) -> float:
    """The angle between two directions, rad, 0..pi; exact for small angles, too."""
    (ax, ay, az), (bx, by, bz) = a, b
    x, y, z = ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx
    return math.atan2(math.sqrt(x * x + y * y + z * z), ax * bx + ay * by + az * bz)


def degrees_between(a: Vector, b: Vector) -> float:
    """The angle between two directions, degrees."""
    return math.degrees(angle(a, b))


def toward(a: Vector, b: Vector) -> Vector:
    """The tangent vector at `a` that leads to `b` (the logarithm); zero where it is undefined."""
    (ax, ay, az), (bx, by, bz) = a, b
    share = ax * bx + ay * by + az * bz
    x, y, z = bx - share * ax, by - share * ay, bz - share * az
    sine = math.sqrt(x * x + y * y + z * z)
    if sine < 1e-15:
        return 0.0, 0.0, 0.0
    scale = math.atan2(sine, share) / sine
    return x * scale, y * scale, z * scale


def moved(a: Vector, tangent: Vector) -> Vector:
    """The direction that a tangent vector at `a` leads to (the exponential map)."""
    x, y, z = tangent
    length = math.sqrt(x * x + y * y + z * z)
    if length < 1e-15:
        return a
    (ax, ay, az), along, across = a, math.cos(length), math.sin(length) / length
    return unit((ax * along + x * across, ay * along + y * across, az * along + z * across)) or a


def carried(tangent: Vector, a: Vector, b: Vector) -> Vector:
    """A tangent vector at `a`, carried along the great circle to `b` (parallel transport)."""
    (x, y, z), (ax, ay, az), (bx, by, bz) = tangent, a, b
    scale = (bx * x + by * y + bz * z) / max(1.0 + ax * bx + ay * by + az * bz, _TINY)
    return x - scale * (ax + bx), y - scale * (ay + by), z - scale * (az + bz)


def turned(vector: Vector, by: Quaternion) -> Vector:
    """A vector, turned by a unit quaternion."""
    qx, qy, qz, qw = by
    x, y, z = vector
    tx, ty, tz = 2 * (qy * z - qz * y), 2 * (qz * x - qx * z), 2 * (qx * y - qy * x)
    return (
        x + qw * tx + qy * tz - qz * ty,
        y + qw * ty + qz * tx - qx * tz,
        z + qw * tz + qx * ty - qy * tx,
    )


def turned_back(vector: Vector, by: Quaternion) -> Vector:
    """A vector, turned by the inverse of a unit quaternion."""
    return turned(vector, (-by[0], -by[1], -by[2], by[3]))


def forward(orientation: Quaternion) -> Vector:
    """Where a pose looks: its -z."""
    x, y, z, w = orientation
    return -2 * (x * z + w * y), 2 * (w * x - y * z), 2 * (x * x + y * y) - 1


class TangentPlane:
    """Directions near an anchor as degrees in a plane: the logarithm there.

    Distances from the anchor are exact; others are too long by 2 % at most within 20 degrees.
    """

    def __init__(self, anchor: Vector) -> None:
        self.anchor = anchor
        # Any axis that is not the anchor's own.
        aside = (1.0, 0.0, 0.0) if abs(anchor[0]) < 0.8 else (0.0, 1.0, 0.0)
        self._x = unit(cross(aside, anchor)) or aside
        self._y = cross(anchor, self._x)

    def place(self, direction: Vector) -> tuple[float, float]:
        """A direction's place, degrees."""
        (x, y, z), (ux, uy, uz), (vx, vy, vz) = toward(self.anchor, direction), self._x, self._y
        return math.degrees(x * ux + y * uy + z * uz), math.degrees(x * vx + y * vy + z * vz)

    def direction(self, x: float, y: float) -> Vector:
        """The direction at a place, degrees."""
        u, v = math.radians(x), math.radians(y)
        return moved(self.anchor, (
            u * self._x[0] + v * self._y[0],
            u * self._x[1] + v * self._y[1],
            u * self._x[2] + v * self._y[2],
        ))
