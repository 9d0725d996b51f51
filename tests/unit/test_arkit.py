"""ARKit's blendshapes as Unified Expressions: by the table that VRCFaceTracking publishes."""

from __future__ import annotations

from sensorium.bridges.unified_expressions.arkit import LIDS, OPPOSED, SAME, expressions
from sensorium.inference import store

SIDES = ("Right", "Left")
CORNERS = ("UpperRight", "UpperLeft", "LowerRight", "LowerLeft")
DOCUMENTED = {
    *(f"{name}{side}" for side in SIDES for name in (
        "EyeLid", "EyeSquint", "BrowPinch", "BrowLowerer", "BrowInnerUp", "BrowOuterUp", "BrowDown",
        "NoseSneer", "CheekSquint", "CheekPuffSuck", "MouthUpperUp", "MouthLowerDown",
        "MouthCornerPull", "MouthCornerSlant", "MouthDimple", "MouthFrown", "MouthStretch",
        "MouthPress", "MouthSmile", "LipSuckUpper", "LipSuckLower",
    )),
    *(f"Eye{side}{axis}" for side in SIDES for axis in "XY"),
    *(f"Lip{name}{corner}" for name in ("Funnel", "Pucker") for corner in CORNERS),
    "BrowInnerUp", "CheekPuffSuck", "JawOpen", "MouthClosed", "JawX", "JawZ", "LipFunnel",
    "LipPucker", "LipSuckUpper", "LipSuckLower", "MouthRaiserUpper", "MouthRaiserLower",
}
"""Of docs.vrcft.io, "VRCFaceTracking parameters"."""
NOT_IN_THE_TABLE = {"_neutral", "mouthLeft", "mouthRight"}


def test_every_name_is_documented_and_every_blendshape_has_its_place() -> None:
    assert set(expressions({})) <= DOCUMENTED
    pairs = (*OPPOSED.values(), *LIDS.values())
    used = [*SAME, *(shape for pair in pairs for shape in pair)]
    assert len(set(used)) == len(used)
    labels = set(store.find_card("face-blendshapes").engine.labels)
    assert labels - set(used) == NOT_IN_THE_TABLE
    assert set(used) <= labels


def test_a_face_at_rest_is_neutral_with_open_eyes() -> None:
    told = expressions({})
    assert {name for name, value in told.items() if value} == {"EyeLidLeft", "EyeLidRight"}
    assert told["EyeLidLeft"] == 0.75


def test_halves_and_lids_go_their_way() -> None:
    told = expressions({
        "eyeLookInRight": 1.0, "eyeLookInLeft": 1.0, "eyeLookDownLeft": 0.5, "jawLeft": 0.25,
        "eyeBlinkLeft": 1.0, "eyeWideRight": 1.0, "mouthSmileLeft": 0.5,
    })
    assert (told["EyeRightX"], told["EyeLeftX"], told["EyeLeftY"]) == (-1.0, 1.0, -0.5)
    assert (told["JawX"], told["EyeLidLeft"], told["EyeLidRight"]) == (-0.25, 0.0, 1.0)
    assert told["MouthSmileLeft"] == told["MouthCornerPullLeft"] == 0.5
    assert all(-1.0 <= value <= 1.0 for value in told.values())
