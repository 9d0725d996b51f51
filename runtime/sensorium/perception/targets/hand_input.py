"""What a hand or a controller points with and grips with, in plain numbers."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sensorium.perception.hand_geometry import THUMB_TIP, grab, pinch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sensorium.perception.hand_geometry import Points
    from sensorium.perception.targets.spaces import Vector

_POSITION_VALID = 2
_POSE_VALID = 1 | 2
INDEX_PROXIMAL, INDEX_TIP = 7, 10
_PROXIMALS = (7, 12, 17, 22)
PALM = 0
_TINY_M = 1e-6
_FAR_M = 1e6
STRAIGHT, STRAIGHT_LEAST = 0.97, 0.94
"""Length from knuckle to tip over that of the bones between: a finger that begins to point, and one
that still does. Bends of 25 degrees at both inner joints make 0.95."""
CURLED, CURLED_MOST = 0.75, 0.85
"""The same for the three others: at most this."""


class HandInput(NamedTuple):
    """One sample of one hand, in the space of its record.

    Attributes:
        generation: Of that space.
        ray: Origin, m, and unit direction; None: it does not point.
        strength: Of the grip, 0 open..1 closed.
        point: Where it grips, m.
    """

    generation: int
    ray: tuple[Vector, Vector] | None
    strength: float
    point: Vector


def from_joints(record: np.void, pointed: bool) -> HandInput | None:
    """Reads a hand.

    It points with a straight index finger while the others are curled, along "index finger ray
    cast" from the knuckle through the tip (Mayer, Schwind, Schweigert and Henze, CHI 2018). It
    grips between thumb and index, or with the palm, whichever is closed more.

    Args:
        record: Of `records.HAND`.
        pointed: Whether it pointed in the sample before.

    Returns:
        None where a joint is not there.
    """
    joints = record["joints"]
    places = joints["position"]
    if not all(flag & _POSITION_VALID for flag in set(joints["flags"].tolist())):
        return None
    # Mostly not even all coordinates together are far; a NaN fails both comparisons.
    flat = places.ravel()
    if not flat.dot(flat) <= _FAR_M and not (np.abs(flat) <= _FAR_M).all():
        return None
    points: Points = places.tolist()
    ray = _finger_ray(points) if _points(points, pointed) else None
    # Three curled fingers are no grip while the fourth points.
    pinched, closed = pinch(points, INDEX_TIP), grab(points) if ray is None else 0.0
    x, y, z = points[PALM]
    if pinched >= closed:
        (ax, ay, az), (bx, by, bz) = points[INDEX_TIP], points[THUMB_TIP]
        x, y, z = (ax + bx) / 2, (ay + by) / 2, (az + bz) / 2
    return HandInput(int(record["space_generation"]), ray, max(pinched, closed), (x, y, z))


def from_controller(record: np.void) -> HandInput | None:
    """Reads a controller: it points along its aim, and grips with squeeze or trigger.

    Args:
        record: Of `records.CONTROLLER`.

    Returns:
        None where its aim or grip has no pose.
    """
    aim, grip = record["aim"], record["grip"]
    origin, point = aim["position"].tolist(), grip["position"].tolist()
    turn = aim["orientation"].tolist()
    valid = int(aim["flags"]) & int(grip["flags"]) & _POSE_VALID == _POSE_VALID
    direction = forward(turn)
    strength = max(float(record["trigger"]), float(record["squeeze"]))
    if not valid or direction is None or not _near((origin, point)) or not 0 <= strength <= 1:
        return None
    (x, y, z), (a, b, c) = origin, point
    return HandInput(
        int(record["space_generation"]), ((x, y, z), direction), strength, (a, b, c)
    )


def forward(orientation: Sequence[float]) -> Vector | None:
    """The direction -z of a pose; None where its quaternion xyzw is no unit one."""
    x, y, z, w = orientation
    square = x * x + y * y + z * z + w * w
    if not 0.98 < square < 1.02:
        return None
    dx, dy, dz = -2 * (x * z + w * y), -2 * (y * z - w * x), x * x + y * y - z * z - w * w
    length = math.sqrt(dx * dx + dy * dy + dz * dz)
    return dx / length, dy / length, dz / length


def _finger_ray(points: Points) -> tuple[Vector, Vector]:
    (ax, ay, az), (bx, by, bz) = points[INDEX_PROXIMAL], points[INDEX_TIP]
    length = max(math.dist((ax, ay, az), (bx, by, bz)), _TINY_M)
    return (bx, by, bz), ((bx - ax) / length, (by - ay) / length, (bz - az) / length)


def _points(points: Points, pointed: bool) -> bool:
    index, *others = (_straightness(points, first) for first in _PROXIMALS)
    straight, curled = (STRAIGHT_LEAST, CURLED_MOST) if pointed else (STRAIGHT, CURLED)
    return index >= straight and max(others) <= curled


def _straightness(points: Points, first: int) -> float:
    one, two, three, four = points[first : first + 4]
    bones = math.dist(one, two) + math.dist(two, three) + math.dist(three, four)
    return math.dist(one, four) / max(bones, _TINY_M)


def _near(points: Points) -> bool:
    """Whether all are finite and within reach; a NaN fails the comparison."""
    return all(abs(value) <= _FAR_M for point in points for value in point)
