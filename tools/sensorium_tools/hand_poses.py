"""What a hand can show: joint angles within the anatomy's limits, and poses by name."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, TypeAlias

from sensorium_tools.quaternion import turn

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

Change: TypeAlias = "Callable[[str, str, float], float]"
"""Finger, angle's name and angle to the new angle."""

LEFT, RIGHT = 1, 2


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


FINGER_LIMITS = {
    "knuckle": (-20.0, 95.0), "middle": (0.0, 115.0), "end": (0.0, 85.0), "spread": (-25.0, 25.0)
}
THUMB_LIMITS = {
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

_LIFTED = Finger(knuckle=12.0, middle=14.0, end=9.0)
_BESIDE = Finger(knuckle=22.0, middle=24.0, end=9.0)
"""A finger that does not pinch: straight, or drawn along a little by its neighbour that does."""

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
    "pinch_middle": HandPose(
        Thumb(away=21.8, down=41.2, turn=78.6, knuckle=32.6, end=27.9),
        replace(_BESIDE, spread=6.0),
        Finger(knuckle=77.5, middle=36.6, end=21.7, spread=-1.1),
        replace(_BESIDE, spread=-5.0),
        replace(_LIFTED, spread=-10.0),
    ),
    "pinch_ring": HandPose(
        Thumb(away=14.8, down=48.1, turn=84.7, knuckle=31.1, end=50.3),
        replace(_LIFTED, spread=6.0),
        replace(_BESIDE, spread=1.0),
        Finger(knuckle=68.7, middle=38.3, end=25.9, spread=-5.6),
        replace(_BESIDE, spread=-10.0),
    ),
    "pinch_little": HandPose(
        Thumb(away=6.4, down=38.3, turn=83.2, knuckle=44.4, end=32.5),
        replace(_LIFTED, spread=6.0),
        replace(_LIFTED, spread=1.0),
        replace(_BESIDE, spread=-5.0),
        Finger(knuckle=52.5, middle=54.3, end=39.5, spread=-4.4),
    ),
}
"""Poses by name. `thumb` is both thumbs up and down: how the hand is turned decides."""

GESTURES: dict[str, tuple[str, str]] = {
    "Closed_Fist": ("fist", "fingers up"),
    "Open_Palm": ("open", "fingers up"),
    "Pointing_Up": ("point", "fingers up"),
    "Thumb_Down": ("thumb", "thumb down"),
    "Thumb_Up": ("thumb", "thumb up"),
    "Victory": ("victory", "fingers up"),
    "ILoveYou": ("love", "fingers up"),
}
"""Label of the gesture model to the pose that shows it and how the hand is then held."""


def blend(start: HandPose, end: HandPose, share: float) -> HandPose:
    """The pose between two: `share` 0 is `start`, 1 is `end`."""
    return _changed(start, lambda name, part, angle: (
        (1.0 - share) * angle + share * float(getattr(getattr(end, name), part))
    ))


def vary(pose: HandPose, noise: np.random.Generator, degrees: float) -> HandPose:
    """A pose like `pose`: normal noise on every angle, kept within the anatomy's limits."""
    def varied(name: str, part: str, angle: float) -> float:
        low, high = (THUMB_LIMITS if name == "thumb" else FINGER_LIMITS)[part]
        return min(high, max(low, angle + float(noise.normal(0.0, degrees))))

    return _changed(pose, varied)


def held(gesture: str, side: int) -> NDArray[np.float64]:
    """How the wrist is turned when a hand shows a gesture to someone before the wearer.

    Args:
        gesture: A key of `GESTURES`.
        side: 1 left, 2 right.

    Returns:
        Unit quaternion xyzw: the fingers up and the palm forward (-z), or the thumb up or down
        and the fingers forward.
    """
    way = GESTURES[gesture][1]
    if way == "fingers up":
        return turn((1.0, 0.0, 0.0), 90.0)
    towards = -90.0 if (way == "thumb up") == (side == RIGHT) else 90.0
    return turn((0.0, 0.0, 1.0), towards)


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
