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
    apps: dict[str, str] = field(
        default_factory=dict,
        metadata={
            "doc": "The policy of single apps, by the name that one says hello with, that a game "
            "tells OpenXR, or the file name of its program.",
            "choices": POLICIES,
        },
    )
    priority: dict[str, int] = field(
        default_factory=dict,
        metadata={
            "doc": "How much senses matter, by name: of two the lower one is slowed first.",
            "min": 0,
            "max": 100,
        },
    )
    longest_ms: dict[str, int] = field(
        default_factory=dict,
        metadata={
            "doc": "What is kept from senses at most while an app is missing frames, by name, in "
            "ms: from one result to the next, or how long what was said waits.",
            "min": 10,
            "max": 30_000,
        },
    )
    smaller: dict[str, str] = field(
        default_factory=dict,
        metadata={
            "doc": "Smaller engines of senses, by name, that they go over to while an app is "
            "missing frames and slowing them is not enough."
        },
    )
