"""How far off an eye tracker is for this wearer, learned from what is looked at.

What is left of a calibration's error stays the same from fixation to fixation while the headset
does not slip. Fixations on things whose places are known tell it without a word to the wearer
(Hornof and Halverson, "Cleaning up systematic error in eye-tracking data by using required fixation
locations", Behavior Research Methods 34, 2002). Which thing was looked at is not certain: the
offset is estimated by probabilistic data association (Bar-Shalom and Tse, "Tracking in a cluttered
environment with probabilistic data association", Automatica 11, 1975). Every target near by
updates a Kalman filter of its own; their mean, by how probable each target is, goes on, and what
they disagree in makes it less sure. A look at nothing that is listed teaches nothing.

The offset is an angle to the right and upwards as someone sees it who holds the head upright: a
head that tilts would turn it along, and is not followed.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sensorium.perception.targets.spaces import Vector
    from sensorium.perception.targets.view import Array

FIXATED_NS = 200_000_000
"""A fixation teaches when it has lasted so long, and once."""
GONE_NS = 3_000_000_000
"""Eyes that were gone for so long may be those of somebody else: no blink lasts as long."""
SLIPS_NS = 300_000_000_000
"""The time constant with which what was learned is forgotten, since headsets slip: 5 minutes, our
own figure."""
LEAST = 0.35
"""No offset is known better than to this share of its deviation before: it is not the same in all
directions (Feit et al., "Toward everyday gaze input", CHI 2017); our own figure."""
_STEEP = 0.1
"""Rays that are nearer than this to straight up or down, as a cosine, have no right-hand side."""


class Calibration:
    """One wearer's offset of one source.

    Args:
        deviation: Of the offset before anything is known, an axis, rad.

    Attributes:
        right: Its mean to the right, rad.
        up: Upwards.
    """

    def __init__(self, deviation: float) -> None:
        self.right = self.up = 0.0
        self._before = self._variance = deviation * deviation
        self._newest_ns = self._learned_ns = 0

    @property
    def deviation(self) -> float:
        """How well the offset is known: standard deviation an axis, rad."""
        return math.sqrt(max(self._variance, self._before * LEAST * LEAST))

    def corrected(self, ray: Vector, time_ns: int) -> Vector:
        """A ray without the offset, as far as that is known.

        Args:
            ray: Unit vector.
            time_ns: When.
        """
        if not 0 <= time_ns - self._newest_ns < GONE_NS:
            self.right = self.up = 0.0
            self._variance = self._before
        self._newest_ns = time_ns
        if not (self.right or self.up):
            return ray
        sides = _sides(ray)
        if sides is None:
            return ray
        right, up = self.right, self.up
        (x, y, z), (rx, ry, rz), (ux, uy, uz) = ray, *sides
        x, y, z = x - right * rx - up * ux, y - right * ry - up * uy, z - right * rz - up * uz
        length = math.sqrt(x * x + y * y + z * z)
        return x / length, y / length, z / length

    def learn(
        self, ray: Vector, chances: Sequence[float], errors: Array, variances: Array,
        time_ns: int,
    ) -> None:
        """Learns from one fixation.

        Args:
            ray: Its newest corrected one.
            chances: How probable each target is, at most 1 in all; the rest: none of them.
            errors: Mean error of the corrected rays to each centre, shape (3, K), rad.
            variances: Of each error, an axis, rad2, if its target is meant and the offset is known.
            time_ns: When.
        """
        sides = _sides(ray)
        if sides is None or not len(chances):
            return
        kept = math.exp(-max(time_ns - (self._learned_ns or time_ns), 0) / SLIPS_NS)
        self._learned_ns = time_ns
        self.right *= kept
        self.up *= kept
        variance = self._before + kept * kept * (self._variance - self._before)
        shares = np.asarray(chances)
        gains = variance / (variance + variances)
        steps = gains * (np.array(sides) @ errors)
        mean = steps @ shares
        # Of both axes, which share one variance.
        spread = float(shares @ (steps * steps).sum(axis=0) - mean @ mean) / 2
        self._variance = min(variance * (1 - float(gains @ shares)) + spread, self._before)
        self.right += float(mean[0])
        self.up += float(mean[1])


def _sides(ray: Vector) -> tuple[Vector, Vector] | None:
    """Unit vectors to the right of a ray and upwards from it; None: it is too steep."""
    x, y, z = ray
    level = math.hypot(x, z)
    if level < _STEEP:
        return None
    return (-z / level, 0.0, x / level), (-x * y / level, level, -z * y / level)
