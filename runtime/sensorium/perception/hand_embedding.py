"""The shape of a hand as 45 numbers that no wearer's size, place, turn or side changes.

Frozen: nothing in it is learned, so that what was enrolled once stays comparable. It is the
direction of each finger's bones in the palm's own axes. Without the bones' lengths one skeleton is
like another, as R. Vemulapalli, F. Arrate and R. Chellappa make them before they compare ("Human
action recognition by representing 3D skeletons as points in a Lie group", CVPR 2014). In plain
numbers, as `hand_geometry`.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sensorium.perception.hand_geometry import Points

WRIST, INDEX_PROXIMAL, MIDDLE_PROXIMAL, LITTLE_PROXIMAL = 1, 7, 12, 22
FIRST_JOINTS = (2, 7, 12, 17, 22)
"""Where the three bones of thumb, index, middle, ring and little finger begin. The metacarpals of
the four fingers are the palm, whose axes the others are told in."""
BONES = 3
WIDTH = 3 * BONES * len(FIRST_JOINTS)
LEFT = 1

_TINY = 1e-9


def embed(points: Points, side: int) -> list[float]:
    """The embedding of a hand.

    The palm's axes: ahead from the wrist to the middle finger's knuckle; out, at right angles to
    ahead, the normal of the wrist and the knuckles of index and little finger; and across.
    A left hand gives what its mirror image would.

    Args:
        points: 26 joints in OpenXR's order, m, finite.
        side: 1 left, 2 right.

    Returns:
        `WIDTH` numbers, -1..1: across, out and ahead of each bone, from the thumb's to the little
        finger's, from the knuckle to the tip; zeros of a bone without a length.
    """
    mirror = -1.0 if side == LEFT else 1.0
    wx, wy, wz = points[WRIST]
    mx, my, mz = points[MIDDLE_PROXIMAL]
    ax, ay, az = points[INDEX_PROXIMAL]
    bx, by, bz = points[LITTLE_PROXIMAL]
    fx, fy, fz = mx - wx, my - wy, mz - wz
    size = max(math.sqrt(fx * fx + fy * fy + fz * fz), _TINY)
    fx, fy, fz = fx / size, fy / size, fz / size
    ax, ay, az, bx, by, bz = ax - wx, ay - wy, az - wz, bx - wx, by - wy, bz - wz
    nx, ny, nz = ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx
    along = nx * fx + ny * fy + nz * fz
    nx, ny, nz = nx - along * fx, ny - along * fy, nz - along * fz
    size = mirror * max(math.sqrt(nx * nx + ny * ny + nz * nz), _TINY)
    nx, ny, nz = nx / size, ny / size, nz / size
    cx, cy, cz = (
        mirror * (fy * nz - fz * ny), mirror * (fz * nx - fx * nz), mirror * (fx * ny - fy * nx),
    )
    made: list[float] = []
    for first in FIRST_JOINTS:
        px, py, pz = points[first]
        for joint in range(first + 1, first + 1 + BONES):
            qx, qy, qz = points[joint]
            vx, vy, vz = qx - px, qy - py, qz - pz
            size = max(math.sqrt(vx * vx + vy * vy + vz * vz), _TINY)
            made += (
                (vx * cx + vy * cy + vz * cz) / size,
                (vx * nx + vy * ny + vz * nz) / size,
                (vx * fx + vy * fy + vz * fz) / size,
            )
            px, py, pz = qx, qy, qz
    return made
