"""What a hand holds, by geometry alone: how much each of `SHAPES` it is, and where it points.

In plain numbers, as `hand_geometry`. The angles are those of the kinematic hands; each score is 0
where its shape is surely not and 1 where it surely is, so that one pair of thresholds serves all.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from sensorium.perception.hand_geometry import bends, grab_of, pinches, share

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sensorium.perception.hand_geometry import Points

Vector = tuple[float, float, float]

_FOLDED, _FREE = math.radians(225.0), math.radians(190.0)
"""A finger that is bent by the first lies in the palm and pinches nothing; by the second it can."""
_BESIDE, _APART = 0.1, 0.3
"""A finger whose strength is less than the nearest one's by the first pinches, too; by the second
it does not."""
_LOOSE, _CLENCHED = math.radians(160.0), math.radians(175.0)
"""Beside three curled fingers: by the first one that touches the thumb pinches; by the second it
is part of a fist, whose thumb lies on it. Fingers that pinch bend by 110 to 160 degrees in the
kinematic hands and in IWER's, those of Monado's loosest fists by 170 and more."""
_CLOSED_LEAST, _CLOSED = math.radians(70.0), math.radians(140.0)
"""Bend of the straightest finger at which a grab is 0 and 1."""
_STRAIGHT_NOT, _STRAIGHT = math.radians(110.0), math.radians(60.0)
_CURLED_NOT, _CURLED = math.radians(90.0), math.radians(150.0)
_THUMB_BENT, _THUMB_OUT = math.radians(85.0), math.radians(45.0)
"""Sum of the bends of the thumb's two joints at which it is folded, and stretched."""
_LEVEL, _VERTICAL = 0.25, 0.6
"""Sine of the thumb's angle to the horizontal: it points neither up nor down, and surely does."""

THUMB = (2, 3, 4, 5)
INDEX_PROXIMAL, INDEX_TIP = 7, 10
_TINY_M = 1e-6


def shapes(points: Points) -> list[float]:
    """How much a hand is each of `SHAPES`.

    A pinch wants the thumb's tip at a fingertip of a finger that is neither folded away nor part
    of a fist; a grab all four fingers closed and no thumb up or down; pointing a straight index
    and the others curled; a thumb up or down a stretched thumb that points so, in a space whose y
    is up, and the fingers closed.

    Args:
        points: 26 joints, m, finite.

    Returns:
        8 numbers, 0..1, in the order of `SHAPES`.
    """
    bent = bends(points)
    near = pinches(points)
    nearest = max(near)
    made = [
        min(strength, share(bend, _FOLDED, _FREE))
        * (1.0 - share(nearest - strength, _BESIDE, _APART))
        * (1.0 - min(share(bend, _LOOSE, _CLENCHED), _curled(bent, finger)))
        for finger, (strength, bend) in enumerate(zip(near, bent, strict=True))
    ]
    least = share(min(bent), _CLOSED_LEAST, _CLOSED)
    closed = min(grab_of(bent), least)
    rises = _thumb(points)
    up = min(closed, share(rises, _LEVEL, _VERTICAL))
    down = min(closed, share(-rises, _LEVEL, _VERTICAL))
    made += (
        min(closed, 1.0 - max(up, down)),
        min(share(bent[0], _STRAIGHT_NOT, _STRAIGHT), _curled(bent, 0)),
        up, down,
    )
    return made


def finger_ray(points: Points) -> tuple[Vector, Vector]:
    """Index finger ray casting: from the index's knuckle through its tip.

    The method is "index finger ray cast" in S. Mayer, V. Schwind, R. Schweigert and N. Henze, "The
    Effect of Offset Correction and Cursor on Mid-Air Pointing in Real and Virtual Environments",
    CHI 2018. It is not filtered, and their correction of people's offsets is not applied.

    Args:
        points: 26 joints, m.

    Returns:
        Origin, the fingertip, m; and direction, unit length; zeros where the two are one point.
    """
    ax, ay, az = points[INDEX_PROXIMAL]
    bx, by, bz = points[INDEX_TIP]
    dx, dy, dz = bx - ax, by - ay, bz - az
    length = math.sqrt(dx * dx + dy * dy + dz * dz)
    if length < _TINY_M:
        return (bx, by, bz), (0.0, 0.0, 0.0)
    return (bx, by, bz), (dx / length, dy / length, dz / length)


def _curled(bent: Sequence[float], but: int) -> float:
    """How much all fingers but one are curled, 0..1."""
    least = min(bend for finger, bend in enumerate(bent) if finger != but)
    return share(least, _CURLED_NOT, _CURLED)


def _thumb(points: Points) -> float:
    """Sine of a stretched thumb's angle to the horizontal; nearer to 0 the more it is folded."""
    ax, ay, az = points[THUMB[0]]
    bx, by, bz = points[THUMB[1]]
    ux, uy, uz = bx - ax, by - ay, bz - az
    bend = 0.0
    for joint in THUMB[2:]:
        cx, cy, cz = points[joint]
        vx, vy, vz = cx - bx, cy - by, cz - bz
        size = math.sqrt((ux * ux + uy * uy + uz * uz) * (vx * vx + vy * vy + vz * vz))
        cosine = (ux * vx + uy * vy + uz * vz) / max(size, _TINY_M * _TINY_M)
        bend += math.acos(min(max(cosine, -1.0), 1.0))
        bx, by, bz, ux, uy, uz = cx, cy, cz, vx, vy, vz
    ax, ay, az = points[THUMB[1]]
    length = max(math.dist((ax, ay, az), (bx, by, bz)), _TINY_M)
    return (by - ay) / length * share(bend, _THUMB_BENT, _THUMB_OUT)
