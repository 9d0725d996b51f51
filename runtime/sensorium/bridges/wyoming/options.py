"""What the bridge to Wyoming offers, and to whom."""

from __future__ import annotations

from dataclasses import dataclass, field

from sensorium.bridges.listening import check_address, listen_key
from sensorium.perception.segment_text import MODELS


@dataclass(frozen=True)
class WyomingOptions:
    """Where it listens, and with which models."""

    listen: str = listen_key()
    port: int = field(
        default=10_300,
        metadata={
            "doc": "Of TCP; 0: any free one, which `sensorium doctor` tells.", "min": 0,
            "max": 65_535,
        },
    )
    model: str = field(
        default="tiny.en",
        metadata={
            "doc": "Which Whisper writes down: tiny.en, for English; base, for many languages.",
            "choices": tuple(MODELS),
        },
    )
    wake_words: tuple[str, ...] = field(
        default=("hey-sensorium",),
        metadata={"doc": "Heads of wake words, by the name of their engine; empty: none."},
    )
    longest_s: float = field(
        default=60.0,
        metadata={
            "doc": "The longest sound that is written down; each second takes 64 kB.", "min": 1.0,
            "max": 600.0,
        },
    )
    max_clients: int = field(
        default=8,
        metadata={"doc": "Connections at a time; further ones are refused.", "min": 1, "max": 64},
    )

    def __post_init__(self) -> None:
        check_address("listen", self.listen)
        if len(self.wake_words) > 8 or len(set(self.wake_words)) < len(self.wake_words):
            raise ValueError("wake_words takes at most eight names, each once")
