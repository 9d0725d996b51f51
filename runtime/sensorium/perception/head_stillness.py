"""Whether the head looks at one thing, still, or moves."""

from __future__ import annotations

import math
from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sensorium.perception.head_motion import Vector

FIXATED_NS = 300_000_000
"""A head is fixated when it has been still for so long."""
STILL_DEG, MOVING_DEG = 1.0, 1.5
STILL_M, MOVING_M = 0.02, 0.03
"""So far from its mean of late the head is still, and from there it moves."""
MEAN_S = 0.3
"""Time constant of that mean: a head that turns steadily is away from it by its speed times this,
so that 5 degrees/s and 0.1 m/s are motion."""


class Motion(IntEnum):
    """The values of the records' field `motion`."""

    UNKNOWN = 0
    FIXATED = 1
    MOVING = 2


class Stillness:
    """Fixations by dispersion, with two limits and a shortest time.

    I-DT of Salvucci & Goldberg ("Identifying fixations and saccades in eye-tracking protocols",
    ETRA 2000), for a head and as it goes on: the dispersion is the distance from a running mean,
    not that of a window, so that a head that sways slowly on its body for minutes stays fixated.
    The limits are wider than the eye's and our own choice.

    Attributes:
        motion: What it does.
        since_ns: Capture time at which that began; 0: nothing is known yet.
        fixations: Begins of fixations.
    """

    def __init__(self) -> None:
        self.motion = Motion.UNKNOWN
        self.since_ns = 0
        self.fixations = 0
        self._facing: Vector | None = None
        self._neck: Vector | None = None
        self._newest_ns = self._still_ns = 0

    def forget(self) -> None:
        """What comes next does not follow."""
        self.motion, self.since_ns = Motion.UNKNOWN, 0
        self._facing = self._neck = None

    def update(self, time_ns: int, facing: Vector, neck: Vector | None) -> bool:
        """Takes a frame that follows the one before.

        Args:
            time_ns: Capture time.
            facing: Unit vector, forward.
            neck: Its joint, m; None: no position is tracked.

        Returns:
            Whether the motion is another one now.
        """
        if self._facing is None or (neck is None) != (self._neck is None):
            self._facing, self._neck = facing, neck
            self._newest_ns = self._still_ns = time_ns
            return False
        seconds = (time_ns - self._newest_ns) / 1e9
        self._newest_ns = time_ns
        share = seconds / (MEAN_S + seconds)
        self._facing = _towards(self._facing, facing, share)
        away_deg = math.degrees(math.dist(self._facing, facing))
        away_m = 0.0
        if neck is not None and self._neck is not None:
            self._neck = _towards(self._neck, neck, share)
            away_m = math.dist(self._neck, neck)
        if away_deg > MOVING_DEG or away_m > MOVING_M:
            self._still_ns = time_ns
            return self._become(Motion.MOVING, time_ns)
        if self.motion == Motion.FIXATED:
            return False
        if away_deg > STILL_DEG or away_m > STILL_M:
            self._still_ns = time_ns
        if time_ns - self._still_ns < FIXATED_NS:
            return False
        self.fixations += 1
        return self._become(Motion.FIXATED, self._still_ns)

    def _become(self, motion: Motion, since_ns: int) -> bool:
        if motion == self.motion:
            return False
        self.motion, self.since_ns = motion, since_ns
        return True


def _towards(mean: Vector, value: Vector, share: float) -> Vector:
    x, y, z = mean
    return (
        x + (value[0] - x) * share, y + (value[1] - y) * share, z + (value[2] - z) * share
    )
