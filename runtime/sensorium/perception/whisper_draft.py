"""A text that Whisper writes: what may come next in it, and when it ends."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from sensorium.perception.softmax import log_softmax
from sensorium.perception.whisper_heard import Ending
from sensorium.perception.whisper_loops import loop, once

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sensorium.perception.whisper_text import Vocabulary


@dataclass(frozen=True)
class Draft:
    """A text so far.

    Attributes:
        tokens: Without the prompt and the end.
        logarithms: Of the chance of each, and of the end's.
        ending: Why it ends; None: it goes on.
        row: Its number among the texts that go side by side; see `Steps`.
    """

    tokens: tuple[int, ...] = ()
    logarithms: tuple[float, ...] = ()
    ending: Ending | None = None
    row: int = 0

    @property
    def total(self) -> float:
        """The logarithm of the text's chance."""
        return sum(self.logarithms)

    @property
    def score(self) -> float:
        """That of a token: what texts of several lengths are compared by.

        The end's chance counts and its token does not, as in `MaximumLikelihoodRanker` of
        `whisper/decoding.py` and in CTranslate2 with its length penalty of 1.
        """
        return self.total / max(len(self.tokens), 1)


class Rules:
    """What a model's texts keep to.

    Args:
        vocabulary: Of the model.
    """

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._bar = np.zeros(len(vocabulary.tokens), np.float32)
        self._bar[list(vocabulary.suppressed)] = -np.inf
        self._bar[vocabulary.times :] = -np.inf
        self._bar_at_start = self._bar.copy()
        self._bar_at_start[list(vocabulary.suppressed_at_start)] = -np.inf

    def chances(self, logits: NDArray[np.float32], begun: bool) -> NDArray[np.float32]:
        """Natural logarithms of the chances of the next token.

        Args:
            logits: [vocabulary], or [texts, vocabulary].
            begun: Whether the texts have tokens already.
        """
        return log_softmax(logits + (self._bar if begun else self._bar_at_start))

    def take(self, draft: Draft, token: int, logarithm: float, most: int) -> Draft:
        """The text with one more token.

        Args:
            draft: Without it.
            token: The token.
            logarithm: Of its chance.
            most: Tokens of a text, at most.
        """
        logarithms = (*draft.logarithms, logarithm)
        if token == self._vocabulary.end:
            return replace(draft, logarithms=logarithms, ending=Ending.SAID)
        tokens, ending = (*draft.tokens, token), None
        length = loop(tokens)
        if length:
            tokens = tuple(once([*tokens], length, self._vocabulary.text))
            ending = Ending.LOOP
        elif len(tokens) >= most:
            ending = Ending.CAPPED
        return replace(draft, tokens=tokens, logarithms=logarithms, ending=ending)
