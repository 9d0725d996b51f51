"""The options of the wake word."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class WakeWordOptions:
    """Which phrases, and how sure."""

    engines: tuple[str, ...] = field(
        default=("hey-sensorium",),
        metadata={
            "doc": "Heads, by name: the shipped hey-sensorium, or what `sensorium-engines train "
            "wake-word` made."
        },
    )
    threshold: float = field(
        default=0.0,
        metadata={
            "doc": "Detected from this score on, without a check; 0: what each head's training "
            "chose.",
            "min": 0.0, "max": 1.0,
        },
    )
    check: bool = field(
        default=True,
        metadata={
            "doc": "Whether what a head is in doubt of is checked by Whisper tiny.en, where its "
            "engines are built; false: a head's score alone decides."
        },
    )
    voice_gate: bool = field(
        default=True,
        metadata={"doc": "Listens only while voice activity hears somebody; false: always."},
    )
    hang_over_ms: int = field(
        default=1000,
        metadata={"doc": "Listens on after the voice has ended.", "min": 400, "max": 60_000},
    )

    def __post_init__(self) -> None:
        if not 0 < len(self.engines) <= 8 or len(set(self.engines)) < len(self.engines):
            raise ValueError("engines needs one to eight names, each once")
