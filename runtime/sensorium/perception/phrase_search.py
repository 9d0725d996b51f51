"""The likeliest phrase of those that are waited for, to the model that wrote something else.

Leaning (`phrase_bias`) goes token by token, and turns back where one is much less likely than the
model's own: "there" behind "put that" where the model hears "now". Here whole phrases are compared
with the whole text: depth first, the likeliest token first, and no further than the best one found
(branch and bound: Land and Doig, Econometrica 28, 1960).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from sensorium.perception.phrase_bias import Follower, PhraseBias
    from sensorium.perception.whisper_steps import Steps

    Logits = NDArray[np.float32]

NEAR = 0.4
"""The share of a bias's weight that a token earns here: 2 of the usual 5. Where synthetic voices
were heard as something else the right phrase mostly lay up to 2 a token away ("put that there" of
espeak-ng 2 to 2.8). Of short prompts that were no commands, and of short sentences in Spanish,
French, Russian and German that the model followed (`whisper_decoding.CLEAR`), the nearest phrase
that was seen lay 2.2 away; where it followed nothing some lay nearer than 0.3."""
LEAST_TOKENS = 2
"""A phrase of one token is near to too much."""
LEAST_LENGTH = 0.6
"""Of the text's letters a phrase has at least so many: what is much shorter leaves sound out."""
MOST_STEPS = 24
"""Of the decoder, for one utterance."""
_LEAST_DEPTH = 4
"""Tokens whose margin is given to every beginning."""


class Found(NamedTuple):
    """A phrase as the model would write it.

    Attributes:
        tokens: Of the phrase and a mark behind it, without the end.
        logarithms: Of the chance of each, and of the end.
    """

    tokens: tuple[int, ...]
    logarithms: tuple[float, ...]


class PhraseSearch:
    """One search.

    Args:
        bias: The phrases.
        end: The token of a text's end.
        text: What tokens are written as.
        chances: Logarithms of the chances of the next token, from its logits and the tokens so far.
    """

    def __init__(
        self, bias: PhraseBias, end: int, text: Callable[[Sequence[int]], str],
        chances: Callable[[Logits, Sequence[int]], Logits],
    ) -> None:
        self._bias = bias
        self._end = end
        self._chances = chances
        self._text = text
        self._marks = np.array(sorted(bias.marks - {end}), np.intp)
        self._margin = NEAR * bias.weight
        self._left = MOST_STEPS
        self._own = self._least = 0.0
        self._best: Found | None = None
        self._score = -np.inf

    def find(
        self, steps: Steps, logits: Logits, given: int, own: float, length: int
    ) -> Found | None:
        """The likeliest phrase that is near enough; None: none is.

        Args:
            steps: Of the text; they stand behind the prompt afterwards, or behind what was found.
            logits: Of the first token.
            given: Tokens of the prompt.
            own: Logarithm of the chance of the model's own text.
            length: Of that text, in letters.

        Raises:
            EngineError: When the engine fails.
        """
        self._own, self._least = own, LEAST_LENGTH * length
        steps.back(given)
        self._go(steps, logits, given, self._bias.begin(), (), ())
        if self._best is None:
            return None
        for token in self._best.tokens:
            logits = steps.take(token)
        end = float(self._chances(logits, self._best.tokens)[self._end])
        return self._best._replace(logarithms=(*self._best.logarithms, end))

    def _go(
        self, steps: Steps, logits: Logits, given: int, follower: Follower,
        tokens: tuple[int, ...], logarithms: tuple[float, ...],
    ) -> None:
        chances = self._chances(logits, tokens)
        total = sum(logarithms)
        if follower.complete >= LEAST_TOKENS:
            self._end_here(chances, total, follower.complete, tokens, logarithms)
        # Numbers are read as the model writes them.
        likely = follower.tokens[np.argsort(-chances[follower.tokens], kind="stable")].tolist()
        for token in dict.fromkeys((*likely, int(chances.argmax()))):
            reached = total + float(chances[token])
            least = self._own - self._margin * max(len(tokens) + 1, _LEAST_DEPTH)
            if token in self._bias.marks or (behind := follower.take(token)).complete < 0:
                continue
            if reached <= max(self._score, least) or not self._left:
                return
            self._left -= 1
            # The engine may write over its logits in the next call.
            further = steps.take(token).copy()
            self._go(
                steps, further, given, behind, (*tokens, token),
                (*logarithms, float(chances[token])),
            )
            steps.back(given + len(tokens))

    def _end_here(
        self, chances: Logits, total: float, earned: int, tokens: tuple[int, ...],
        logarithms: tuple[float, ...],
    ) -> None:
        """Takes a phrase that is whole, with a mark or without; behind one the end is certain."""
        mark = int(self._marks[chances[self._marks].argmax()]) if len(self._marks) else self._end
        last = max(self._end, mark, key=lambda token: float(chances[token]))
        score = total + float(chances[last])
        if (
            score > self._score and score >= self._own - self._margin * earned
            and letters(self._text(tokens)) >= self._least
        ):
            self._score = score
            if last != self._end:
                tokens, logarithms = (*tokens, last), (*logarithms, float(chances[last]))
            self._best = Found(tokens, logarithms)


def letters(text: str) -> int:
    """How many letters and figures a text has."""
    return sum(map(str.isalnum, text))
