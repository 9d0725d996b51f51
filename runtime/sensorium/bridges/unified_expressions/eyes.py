"""Eye tracking as Unified Expressions: where each eye looks in the head, and how far it is open.

Names and ranges are those of docs.vrcft.io (VRCFaceTracking parameters): a direction is "normalized
Cartesian", the tangent of its angle, right and up positive; a lid's openness is 0..0.75 of its
range, what lies above is a widened eye.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from sensorium.bridges.osc.parameter import Parameter

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from sensorium.bridges.channels import Channels
    from sensorium.bridges.osc.parameter import Value

CHANNELS = ("gaze", "head")
ACTIVE = "EyeTrackingActive"
OPEN = 0.75
"""A lid at rest."""
_EYE_GAZE = 1
_ORIENTATION_VALID = 1
_VALID, _OPENNESS_GIVEN = 1, 2
_SIDES = ("Left", "Right")

Vector = tuple[float, float, float]
Place = tuple[float, float]


def parameters() -> tuple[Parameter, ...]:
    """All of them."""
    return (
        Parameter(ACTIVE, False, "The eyes are tracked", "gaze"),
        *(
            Parameter(f"v2/Eye{side}{axis}", 0.0, f"The {about} look {way}, -1..1", "gaze")
            for side, about in (("Left", "left eye's"), ("Right", "right eye's"), ("", "eyes'"))
            for axis, way in (("X", "right"), ("Y", "up"))
        ),
        *(
            Parameter(f"v2/EyeLid{side}", OPEN, "0 closed..0.75 open..1 wide", "gaze")
            for side in (*_SIDES, "")
        ),
    )


def values(channels: Channels) -> dict[str, Value | None]:
    """Their values now; all neutral while there is but the head's ray."""
    gaze, head = channels.newest("gaze"), channels.newest("head")
    if gaze is None or head is None or gaze["source"] != _EYE_GAZE:
        return {}
    if not int(head["pose"]["flags"]) & _ORIENTATION_VALID:
        return {}
    turn = [float(part) for part in head["pose"]["orientation"]]
    both = place(gaze["direction"], turn)
    if both is None:
        return {}
    told: dict[str, Value | None] = {ACTIVE: True, "v2/EyeX": both[0], "v2/EyeY": both[1]}
    lids = []
    for side, eye in zip(_SIDES, gaze["eyes"], strict=True):
        flags = int(eye["flags"])
        own = place(eye["direction"], turn) if flags & _VALID else None
        told[f"v2/Eye{side}X"], told[f"v2/Eye{side}Y"] = own or both
        if flags & _OPENNESS_GIVEN and math.isfinite(eye["openness"]):
            lid = OPEN * min(1.0, max(0.0, float(eye["openness"])))
            told[f"v2/EyeLid{side}"] = lid
            lids.append(lid)
    if lids:
        told["v2/EyeLid"] = sum(lids) / len(lids)
    return told


def place(direction: Sequence[float] | np.ndarray, turn: Sequence[float]) -> Place | None:
    """A direction of the world as the head sees it.

    Args:
        direction: x right, y up, z back; need not be of length 1.
        turn: The head's orientation, a unit quaternion xyzw.

    Returns:
        To the right and up, as tangents; None where it is not before the head, or no number.
    """
    x, y, z = _unturned([float(part) for part in direction], turn)
    if not (math.isfinite(x) and math.isfinite(y) and math.isfinite(z)) or z >= 0.0:
        return None
    return x / -z, y / -z


def _unturned(vector: Sequence[float], turn: Sequence[float]) -> Vector:
    """A vector turned back: q* v q, written out."""
    x, y, z = vector
    qx, qy, qz, qw = -turn[0], -turn[1], -turn[2], turn[3]
    tx, ty, tz = 2 * (qy * z - qz * y), 2 * (qz * x - qx * z), 2 * (qx * y - qy * x)
    return (
        x + qw * tx + qy * tz - qz * ty,
        y + qw * ty + qz * tx - qx * tz,
        z + qw * tz + qx * ty - qy * tx,
    )
