"""A kinematic hand: joint angles within the anatomy's limits to OpenXR's 26 joints.

The hand's own frame is that of OpenXR's palm joint: palm down, -z along the fingers, +y out of
the back of the hand, x to the wearer's right. A left hand is a right hand mirrored in x.

Lengths of the bones: A. Buryanov and V. Kotiuk, "Proportions of Hand Segments", International
Journal of Morphology 28(3), 2010, table of means (thumb 46.2, 31.6, 21.7 mm; index 68.1, 39.8,
22.4, 15.8; middle 64.6, 44.6, 26.3, 17.4; ring 58.0, 41.4, 25.7, 17.3; little 53.7, 32.7, 18.1,
16.0), and 4 mm of soft tissue at each tip.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from sensorium_tools.quaternion import multiply, rotate, turn

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

Change: TypeAlias = "Callable[[str, str, float], float]"
"""Finger, angle's name and angle to the new angle."""

LEFT, RIGHT = 1, 2
JOINTS = 26
TRACKED = 0b1111
"""Flags of a joint whose position and orientation are valid and tracked."""

_SOFT_TISSUE_M = 0.004
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
class Finger:
    """Angles of a finger, in degrees.

    Attributes:
        knuckle: Flexion at the metacarpophalangeal joint, -20..95.
        middle: Flexion at the proximal interphalangeal joint, 0..115.
        end: Flexion at the distal interphalangeal joint, 0..85.
        spread: To the thumb's side, -25..25.
    """

    knuckle: float = 12.0
    middle: float = 18.0
    end: float = 10.0
    spread: float = 0.0


@dataclass(frozen=True)
class Thumb:
    """Angles of the thumb, in degrees.

    Attributes:
        away: Between the metacarpal and the index finger's, in the palm's plane, 0..70.
        down: Of the metacarpal out of the palm's plane, to the palm's side, 0..60.
        turn: How far its nail is turned from the back of the hand to the thumb's side, 20..100.
        knuckle: Flexion at the metacarpophalangeal joint, -15..70.
        end: Flexion at the interphalangeal joint, -20..85.
    """

    away: float = 38.0
    down: float = 22.0
    turn: float = 60.0
    knuckle: float = 12.0
    end: float = 12.0


_FINGER_LIMITS = {
    "knuckle": (-20.0, 95.0), "middle": (0.0, 115.0), "end": (0.0, 85.0), "spread": (-25.0, 25.0)
}
_THUMB_LIMITS = {
    "away": (0.0, 70.0), "down": (0.0, 60.0), "turn": (20.0, 100.0), "knuckle": (-15.0, 70.0),
    "end": (-20.0, 85.0),
}


@dataclass(frozen=True)
class HandPose:
    """The angles of a whole hand."""

    thumb: Thumb = field(default_factory=Thumb)
    index: Finger = field(default_factory=lambda: Finger(spread=2.0))
    middle: Finger = field(default_factory=Finger)
    ring: Finger = field(default_factory=lambda: Finger(spread=-1.0))
    little: Finger = field(default_factory=lambda: Finger(spread=-3.0))


_CURLED = Finger(knuckle=82.0, middle=100.0, end=55.0)
_STRAIGHT = Finger(knuckle=3.0, middle=4.0, end=3.0)
_TUCKED = Thumb(away=22.0, down=38.0, turn=75.0, knuckle=45.0, end=50.0)
_RAISED = Thumb(away=62.0, down=25.0, turn=66.0, knuckle=-8.0, end=-14.0)

_FIST = HandPose(_TUCKED, _CURLED, _CURLED, _CURLED, _CURLED)

POSES: dict[str, HandPose] = {
    "rest": HandPose(
        Thumb(away=30.0, down=30.0, turn=65.0, knuckle=20.0, end=20.0),
        Finger(knuckle=28.0, middle=36.0, end=18.0, spread=2.0),
        Finger(knuckle=32.0, middle=40.0, end=20.0),
        Finger(knuckle=35.0, middle=42.0, end=22.0, spread=-1.0),
        Finger(knuckle=38.0, middle=42.0, end=22.0, spread=-3.0),
    ),
    "open": HandPose(
        Thumb(away=32.0, down=12.0, turn=50.0, knuckle=0.0, end=0.0),
        replace(_STRAIGHT, spread=9.0),
        replace(_STRAIGHT, spread=1.0),
        replace(_STRAIGHT, spread=-7.0),
        replace(_STRAIGHT, spread=-14.0),
    ),
    "fist": _FIST,
    "point": replace(_FIST, index=_STRAIGHT),
    "thumb": replace(_FIST, thumb=_RAISED),
    "victory": replace(
        _FIST,
        index=replace(_STRAIGHT, spread=12.0),
        middle=replace(_STRAIGHT, spread=-8.0),
    ),
    "love": replace(
        _FIST,
        thumb=_RAISED,
        index=replace(_STRAIGHT, spread=6.0),
        little=replace(_STRAIGHT, spread=-8.0),
    ),
    "pinch": HandPose(
        Thumb(away=28.3, down=41.2, turn=91.8, knuckle=22.0, end=31.4),
        Finger(knuckle=51.9, middle=53.5, end=24.0, spread=-1.1),
        Finger(knuckle=22.0, middle=24.0, end=12.0),
        Finger(knuckle=18.0, middle=20.0, end=10.0, spread=-3.0),
        Finger(knuckle=15.0, middle=18.0, end=10.0, spread=-6.0),
    ),
}
"""Poses by name. `thumb` is both thumbs up and down: how the hand is turned decides."""


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


def blend(start: HandPose, end: HandPose, share: float) -> HandPose:
    """The pose between two: `share` 0 is `start`, 1 is `end`."""
    return _changed(start, lambda name, part, angle: (
        (1.0 - share) * angle + share * float(getattr(getattr(end, name), part))
    ))


def vary(pose: HandPose, noise: np.random.Generator, degrees: float) -> HandPose:
    """A pose like `pose`: normal noise on every angle, kept within the anatomy's limits."""
    def varied(name: str, part: str, angle: float) -> float:
        low, high = (_THUMB_LIMITS if name == "thumb" else _FINGER_LIMITS)[part]
        return min(high, max(low, angle + float(noise.normal(0.0, degrees))))

    return _changed(pose, varied)


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
    bones[-1] += _SOFT_TISSUE_M
    for step, (bend, length) in enumerate(zip(bends, bones, strict=True)):
        facing = multiply(facing, bend)
        points[first + step] = place
        turns[first + step] = facing
        place = place + rotate(facing, np.array([0.0, 0.0, -length]))
    points[first + len(bones)] = place
    turns[first + len(bones)] = facing
    radii[first : first + len(bones) + 1] = _RADII_M[name]


def _changed(pose: HandPose, change: Change) -> HandPose:
    parts = {}
    for item in fields(pose):
        finger = getattr(pose, item.name)
        angles = {
            part.name: change(item.name, part.name, getattr(finger, part.name))
            for part in fields(finger)
        }
        parts[item.name] = replace(finger, **angles)
    return HandPose(**parts)
