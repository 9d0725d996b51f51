"""Parameters of the voice: that somebody speaks, how loud, and the mouth's shape."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sensorium.bridges.osc.parameter import Parameter
from sensorium.records.voice import VISEMES

if TYPE_CHECKING:
    from sensorium.bridges.channels import Channels
    from sensorium.bridges.osc.parameter import Value

CHANNELS = ("voice_activity",)
VISEME_CHANNELS = ("viseme",)
SPEAKING = "Sensorium/Speaking"
_QUIET_DBFS = -60.0
"""What counts as no loudness at all."""


def parameters() -> tuple[Parameter, ...]:
    """Those of voice activity."""
    return (
        Parameter(SPEAKING, False, "Somebody speaks"),
        Parameter("Sensorium/Loudness", 0.0, "0 at -60 dBFS or less..1 at full scale"),
    )


def values(channels: Channels) -> dict[str, Value | None]:
    """Their values now."""
    record = channels.newest("voice_activity")
    if record is None:
        return {}
    return {
        SPEAKING: bool(record["speaking"]),
        "Sensorium/Loudness": max(0.0, 1.0 - float(record["loudness"]) / _QUIET_DBFS),
    }


def viseme_parameters() -> tuple[Parameter, ...]:
    """Those of the mouth: numbers and names of VRChat's own, which are those of OVRLipSync."""
    return (
        Parameter("Sensorium/VisemeIndex", 0, "The strongest, 0 sil..14 ou", "transcript"),
        *(
            Parameter(f"Sensorium/Viseme/{name}", 1.0 if name == "sil" else 0.0,
                      "How much of this shape, 0..1", "transcript")
            for name in VISEMES
        ),
    )


def viseme_values(channels: Channels) -> dict[str, Value | None]:
    """Their values now."""
    record = channels.newest("viseme")
    if record is None:
        return {}
    weights = zip(VISEMES, record["weights"], strict=True)
    return {
        "Sensorium/VisemeIndex": int(record["strongest"]),
        **{f"Sensorium/Viseme/{name}": float(weight) for name, weight in weights},
    }
