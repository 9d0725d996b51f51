"""ARKit's blendshapes as Unified Expressions, by VRCFaceTracking's own table.

docs.vrcft.io, "Apple ARKit", says which expression each blendshape is; "VRCFaceTracking parameters"
which parameters an avatar may have of it. Where ARKit has one shape for what is several there (both
lips, both sides, a smile), each of them gets its weight. ARKit's mouthLeft and mouthRight are in no
row of the table, and tongueOut in no model of ours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

LID_OPEN, LID_WIDE = 0.75, 0.25
"""Shares of a lid's range."""
_CORNERS = ("UpperRight", "UpperLeft", "LowerRight", "LowerLeft")

SAME: dict[str, tuple[str, ...]] = {
    "eyeSquintRight": ("EyeSquintRight",),
    "eyeSquintLeft": ("EyeSquintLeft",),
    "browDownRight": ("BrowDownRight", "BrowLowererRight", "BrowPinchRight"),
    "browDownLeft": ("BrowDownLeft", "BrowLowererLeft", "BrowPinchLeft"),
    "browInnerUp": ("BrowInnerUp", "BrowInnerUpRight", "BrowInnerUpLeft"),
    "browOuterUpRight": ("BrowOuterUpRight",),
    "browOuterUpLeft": ("BrowOuterUpLeft",),
    "noseSneerRight": ("NoseSneerRight",),
    "noseSneerLeft": ("NoseSneerLeft",),
    "cheekSquintRight": ("CheekSquintRight",),
    "cheekSquintLeft": ("CheekSquintLeft",),
    "cheekPuff": ("CheekPuffSuck", "CheekPuffSuckRight", "CheekPuffSuckLeft"),
    "jawOpen": ("JawOpen",),
    "mouthClose": ("MouthClosed",),
    "jawForward": ("JawZ",),
    "mouthRollUpper": ("LipSuckUpper", "LipSuckUpperRight", "LipSuckUpperLeft"),
    "mouthRollLower": ("LipSuckLower", "LipSuckLowerRight", "LipSuckLowerLeft"),
    "mouthFunnel": ("LipFunnel", *(f"LipFunnel{corner}" for corner in _CORNERS)),
    "mouthPucker": ("LipPucker", *(f"LipPucker{corner}" for corner in _CORNERS)),
    "mouthUpperUpRight": ("MouthUpperUpRight",),
    "mouthUpperUpLeft": ("MouthUpperUpLeft",),
    "mouthLowerDownRight": ("MouthLowerDownRight",),
    "mouthLowerDownLeft": ("MouthLowerDownLeft",),
    "mouthSmileRight": ("MouthSmileRight", "MouthCornerPullRight", "MouthCornerSlantRight"),
    "mouthSmileLeft": ("MouthSmileLeft", "MouthCornerPullLeft", "MouthCornerSlantLeft"),
    "mouthFrownRight": ("MouthFrownRight",),
    "mouthFrownLeft": ("MouthFrownLeft",),
    "mouthStretchRight": ("MouthStretchRight",),
    "mouthStretchLeft": ("MouthStretchLeft",),
    "mouthDimpleRight": ("MouthDimpleRight",),
    "mouthDimpleLeft": ("MouthDimpleLeft",),
    "mouthShrugUpper": ("MouthRaiserUpper",),
    "mouthShrugLower": ("MouthRaiserLower",),
    "mouthPressRight": ("MouthPressRight",),
    "mouthPressLeft": ("MouthPressLeft",),
}
"""Blendshape to the parameters that get its weight, without their prefix."""

OPPOSED: dict[str, tuple[str, str]] = {
    "JawX": ("jawRight", "jawLeft"),
    "EyeRightX": ("eyeLookOutRight", "eyeLookInRight"),
    "EyeLeftX": ("eyeLookInLeft", "eyeLookOutLeft"),
    "EyeRightY": ("eyeLookUpRight", "eyeLookDownRight"),
    "EyeLeftY": ("eyeLookUpLeft", "eyeLookDownLeft"),
}
"""Parameter to the blendshape of its positive and of its negative half."""

LIDS: dict[str, tuple[str, str]] = {
    "EyeLidRight": ("eyeBlinkRight", "eyeWideRight"),
    "EyeLidLeft": ("eyeBlinkLeft", "eyeWideLeft"),
}
"""Parameter to the blendshape that shuts and the one that opens it further."""


def expressions(weights: Mapping[str, float]) -> dict[str, float]:
    """Parameters without their prefix, of a face's blendshapes.

    Args:
        weights: Blendshape to weight, 0..1; what is not there counts as 0.
    """
    told = {name: weights.get(shape, 0.0) for shape, names in SAME.items() for name in names}
    for name, (more, less) in OPPOSED.items():
        told[name] = weights.get(more, 0.0) - weights.get(less, 0.0)
    for name, (shut, wide) in LIDS.items():
        told[name] = LID_OPEN * (1.0 - weights.get(shut, 0.0)) + LID_WIDE * weights.get(wide, 0.0)
    return told
