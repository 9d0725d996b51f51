"""A face that a camera sees, as Unified Expressions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sensorium.bridges.osc.parameter import Parameter
from sensorium.bridges.unified_expressions.arkit import expressions
from sensorium.inference import store

if TYPE_CHECKING:
    from sensorium.bridges.channels import Channels
    from sensorium.bridges.osc.parameter import Value

CHANNELS = ("face",)
ACTIVE = ("ExpressionTrackingActive", "LipTrackingActive")
_ENGINE = "face-blendshapes"
"""Its labels name what the record's numbers are."""


class Face:
    """Reads the card once.

    Raises:
        CardError: It is missing or broken.
    """

    def __init__(self) -> None:
        self._labels = store.find_card(_ENGINE).engine.labels

    @staticmethod
    def parameters() -> tuple[Parameter, ...]:
        """All of them; at rest as the face of somebody who looks ahead."""
        return (
            *(Parameter(name, False, "A face is tracked", "camera") for name in ACTIVE),
            *(
                Parameter(f"v2/{name}", float(value), "Unified Expressions", "camera")
                for name, value in expressions({}).items()
            ),
        )

    def values(self, channels: Channels) -> dict[str, Value | None]:
        """Their values now: of the face that is longest in sight."""
        record = channels.newest("face")
        if record is None or not record["count"]:
            return {}
        weights = (float(weight) for weight in record["faces"][0]["blendshapes"])
        shapes = expressions(dict(zip(self._labels, weights, strict=True)))
        return {
            **dict.fromkeys(ACTIVE, True),
            **{f"v2/{name}": value for name, value in shapes.items()},
        }
