"""Parameters of what both hands do.

Gestures are numbered as VRChat numbers its own (creators.vrchat.com/avatars/animator-parameters),
under names of ours: its built-in GestureLeft and the like cannot be written over OSC.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sensorium.bridges.osc.parameter import Parameter

if TYPE_CHECKING:
    from sensorium.bridges.channels import Channels
    from sensorium.bridges.osc.parameter import Value

CHANNELS = ("gesture_left", "gesture_right")
GESTURES = {
    "Closed_Fist": 1, "Open_Palm": 2, "Pointing_Up": 3, "Victory": 4, "ILoveYou": 5, "Thumb_Up": 7,
    "Thumb_Down": 0,
}
"""Label of the engine to VRChat's number: Fist, HandOpen, FingerPoint, Victory, RockNRoll, and
ThumbsUp; nothing that we know is its 6, HandGun, and it has no thumb down."""
_FIST = 1
_HELD = (1, 2)
"""Phases."""
_SIDES = {"gesture_left": "Left", "gesture_right": "Right"}


def parameters() -> tuple[Parameter, ...]:
    """All of them."""
    return tuple(
        parameter
        for side in _SIDES.values()
        for parameter in (
            Parameter(f"Sensorium/Gesture{side}", 0, "0 none or thumb down, 1 fist, 2 open hand, "
                      "3 pointing, 4 victory, 5 rock'n'roll, 7 thumb up"),
            Parameter(f"Sensorium/Gesture{side}Weight", 0.0, "How sure; of a fist how closed"),
            Parameter(f"Sensorium/ThumbDown{side}", False, "The thumb points down"),
            Parameter(f"Sensorium/Pinch{side}", 0.0, "0 open..1 thumb and index touch"),
            Parameter(f"Sensorium/Grab{side}", 0.0, "0 open..1 fist"),
        )
    )


def values(channels: Channels) -> dict[str, Value | None]:
    """Their values now."""
    told: dict[str, Value | None] = {}
    for name, side in _SIDES.items():
        record = channels.newest(name)
        if record is None:
            continue
        pinch, grab = float(record["pinch"]), float(record["grab"])
        told[f"Sensorium/Pinch{side}"], told[f"Sensorium/Grab{side}"] = pinch, grab
        if int(record["phase"]) not in _HELD:
            continue
        label = bytes(record["name"]).rstrip(b"\0").decode(errors="replace")
        gesture = GESTURES.get(label, 0)
        told[f"Sensorium/Gesture{side}"] = gesture
        told[f"Sensorium/ThumbDown{side}"] = label == "Thumb_Down"
        if gesture:
            told[f"Sensorium/Gesture{side}Weight"] = (
                grab if gesture == _FIST else float(record["score"])
            )
    return told
