"""What the configuration may say about the OpenXR sensor."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class OpenXROptions:
    """The table `[sensors.openxr]`.

    Attributes:
        rate_hz: How often the headset is polled where the runtime does not say its display's rate.
        space: The origin that poses are told in; where it is not offered, the next of
            stage, local_floor, local serves.
        hands: Whether hands are tracked.
        controllers: Whether controllers are read.
        gaze: Whether the eyes are tracked, where the headset does.
    """

    rate_hz: float = field(
        default=90.0,
        metadata={
            "doc": "polls per second where the runtime does not say its display's rate",
            "min": 10.0,
            "max": 500.0,
        },
    )
    space: str = field(
        default="stage",
        metadata={
            "doc": "origin of all poses; if not offered, the next of these serves",
            "choices": ("stage", "local_floor", "local"),
        },
    )
    hands: bool = field(default=True, metadata={"doc": "track hands"})
    controllers: bool = field(default=True, metadata={"doc": "read controllers"})
    gaze: bool = field(default=True, metadata={"doc": "track the eyes, where the headset does"})
