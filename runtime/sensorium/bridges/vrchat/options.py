"""What the bridge to VRChat tells."""

from __future__ import annotations

from dataclasses import dataclass, field

from sensorium.bridges.osc.options import OscOptions


@dataclass(frozen=True)
class VRChatOptions(OscOptions):
    """Which groups of parameters, and whether what is said is shown."""

    hands: bool = field(
        default=True, metadata={"doc": "Whether gestures, pinch and grab of both hands are told."}
    )
    head: bool = field(default=True, metadata={"doc": "Whether nods and shakes are told."})
    voice: bool = field(
        default=True, metadata={"doc": "Whether it is told that somebody speaks, and how loud."}
    )
    visemes: bool = field(
        default=False, metadata={"doc": "Whether the mouth's 15 shapes are told."}
    )
    emotion: bool = field(
        default=False,
        metadata={
            "doc": "Whether estimates of emotion are told; never with workplace_or_education."
        },
    )
    chatbox: bool = field(
        default=False,
        metadata={"doc": "Whether what you say is shown above your head, to all who see you."},
    )
    typing: bool = field(
        default=True,
        metadata={"doc": "Whether the chatbox shows that you speak before the text is there."},
    )
    chatbox_interval_s: float = field(
        default=1.5,
        metadata={
            "doc": "Least time between two texts: VRChat drops those that come faster.",
            "min": 1.3, "max": 30.0,
        },
    )
