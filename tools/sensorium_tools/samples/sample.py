"""One sample of a set."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Sample:
    """One thing that an engine can be run on.

    Attributes:
        name: Unique in its set; the same each time.
        kind: sound, hand, image, text or motion.
        data: sound: float32 [n], mono, 16 kHz, -1..1. hand: float32 [26, 3], the OpenXR joints in
            metres. image: uint8 [height, width, 3], RGB. text: str.
            motion: float32 [n, 12], the steps of `perception.hand_motion`.
        truth: What is known of it, by the name of what it is known for: "text", "speaker",
            "class", "handedness", "intervals" (float [n, 2], seconds in which somebody speaks),
            "visemes" (float [n, 3]: first and last second and index of each stretch),
            "movements" (float [n, 3]: first and last step and index of each),
            "face" (float [4]: left, top, right, bottom in pixels). May be empty.
        origin: Which source of its set it came from; samples of one origin are not independent.
    """

    name: str
    kind: str
    data: Any
    truth: Mapping[str, Any] = field(default_factory=dict)
    origin: str = ""
