"""What the configuration may say about the sensor of the OpenXR layer."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class OpenXRLayerOptions:
    """The table `[sensors.openxr_layer]`.

    Attributes:
        rate_hz: How often the game's file is looked at; the layer itself samples at the display's
            rate, or at the one that it was allowed with.
    """

    rate_hz: float = field(
        default=250.0,
        metadata={"doc": "looks at the game's file per second", "min": 30.0, "max": 1000.0},
    )
