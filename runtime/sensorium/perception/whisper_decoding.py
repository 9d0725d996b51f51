"""Whisper's decoder, token after token: the likeliest each time, capped, and stopped in a loop."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sensorium.perception.whisper_text import Vocabulary

Run = Callable[[Mapping[str, NDArray[Any]]], dict[str, NDArray[Any]]]
"""One call of the decoder's engine."""

MAX_TOKENS = 224
"""Half of the model's text, as `DecodingOptions.sample_len` of OpenAI's has it."""
LONGEST_LOOP = 24
"""Tokens that may repeat as one, at most."""
LOOP_TIMES, LOOP_TOKENS = 3, 12
"""It is a loop when something came this often in a row, and fills this many tokens."""
_SENTENCE_ENDS = (".", "?", "!")


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
    """

    tokens: tuple[int, ...]
    text: str
    ending: Ending
    mean_log_probability: float
    silence: float


class Decoder:
    """Greedy decoding; one at a time.

    Args:
        run: A call of the decoder's engine.
        vocabulary: Of the same engine.
        max_tokens: Of one text.
    """

    def __init__(self, run: Run, vocabulary: Vocabulary, max_tokens: int = MAX_TOKENS) -> None:
        self._run = run
        self._vocabulary = vocabulary
        self._max_tokens = max_tokens
        self._capacity = len(vocabulary.prompt) + max_tokens
        self._bar = np.zeros(len(vocabulary.tokens), np.float32)
        self._bar[list(vocabulary.suppressed)] = -np.inf
        self._bar[vocabulary.times :] = -np.inf
        self._bar_at_start = self._bar.copy()
        self._bar_at_start[list(vocabulary.suppressed_at_start)] = -np.inf

    def decode(self, cross: Mapping[str, NDArray[np.float32]]) -> Heard:
        """Writes down one piece of sound.

        Args:
            cross: What the encoder gave: keys and values by name. Not changed.

        Raises:
            EngineError: When the engine fails.
        """
        steps = _Steps(self._run, cross, self._capacity)
        first, *others = self._vocabulary.prompt
        logits = steps.take(first)
        silence = float(np.exp(_log_softmax(logits)[self._vocabulary.silence]))
        for token in others:
            logits = steps.take(token)
        return self._continue(steps, logits, silence)

    def _continue(self, steps: _Steps, logits: NDArray[np.float32], silence: float) -> Heard:
        tokens: list[int] = []
        total, counted, ending = 0.0, 0, Ending.CAPPED
        while len(tokens) < self._max_tokens:
            chances = _log_softmax(logits + (self._bar if tokens else self._bar_at_start))
            token = int(chances.argmax())
            total, counted = total + float(chances[token]), counted + 1
            if token == self._vocabulary.end:
                ending = Ending.SAID
                break
            tokens.append(token)
            length = loop(tokens)
            if length:
                tokens = self._once(tokens, length)
                ending = Ending.LOOP
                break
            if len(tokens) < self._max_tokens:
                logits = steps.take(token)
        return Heard(
            tuple(tokens), self._vocabulary.text(tokens), ending, total / max(counted, 1), silence
        )

    def _once(self, tokens: list[int], length: int) -> list[int]:
        """Leaves a loop at the end once, and up to the end of a sentence where it has one.

        A loop is seen wherever it began to repeat, which may be within a sentence.
        """
        least = len(tokens) - (times(length) - 1) * length
        for kept in range(least, least + length):
            if self._vocabulary.text(tokens[kept - 1 : kept]).endswith(_SENTENCE_ENDS):
                return tokens[:kept]
        return tokens[:least]


class _Steps:
    """The cache of one text, and the step that fills it."""

    def __init__(
        self, run: Run, cross: Mapping[str, NDArray[np.float32]], capacity: int
    ) -> None:
        self._run = run
        self._token = np.zeros((1, 1), np.int64)
        self._position = np.zeros(1, np.int64)
        self._feeds: dict[str, NDArray[Any]] = {
            "token": self._token, "position": self._position, **cross
        }
        self._layers = sum(name.startswith("cross_k_") for name in cross)
        for layer in range(self._layers):
            for name, axis in (("k", 3), ("v", 2)):
                shape = list(cross[f"cross_{name}_{layer}"].shape)
                shape[axis] = capacity
                # Rows that were not written weigh nothing, but must be numbers.
                self._feeds[f"cache_{name}_{layer}"] = np.zeros(shape, np.float32)

    def take(self, token: int) -> NDArray[np.float32]:
        """Gives the model one token; returns the logits of the next, [vocabulary]."""
        self._token[0, 0] = token
        results = self._run(self._feeds)
        row = int(self._position[0])
        for layer in range(self._layers):
            self._feeds[f"cache_k_{layer}"][..., row] = results[f"new_k_{layer}"][..., 0]
            self._feeds[f"cache_v_{layer}"][:, :, row] = results[f"new_v_{layer}"][:, :, 0]
        self._position[0] = row + 1
        logits: NDArray[np.float32] = results["logits"][0]
        return logits


def loop(tokens: Sequence[int]) -> int:
    """How many tokens at the end repeat as one, often enough to be a loop; 0 where none do."""
    for length in range(1, min(LONGEST_LOOP, len(tokens) // LOOP_TIMES) + 1):
        span = times(length) * length
        if len(tokens) >= span and list(tokens[-span:]) == list(tokens[-length:]) * times(length):
            return length
    return 0


def times(length: int) -> int:
    """How often so many tokens must come in a row to be a loop."""
    return max(LOOP_TIMES, -(-LOOP_TOKENS // length))


def _log_softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    shifted: NDArray[np.float32] = logits - logits.max()
    shifted -= np.log(np.exp(shifted).sum())
    return shifted
