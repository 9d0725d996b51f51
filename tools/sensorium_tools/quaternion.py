"""Rotations as unit quaternions xyzw, the order that OpenXR has."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def multiply(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """Hamilton product of quaternions xyzw: first `b`, then `a`; shapes (..., 4)."""
    ax, ay, az, aw = np.moveaxis(a, -1, 0)
    bx, by, bz, bw = np.moveaxis(b, -1, 0)
    return np.stack(
        [
            aw * bx + ax * bw + ay * bz - az * by,
            aw * by - ax * bz + ay * bw + az * bx,
            aw * bz + ax * by - ay * bx + az * bw,
            aw * bw - ax * bx - ay * by - az * bz,
        ],
        axis=-1,
    )


def rotate(turn: NDArray[np.float64], points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rotates points (..., 3) by a unit quaternion xyzw."""
    axis, w = turn[:3], float(turn[3])
    moved: NDArray[np.float64] = 2.0 * np.cross(axis, np.cross(axis, points) + w * points)
    return points + moved


def turn(axis: tuple[float, float, float], degrees: float) -> NDArray[np.float64]:
    """The quaternion xyzw of a rotation about a unit axis."""
    half = math.radians(degrees) / 2.0
    return np.array([*(math.sin(half) * part for part in axis), math.cos(half)])
