"""What Whisper heard in one piece of sound, and why its text ends."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

import numpy as np

from sensorium.perception.whisper_text import ENGLISH

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Ending(Enum):
    """Why a text ends."""

    SAID = "said"
    """The model said so."""
    CAPPED = "capped"
    """It had as many tokens as are allowed."""
    LOOP = "loop"
    """It repeated itself; what was repeated stands once."""


@dataclass(frozen=True)
class Heard:
    """What was said in one piece of sound.

    Attributes:
        tokens: Without the prompt and the end.
        text: Theirs.
        ending: Why they end.
        mean_log_probability: Of the tokens, the end included; 0 is certainty.
        silence: Probability that nobody speaks, 0..1.
        language: ISO 639-1.
        chances: Probability of each token, 0..1.
        alignment: [prompt + tokens, heads, positions], scores of the heads that follow the sound;
            row by row what was looked at to find the next token. See `whisper_alignment`.
        unbiased: What is heard without a bias, where that is another text.
        whole: Whether it is a phrase that was compared with the whole of that text.
    """

    tokens: tuple[int, ...]
    text: str
    ending: Ending
    mean_log_probability: float
    silence: float
    language: str = ENGLISH
    chances: tuple[float, ...] = ()
    alignment: NDArray[np.float32] = field(
        default_factory=lambda: np.zeros((0, 0, 0), np.float32), compare=False, repr=False
    )
    unbiased: Heard | None = field(default=None, compare=False, repr=False)
    whole: bool = field(default=False, compare=False, repr=False)
