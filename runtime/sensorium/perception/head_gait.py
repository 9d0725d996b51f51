"""What walking does to a head's pitch, taken out of it.

Walkers' heads pitch against the bob of their bodies, so that the eyes stay on what they look at:
the two go with one another, step by step (Moore, Hirasaki, Raphan & Cohen, "The human
vestibulo-ocular reflex during linear locomotion", Ann. N.Y. Acad. Sci. 942, 2001). So the neck's
height is the reference of an adaptive canceller (Widrow et al., "Adaptive noise cancelling", Proc.
IEEE 63, 1975) with one weight, found by least squares that forget.
"""

from __future__ import annotations

import math

SLOW_S = 1.0
"""Time constant of the mean that height and pitch are taken from: longer than a step."""
FORGET_S = 4.0
"""Time constant of the weight: eight steps. Both set with generated wearers of whom no figure is
reported."""
_LEAST_M2 = 1e-6
"""The height varies by so much at least: a head that does not bob has no weight."""


class GaitPitch:
    """How many degrees of a head's pitch are the gait's."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """What comes next does not follow."""
        self._time_ns: int | None = None
        self._height = self._pitch = 0.0
        self._square, self._product = _LEAST_M2, 0.0

    def update(self, time_ns: int, height: float, pitch: float) -> float:
        """Takes a frame that follows the one before.

        Args:
            time_ns: Capture time.
            height: Of the neck, m.
            pitch: Degrees.

        Returns:
            Degrees of it that go with the height.
        """
        before, self._time_ns = self._time_ns, time_ns
        if before is None:
            self._height, self._pitch = height, pitch
            return 0.0
        seconds = (time_ns - before) / 1e9
        share = 1.0 - math.exp(-seconds / SLOW_S)
        self._height += share * (height - self._height)
        self._pitch += share * (pitch - self._pitch)
        up, turned = height - self._height, pitch - self._pitch
        share = 1.0 - math.exp(-seconds / FORGET_S)
        self._square += share * (up * up + _LEAST_M2 - self._square)
        self._product += share * (up * turned - self._product)
        return self._product / self._square * up
