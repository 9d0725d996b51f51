"""Pinch and grab strength from the joints of a hand alone: no model.

In plain numbers, not in arrays: for so few, numpy's calls cost several times the arithmetic, the
more so in a process that has just been woken.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

Points = Sequence[Sequence[float]]
"""26 joints in OpenXR's order, x, y, z each, m."""

PINCH_TOUCH = 0.15
PINCH_OPEN = 0.55
"""Distance of two fingertips over the palm's length (wrist to middle knuckle) at which a pinch is
1 and 0: 14 and 51 mm for a palm of 93 mm. Tip joints lie at the surface of the fingertip, so tips
that touch with their pads are 10 to 15 mm apart."""

GRAB_OPEN = math.radians(50.0)
GRAB_CLOSED = math.radians(200.0)
"""Sum of the bends of a finger's three joints at which a grab is 0 and 1. A flat hand bends by
about 10 degrees, a relaxed one by 80, a fist by 240."""

WRIST, THUMB_TIP, MIDDLE_PROXIMAL = 1, 5, 12
FINGER_TIPS = (10, 15, 20, 25)
METACARPALS = (6, 11, 16, 21)
"""First joint of index, middle, ring and little finger; four follow, up to the tip."""

_TINY_M = 1e-6


def pinches(points: Points) -> tuple[float, ...]:
    """How near the thumb's tip is to each other fingertip.

    Args:
        points: The joints.

    Returns:
        Index, middle, ring, little finger; 0 open..1 touching.
    """
    return tuple([pinch(points, tip) for tip in FINGER_TIPS])


def pinch(points: Points, tip: int) -> float:
    """How near the thumb's tip is to a finger's: 0 open..1 touching.

    Args:
        points: The joints.
        tip: Which one, of `FINGER_TIPS`.
    """
    length = max(math.dist(points[MIDDLE_PROXIMAL], points[WRIST]), _TINY_M)
    return share(math.dist(points[tip], points[THUMB_TIP]) / length, PINCH_OPEN, PINCH_TOUCH)


def grab(points: Points) -> float:
    """How far the four fingers are closed: the mean of their curls, 0 open..1 fist.

    Args:
        points: The joints.
    """
    return grab_of(bends(points))


def bends(points: Points) -> list[float]:
    """How far each finger is bent: the sum of the angles between its four bones.

    Args:
        points: The joints.

    Returns:
        Index, middle, ring, little finger; rad.
    """
    return [_bend(points, first) for first in METACARPALS]


def grab_of(bent: Sequence[float]) -> float:
    """What `grab` gives for the fingers' bends."""
    return sum(share(bend, GRAB_OPEN, GRAB_CLOSED) for bend in bent) / len(bent)


def share(value: float, at_0: float, at_1: float) -> float:
    """Where a value lies between the one that counts as 0 and the one that counts as 1."""
    return min(max((value - at_0) / (at_1 - at_0), 0.0), 1.0)


def _bend(points: Points, first: int) -> float:
    """Sum of the angles between a finger's four bones, rad."""
    bend = 0.0
    ax, ay, az = points[first]
    bx, by, bz = points[first + 1]
    ux, uy, uz = bx - ax, by - ay, bz - az
    before = max((ux * ux + uy * uy + uz * uz) ** 0.5, _TINY_M)
    for joint in range(first + 2, first + 5):
        ax, ay, az = bx, by, bz
        bx, by, bz = points[joint]
        vx, vy, vz = bx - ax, by - ay, bz - az
        length = max((vx * vx + vy * vy + vz * vz) ** 0.5, _TINY_M)
        cosine = (ux * vx + uy * vy + uz * vz) / (before * length)
        bend += math.acos(min(max(cosine, -1.0), 1.0))
        ux, uy, uz, before = vx, vy, vz, length
    return bend
