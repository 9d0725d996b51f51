"""What the OpenXR runtime itself tells of a hand: pinch, grasp and aim by XR_EXT_hand_interaction.

They arrive in the channels of the controllers, under the extension's interaction profile: the
sensor binds pinch_ext/value to `trigger`, grasp_ext/value to `squeeze`, aim/pose to `aim`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from sensorium.perception.hand_shapes import Vector
    from sensorium.perception.sense import Rings

PROFILE = b"/interaction_profiles/ext/hand_interaction_ext"
FRESH_NS = 100_000_000
"""What is further from the hand's time is of another frame."""
LOOK_NS = 500_000_000
"""How often is looked whether the runtime tells anything; while it does, each frame is."""
_POSE = 3
"""Flags of a pose whose orientation and position are valid."""


class RuntimeHand(NamedTuple):
    """What the runtime tells of one hand.

    Attributes:
        pinch: Thumb and index, 0..1.
        grasp: 0..1.
        ray: Origin, m, and direction of the aim, unit length, in the controllers' space, which is
            the hands'; None: it gives none.
    """

    pinch: float
    grasp: float
    ray: tuple[Vector, Vector] | None


class RuntimeHands:
    """Looks for it.

    Args:
        rings: Of the process.
        channel: Of the hand's controller.
    """

    def __init__(self, rings: Rings, channel: str) -> None:
        self._rings = rings
        self._channel = channel
        self._looked_ns: int | None = None
        self._tells = False

    def of(self, time_ns: int) -> RuntimeHand | None:
        """What it tells of the hand at a time; None: it tells nothing."""
        looked = self._looked_ns
        if not self._tells and looked is not None and 0 <= time_ns - looked < LOOK_NS:
            return None
        self._looked_ns = time_ns
        newest = self._rings.at(self._channel, self._rings.latest(self._channel))
        self._tells = bool(
            newest is not None and newest.valid
            and newest.record["profile"][0] == PROFILE
            and abs(newest.capture_ns - time_ns) <= FRESH_NS
        )
        if not self._tells or newest is None:
            return None
        told = newest.record[0]
        pinch, grasp = float(told["trigger"]), float(told["squeeze"])
        if not (0.0 <= pinch <= 1.0 and 0.0 <= grasp <= 1.0):
            # NaN among them: the runtime's word is no number.
            return None
        return RuntimeHand(pinch, grasp, _ray(told["aim"]))


def _ray(aim: np.void) -> tuple[Vector, Vector] | None:
    """The line along a pose's -z; None where it is not valid."""
    if int(aim["flags"]) & _POSE != _POSE:
        return None
    place, turn = aim["position"].tolist(), aim["orientation"].tolist()
    x, y, z, w = turn
    if not (np.isfinite(place).all() and abs(x * x + y * y + z * z + w * w - 1.0) < 0.01):
        return None
    return (
        (place[0], place[1], place[2]),
        (-2.0 * (x * z + w * y), -2.0 * (y * z - w * x), -(1.0 - 2.0 * (x * x + y * y))),
    )
