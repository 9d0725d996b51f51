"""Who moves: the lengths of a body, and how its owner moves.

Lengths are shares of the body's height: R. Drillis and R. Contini, "Body Segment Parameters",
New York University TR 1166.03, 1966, as D. A. Winter prints them in "Biomechanics and Motor Control
of Human Movement", 4th ed., 2009, figure 4.1.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

EYES, SHOULDERS = 0.936, 0.818
"""Heights above the floor."""
SHOULDER_HALF, UPPER_ARM, FOREARM, HAND = 0.129, 0.186, 0.146, 0.108
"""From the middle to a shoulder; shoulder to elbow; elbow to wrist; wrist to fingertip."""
SHOULDER_BACK_M = 0.08
"""How far the shoulders lie behind the eyes; set by eye."""
HAND_M = 0.19
"""Length of the kinematic hand at scale 1; see `sensorium_tools.hands`."""


@dataclass(frozen=True)
class WearerOptions:
    """Between what bounds wearers differ."""

    height_m: tuple[float, ...] = field(
        default=(1.55, 1.86), metadata={"doc": "Height, m.", "min": 1.0, "max": 2.3}
    )
    proportion: float = field(
        default=0.04,
        metadata={"doc": "Standard deviation of each length around its share of the height, as a "
                  "share.", "min": 0.0, "max": 0.2},
    )
    pace: tuple[float, ...] = field(
        default=(0.85, 1.2),
        metadata={"doc": "How fast, against the usual: slowest and fastest.", "min": 0.4,
                  "max": 2.0},
    )
    tremor_mm: tuple[float, ...] = field(
        default=(0.05, 0.4),
        metadata={"doc": "Amplitude of the tremor of 8 to 12 Hz, mm.", "min": 0.0, "max": 5.0},
    )


@dataclass(frozen=True)
class Wearer:
    """One wearer.

    Attributes:
        eyes_m: Height of the eyes, m.
        shoulder: Of the right arm, from between the eyes: right, up, back, m.
        reach_m: From shoulder to wrist with a straight arm, m.
        forearm_m: Elbow to wrist, m.
        hand_scale: Of the kinematic hand.
        pace: Speeds against the usual ones.
        tremor_m: Amplitude, m.
        tremor_hz: 8 to 12: physiological tremor (R. J. Elble and W. C. Koller, "Tremor", 1990).
    """

    eyes_m: float
    shoulder: tuple[float, float, float]
    reach_m: float
    forearm_m: float
    hand_scale: float
    pace: float
    tremor_m: float
    tremor_hz: float


def between(low_high: tuple[float, ...], noise: np.random.Generator) -> float:
    """Any number between two."""
    return float(noise.uniform(low_high[0], low_high[1]))


def wearer(options: WearerOptions, noise: np.random.Generator) -> Wearer:
    """Any wearer within the bounds."""
    height = between(options.height_m, noise)

    def length(share: float) -> float:
        return height * share * float(noise.normal(1.0, options.proportion))

    upper, forearm = length(UPPER_ARM), length(FOREARM)
    return Wearer(
        eyes_m=height * EYES,
        shoulder=(length(SHOULDER_HALF), height * (SHOULDERS - EYES), SHOULDER_BACK_M),
        reach_m=upper + forearm, forearm_m=forearm, hand_scale=length(HAND) / HAND_M,
        pace=between(options.pace, noise),
        tremor_m=between(options.tremor_mm, noise) / 1000.0,
        tremor_hz=float(noise.uniform(8.0, 12.0)),
    )
