"""A kinematic hand: joint angles within the anatomy's limits to OpenXR's 26 joints.

The hand's own frame is that of OpenXR's palm joint: palm down, -z along the fingers, +y out of
the back of the hand, x to the wearer's right. A left hand is a right hand mirrored in x.

Lengths of the bones and of the soft tissue at the tips are the means of radiographs of 66 adults:
A. Buryanov and V. Kotiuk, "Proportions of Hand Segments", International Journal of Morphology
28(3), 755-758, 2010, table I. Where the metacarpals begin, how they fan out and how thick the
joints are is set by eye.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sensorium import records
from sensorium_tools.hand_poses import LEFT
from sensorium_tools.quaternion import multiply, rotate, turn

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sensorium_tools.hand_poses import Finger, HandPose

JOINTS = 26
TRACKED = 0b1111
"""Flags of a joint whose position and orientation are valid and tracked."""

_SOFT_TISSUE_M = {
    "thumb": 0.0057, "index": 0.0038, "middle": 0.0040, "ring": 0.0040, "little": 0.0037
}
_BONES_M = {
    "thumb": (0.0462, 0.0316, 0.0217),
    "index": (0.0681, 0.0398, 0.0224, 0.0158),
    "middle": (0.0646, 0.0446, 0.0263, 0.0174),
    "ring": (0.0580, 0.0414, 0.0257, 0.0173),
    "little": (0.0537, 0.0327, 0.0181, 0.0160),
}
_BASES_M = {
    "thumb": (-0.021, -0.010, -0.014),
    "index": (-0.013, 0.000, -0.026),
    "middle": (-0.001, 0.002, -0.028),
    "ring": (0.010, 0.000, -0.026),
    "little": (0.019, -0.003, -0.023),
}
"""Where each metacarpal begins, from the wrist: the second row of carpal bones."""
_FAN_DEG = {"index": 7.0, "middle": 0.0, "ring": -7.0, "little": -15.0}
"""How far each metacarpal turns to the thumb's side."""
_RADII_M = {
    "thumb": (0.014, 0.012, 0.011, 0.009),
    "index": (0.014, 0.011, 0.009, 0.008, 0.007),
    "middle": (0.014, 0.011, 0.009, 0.008, 0.007),
    "ring": (0.013, 0.010, 0.008, 0.007, 0.006),
    "little": (0.012, 0.009, 0.008, 0.007, 0.006),
}
_FIRST = {"thumb": 2, "index": 6, "middle": 11, "ring": 16, "little": 21}
"""Index of each finger's first joint in OpenXR's order."""


@dataclass(frozen=True)
class Hand:
    """A hand in a space.

    Attributes:
        positions: (26, 3), m, float64.
        orientations: (26, 4), unit quaternions xyzw; -z along the bone, +y to its back.
        radii: (26,), m.
    """

    positions: NDArray[np.float64]
    orientations: NDArray[np.float64]
    radii: NDArray[np.float64]


def hand(
    pose: HandPose,
    side: int,
    position: tuple[float, float, float] = (0.0, 0.0, 0.0),
    orientation: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 1.0),
    scale: float = 1.0,
) -> Hand:
    """The 26 joints of a pose.

    Args:
        pose: Joint angles.
        side: 1 left, 2 right.
        position: Of the wrist, m.
        orientation: Of the wrist, unit quaternion xyzw.
        scale: 1 is an average adult's hand, 0.19 m long.
    """
    points = np.zeros((JOINTS, 3))
    turns = np.zeros((JOINTS, 4))
    turns[:, 3] = 1.0
    radii = np.full(JOINTS, 0.018)
    for name in _FIRST:
        _place_finger(name, pose, points, turns, radii)
    # OpenXR's palm: the middle of the middle finger's metacarpal.
    points[0] = (points[11] + points[12]) / 2.0
    if side == LEFT:
        points[:, 0] *= -1.0
        turns[:, 1:3] *= -1.0
    whole = np.asarray(orientation, float)
    return Hand(
        rotate(whole, points * scale) + np.asarray(position, float),
        multiply(whole, turns),
        radii * scale,
    )


def to_record(made: Hand, side: int, flags: int = TRACKED) -> NDArray[np.void]:
    """A hand as a record of the channel hand_left or hand_right, at rest, in STAGE space.

    Args:
        made: The hand.
        side: 1 left, 2 right.
        flags: Of every joint.
    """
    record = records.HAND.zeros()
    record["space"], record["side"] = 1, side
    joints = record["joints"]
    joints["position"] = made.positions
    joints["orientation"] = made.orientations
    joints["radius"] = made.radii
    joints["flags"] = flags
    return record


_X, _Y, _Z = (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)


def _place_finger(
    name: str,
    pose: HandPose,
    points: NDArray[np.float64],
    turns: NDArray[np.float64],
    radii: NDArray[np.float64],
) -> None:
    if name == "thumb":
        thumb = pose.thumb
        base = multiply(turn(_Y, thumb.away), turn(_X, -thumb.down))
        bends = [multiply(base, turn(_Z, thumb.turn)), turn(_X, -thumb.knuckle),
                 turn(_X, -thumb.end)]
    else:
        finger: Finger = getattr(pose, name)
        bends = [
            turn(_Y, _FAN_DEG[name]),
            multiply(turn(_Y, finger.spread), turn(_X, -finger.knuckle)),
            turn(_X, -finger.middle),
            turn(_X, -finger.end),
        ]
    first = _FIRST[name]
    place = np.array(_BASES_M[name])
    facing = np.array([0.0, 0.0, 0.0, 1.0])
    bones = list(_BONES_M[name])
    bones[-1] += _SOFT_TISSUE_M[name]
    for step, (bend, length) in enumerate(zip(bends, bones, strict=True)):
        facing = multiply(facing, bend)
        points[first + step] = place
        turns[first + step] = facing
        place = place + rotate(facing, np.array([0.0, 0.0, -length]))
    points[first + len(bones)] = place
    turns[first + len(bones)] = facing
    radii[first : first + len(bones) + 1] = _RADII_M[name]
