"""Pinch and grab strength from the joints of a hand alone: no model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

PINCH_TOUCH = 0.15
PINCH_OPEN = 0.55
"""Distance of two fingertips over the palm's length (wrist to middle knuckle) at which a pinch is
1 and 0: 14 and 51 mm for a palm of 93 mm. Tip joints lie at the surface of the fingertip, so tips
that touch with their pads are 10 to 15 mm apart."""

GRAB_OPEN = np.radians(50.0)
GRAB_CLOSED = np.radians(200.0)
"""Sum of the bends of a finger's three joints at which a grab is 0 and 1. A flat hand bends by
about 10 degrees, a relaxed one by 80, a fist by 240."""

WRIST, THUMB_TIP, MIDDLE_PROXIMAL = 1, 5, 12
FINGER_TIPS = np.array([10, 15, 20, 25])
CHAINS = np.array([range(first, first + 5) for first in (6, 11, 16, 21)])
"""(4, 5): metacarpal to tip of index, middle, ring and little finger, in OpenXR's order."""

_TINY_M = 1e-6


def pinches(positions: NDArray[np.float32]) -> NDArray[np.float32]:
    """How near the thumb's tip is to each other fingertip.

    Args:
        positions: (26, 3), m, OpenXR's order.

    Returns:
        (4,): index, middle, ring, little finger; 0 open..1 touching.
    """
    palm = positions[MIDDLE_PROXIMAL] - positions[WRIST]
    length = max(float(palm @ palm) ** 0.5, _TINY_M)
    apart = positions[FINGER_TIPS] - positions[THUMB_TIP]
    ratio = np.sqrt(np.einsum("ij,ij->i", apart, apart)) / length
    strength: NDArray[np.float32] = (PINCH_OPEN - ratio) / (PINCH_OPEN - PINCH_TOUCH)
    return np.minimum(np.maximum(strength, 0.0), 1.0)


def grab(positions: NDArray[np.float32]) -> float:
    """How far the four fingers are closed: the mean of their curls, 0 open..1 fist.

    Args:
        positions: (26, 3), m, OpenXR's order.
    """
    joints = positions[CHAINS]
    bones = joints[:, 1:] - joints[:, :-1]
    bones /= np.maximum(np.sqrt(np.einsum("ijk,ijk->ij", bones, bones)), _TINY_M)[..., None]
    cosines = np.einsum("ijk,ijk->ij", bones[:, 1:], bones[:, :-1])
    bends = np.arccos(np.minimum(np.maximum(cosines, -1.0), 1.0)).sum(axis=1)
    curls = (bends - GRAB_OPEN) / (GRAB_CLOSED - GRAB_OPEN)
    return float(np.minimum(np.maximum(curls, 0.0), 1.0).mean())
