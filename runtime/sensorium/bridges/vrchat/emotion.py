"""Parameters of an estimate of emotion: only where the owner asks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sensorium.bridges.osc.parameter import Parameter

if TYPE_CHECKING:
    from sensorium.bridges.channels import Channels
    from sensorium.bridges.osc.parameter import Value

CHANNELS = ("emotion",)


def parameters() -> tuple[Parameter, ...]:
    """All of them."""
    return (
        Parameter("Sensorium/EmotionIndex", 0, "An estimate: 1 and up, the engine's labels in "
                  "their order; 0 none", "emotion"),
        Parameter("Sensorium/EmotionScore", 0.0, "Of the estimate, 0..1", "emotion"),
    )


def values(channels: Channels) -> dict[str, Value | None]:
    """Their values now."""
    record = channels.newest("emotion")
    if record is None or not record["label_count"]:
        return {}
    return {
        "Sensorium/EmotionIndex": int(record["label"]) + 1,
        "Sensorium/EmotionScore": float(record["score"]),
    }
