"""What a configuration says of the governor."""

from __future__ import annotations

from dataclasses import dataclass, field

POLICIES = ("quality", "frames", "pause")


@dataclass(frozen=True)
class Governor:
    """How the senses give way to an app whose frames are at risk."""

    enabled: bool = field(
        default=True,
        metadata={"doc": "Whether they do; false: they take what they need."},
    )
    policy: str = field(
        default="frames",
        metadata={
            "doc": "quality: senses are slowed once frames are missed, and not paused; frames: "
            "before one is missed; pause: they are paused while an app that tells its frames runs.",
            "choices": POLICIES,
        },
    )
    pressure: bool = field(
        default=True,
        metadata={
            "doc": "Whether, while no app tells its frames, they give way to whatever else the PC "
            "is busy with."
        },
    )
