"""Whisper's decoder, token after token: the likeliest each time, capped, and stopped in a loop."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sensorium.perception.whisper_text import ENGLISH

if TYPE_CHECKING:
    from sensorium.perception.whisper_text import Vocabulary

Run = Callable[[Mapping[str, NDArray[Any]]], dict[str, NDArray[Any]]]
"""One call of the decoder's engine."""
MAX_TOKENS = 224
"""Half of the model's text, as `DecodingOptions.sample_len` of OpenAI's has it."""
AUTO = "auto"
"""The language that the model hears in the sound."""
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
        language: ISO 639-1.
        chances: Probability of each token, 0..1.
        alignment: [prompt + tokens, heads, positions], scores of the heads that follow the sound;
            row by row what was looked at to find the next token. See `whisper_alignment`.
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


class Decoder:
    """Greedy decoding; one at a time.

    Args:
        run: A call of the decoder's engine.
        vocabulary: Of the same engine.
        max_tokens: Of one text.
        language: ISO 639-1, or `AUTO`; a model for English alone takes no other.

    Attributes:
        vocabulary: As given.

    Raises:
        ValueError: When the model does not know the language.
    """

    def __init__(
        self, run: Run, vocabulary: Vocabulary, max_tokens: int = MAX_TOKENS,
        language: str = AUTO,
    ) -> None:
        known = (AUTO, *(vocabulary.languages or (ENGLISH,)))
        if language not in known:
            raise ValueError(
                f'the model does not know the language "{language}", it knows {", ".join(known)}'
            )
        self.vocabulary = vocabulary
        self._run = run
        self._vocabulary = vocabulary
        self._max_tokens = max_tokens
        self._language = language
        self._capacity = len(vocabulary.prompt(ENGLISH)) + max_tokens
        self._bar = np.zeros(len(vocabulary.tokens), np.float32)
        self._bar[list(vocabulary.suppressed)] = -np.inf
        self._bar[vocabulary.times :] = -np.inf
        self._bar_at_start = self._bar.copy()
        self._bar_at_start[list(vocabulary.suppressed_at_start)] = -np.inf

    def decode(
        self, cross: Mapping[str, NDArray[np.float32]], most: int | None = None
    ) -> Heard:
        """Writes down one piece of sound.

        Args:
            cross: What the encoder gave: keys and values by name. Not changed.
            most: Tokens of this text, at most; None: as many as of any.

        Raises:
            EngineError: When the engine fails.
        """
        steps = _Steps(self._run, cross, self._capacity)
        logits = steps.take(self._vocabulary.start)
        silence = float(np.exp(_log_softmax(logits)[self._vocabulary.silence]))
        language = self._heard_language(logits)
        for token in self._vocabulary.prompt(language)[1:]:
            logits = steps.take(token)
        return self._continue(
            steps, logits, silence, language, min(most or self._max_tokens, self._max_tokens)
        )

    def _heard_language(self, logits: NDArray[np.float32]) -> str:
        """The one that was asked for, or the likeliest after the first token."""
        known = self._vocabulary.languages
        if self._language != AUTO or not known:
            return ENGLISH if self._language == AUTO else self._language
        return max(known, key=lambda name: float(logits[known[name]]))

    def _continue(
        self, steps: _Steps, logits: NDArray[np.float32], silence: float, language: str, most: int
    ) -> Heard:
        tokens: list[int] = []
        logarithms: list[float] = []
        ending = Ending.CAPPED
        while len(tokens) < most:
            logits = logits + (self._bar if tokens else self._bar_at_start)
            chances = _log_softmax(logits)
            token = int(chances.argmax())
            logarithms.append(float(chances[token]))
            if token == self._vocabulary.end:
                ending = Ending.SAID
                break
            tokens.append(token)
            length = loop(tokens)
            if length:
                tokens = self._once(tokens, length)
                ending = Ending.LOOP
                break
            if len(tokens) < most:
                logits = steps.take(token)
        return Heard(
            tuple(tokens), self._vocabulary.text(tokens), ending,
            sum(logarithms) / max(len(logarithms), 1), silence, language,
            tuple(np.exp(logarithms[: len(tokens)]).tolist()), steps.alignment(),
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
        self._followed: list[NDArray[np.float32]] = []
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
        # The engine may write over what it gave in its next call.
        self._followed.append(results["alignment"].copy())
        logits: NDArray[np.float32] = results["logits"][0]
        return logits

    def alignment(self) -> NDArray[np.float32]:
        """Of every token that was given: [tokens, heads, positions]."""
        return np.stack(self._followed)


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
