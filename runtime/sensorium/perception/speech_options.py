"""The options of speech to text."""

from __future__ import annotations

from dataclasses import dataclass, field

from sensorium.perception.whisper_beam import WIDTH
from sensorium.perception.whisper_text import ENGLISH


@dataclass(frozen=True)
class SpeechOptions:
    """Which model, which language, and whether text is told early."""

    encoder: str = field(
        default="whisper-tiny-en-encoder",
        metadata={"doc": "The engine of the model's first half."},
    )
    decoder: str = field(
        default="whisper-tiny-en-decoder",
        metadata={"doc": "The engine of its second half."},
    )
    language: str = field(
        default=ENGLISH,
        metadata={
            "doc": "What is spoken, ISO 639-1; auto: what the model hears in each utterance. A "
            "model for English alone takes en and auto.",
        },
    )
    partials: bool = field(
        default=True, metadata={"doc": "Whether text is told while one speaks, too."}
    )
    width: int = field(
        default=WIDTH,
        metadata={
            "doc": "How many texts are followed side by side where the model is in doubt, before "
            "the likeliest is told; 1: none but the first.",
            "min": 1,
            "max": WIDTH,
        },
    )
    bias: float = field(
        default=5.0,
        metadata={
            "doc": "How much recognition leans towards the commands that an app waits for, in "
            "natural logarithms a token; 0: not at all.",
            "min": 0.0,
            "max": 10.0,
        },
    )
