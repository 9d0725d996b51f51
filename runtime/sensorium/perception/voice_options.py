"""The options of voice activity and of the utterances that it finds."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class VoiceOptions:
    """Thresholds and times.

    With Silero's own thresholds, 0.5 and 0.35, one in twenty onsets of recorded speech is told more
    than 144 ms after it (soft first consonants); with these it is 84 ms, and noise begins nothing.
    """

    onset: float = field(
        default=0.3,
        metadata={"doc": "Speech begins at this probability.", "min": 0.01, "max": 1.0},
    )
    offset: float = field(
        default=0.2,
        metadata={
            "doc": "Silence begins under this probability; not above onset.",
            "min": 0.0,
            "max": 1.0,
        },
    )
    min_speech_ms: int = field(
        default=32,
        metadata={
            "doc": "Speech this long is needed for an onset; 32 is one block.",
            "min": 0,
            "max": 5000,
        },
    )
    min_silence_ms: int = field(
        default=100,
        metadata={"doc": "Silence this long ends speech.", "min": 0, "max": 10_000},
    )
    utterance_silence_ms: int = field(
        default=320,
        metadata={
            "doc": "Silence this long ends an utterance: longer waits for pauses in a sentence, "
            "shorter answers sooner.",
            "min": 96,
            "max": 5000,
        },
    )
    utterance_max_s: float = field(
        default=12.0,
        metadata={
            "doc": "Longer speech is cut, where it is quietest, into utterances that follow one "
            "another.",
            "min": 5.0,
            "max": 20.0,
        },
    )

    def __post_init__(self) -> None:
        if self.offset > self.onset:
            raise ValueError("offset is above onset")
