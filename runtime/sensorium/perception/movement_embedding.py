"""A hand's motion step by step, as 18 numbers in which one wearer's times of a movement are alike.

Frozen: nothing in it is learned from a wearer, so that what was enrolled once stays comparable. Of
a step of `hand_motion` it takes the place, the velocity, the palm's normal and the fingers'
direction, adds how far each finger is stretched and how near thumb and index are, and measures each
by how much it differs from one time of a movement to the next, and by how much that says.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sensorium.perception.hand_geometry import Points
    from sensorium.perception.hand_motion import Step

    Array = NDArray[np.float32]

FINGERS = ((2, 3, 4, 5), (7, 8, 9, 10), (12, 13, 14, 15), (17, 18, 19, 20), (22, 23, 24, 25))
"""Joints from each finger's first bone that bends to its tip, from the thumb's on."""
WRIST, MIDDLE_PROXIMAL, THUMB_TIP, INDEX_TIP = 1, 12, 5, 10
STRETCHES = len(FINGERS) + 1
_BETWEEN = np.array(
    [
        0.237, 0.214, 0.129, 0.103, 0.136, 0.118, 0.240, 0.178, 0.175, 0.171, 0.168, 0.106,
        0.050, 0.088, 0.089, 0.093, 0.091, 0.061,
    ],
    np.float32,
)
"""Standard deviation of each number between a wearer's own times of a movement at the same share of
its length: the mean of six made wearers and eight movements, none of them the benchmark's."""
WIDTH = len(_BETWEEN)
_COUNTS = np.repeat(np.array([0.5, 1.4, 1.0], np.float32), (3, 3, WIDTH - 6))
"""How much place, velocity and all else count. Where a movement is made differs from one time to
the next by the same from its begin to its end, so that no mean over its steps evens it out; what
differs in its velocity does not last. Chosen with eight made wearers, none of them the
benchmark's."""
SPREAD = _BETWEEN / (_COUNTS * np.sqrt(WIDTH / (_COUNTS**2).sum()))
"""What each number is divided by; all together count as much as if each counted 1."""
_OPEN_PALMS = 1.5
"""Thumb and index so many palm lengths apart are 1."""
_TINY = 1e-6


def stretches(points: Points) -> list[float]:
    """How far each finger is stretched, and how far thumb and index are apart.

    Args:
        points: 26 joints in OpenXR's order, m, finite.

    Returns:
        `STRETCHES` numbers: of each finger the way from its knuckle to its tip over its bones'
        length, 1 straight; and the gap of the two tips.
    """
    made = []
    for first, second, third, tip in FINGERS:
        a, b, c, d = points[first], points[second], points[third], points[tip]
        length = math.dist(a, b) + math.dist(b, c) + math.dist(c, d)
        made.append(math.dist(a, d) / max(length, _TINY))
    palm = max(math.dist(points[WRIST], points[MIDDLE_PROXIMAL]), _TINY)
    made.append(math.dist(points[THUMB_TIP], points[INDEX_TIP]) / palm / _OPEN_PALMS)
    return made


class MovementEmbedding:
    """The embedding of one hand's steps; each is the mean of a step and the one before it."""

    def __init__(self) -> None:
        self._time_ns = 0
        self._stretches: list[float] = []
        self._last: Array | None = None

    def push(self, time_ns: int, points: Points, steps: Sequence[Step]) -> list[Array]:
        """Takes one frame.

        Args:
            time_ns: Of the frame.
            points: As in `stretches`.
            steps: What `HandMotion.push` made of the frame.

        Returns:
            Of each step `WIDTH` numbers.
        """
        now, before = stretches(points), self._stretches or stretches(points)
        since, self._time_ns, self._stretches = self._time_ns, time_ns, now
        made = []
        for step in steps:
            share = (step.time_ns - since) / max(time_ns - since, 1)
            share = min(1.0, max(0.0, share))
            row = np.array(
                [*step.row, *(a + share * (b - a) for a, b in zip(before, now, strict=True))],
                np.float32,
            ) / SPREAD
            made.append(row if self._last is None else 0.5 * (row + self._last))
            self._last = row
        return made

    def forget(self) -> None:
        """What comes next does not follow."""
        self._stretches, self._last = [], None
