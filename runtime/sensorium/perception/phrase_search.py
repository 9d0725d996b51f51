"""The likeliest phrase of those that are waited for, to the model that wrote something else.

Leaning (`phrase_bias`) goes token by token, and turns back where one is much less likely than the
model's own: "there" behind "put that" where the model hears "now". Here whole phrases are compared
with the whole text: beginnings go side by side in the decoder, the most hopeful first, and none
that can no more be better than the best one found (branch and bound: Land and Doig, Econometrica
28, 1960). How much less likely a phrase may be
depends on how it sounds beside what the model wrote: two witnesses, of which one alone is deceived
by what is often said ("what is that") or by what rhymes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sensorium.perception.commands.phonetic_likeness import likeness, most_alike, sounds
from sensorium.perception.commands.spoken_numbers import number_at
from sensorium.perception.commands.words import plain
from sensorium.perception.whisper_beam import WIDTH

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from sensorium.perception.phrase_bias import Follower, PhraseBias
    from sensorium.perception.whisper_draft import Draft
    from sensorium.perception.whisper_steps import Steps

    Logits = NDArray[np.float32]

NEAR = 0.5
"""The share of a bias's weight that a token earns here, at most: 2.5 of the usual 5."""
ALIKE, STEEP = 0.35, 1.2
"""What sounds no more like the model's own text than the first earns nothing; from there on it is
the second times the weight and the likeness beyond."""
DOUBT = 3.5
"""And no more than so often what a token of its own text costs on the mean: who is sure of what was
heard is not talked out of it. These figures were chosen on 160 commands of 17 synthetic voices
("put that there", heard as "but not there"), 113 sentences of four of them that are none, 48 that
are nearly one ("cut that there"), 30 in Spanish, French, German, Russian and Italian, and 58
recorded prompts, by the scores of every phrase: of the commands 145 were understood, and of the
others 4, 8, 2 and 0 taken for one; where each token earned 2, however a phrase sounds, and nothing
under `CLEAR`, 115 and 4, 13, 2 and 0."""
CLEAR, SOUNDS_SO = -0.8, 0.6
"""A text whose tokens are less likely than the first, on the mean, is no English that the model
follows: there a phrase is found in anything, and it must be so like the text, and hold no number
that the text does not: any would do."""
LEAST_TOKENS = 2
"""A phrase of one token is near to too much."""
LEAST_LENGTH = 0.6
"""Of the text's letters a phrase has at least so many: what is much shorter leaves sound out."""
MOST_STEPS = 12
"""Of the decoder, for one utterance, each with `WIDTH` beginnings at most."""
_LEAST_DEPTH = 4
"""Tokens whose margin is given to every beginning, or as many as the model's own text has."""
_LIKELIEST = 16
"""Of the tokens behind one beginning so many are looked at."""


class Found(NamedTuple):
    """A phrase as the model would write it.

    Attributes:
        tokens: Of the phrase and a mark behind it, without the end.
        logarithms: Of the chance of each, and of the end.
    """

    tokens: tuple[int, ...]
    logarithms: tuple[float, ...]


class _Begun(NamedTuple):
    """A beginning: its hope is the most that a phrase that begins so may be worth."""

    hope: float
    row: int
    tokens: tuple[int, ...]
    logarithms: tuple[float, ...]
    follower: Follower


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
        self._weight = bias.weight
        self._own = self._least = self._alike = self._most = 0.0
        self._said, self._depth = "", _LEAST_DEPTH
        self._numbers: set[str] = set()
        self._best: Found | None = None
        self._worth = -np.inf

    def find(self, steps: Steps, logits: Logits, given: int, own: Draft) -> Found | None:
        """The likeliest phrase that is near enough; None: none is.

        Args:
            steps: Of the text; they stand behind the prompt afterwards, or behind what was found.
            logits: Of the first token.
            given: Tokens of the prompt.
            own: The model's own text, whole.

        Raises:
            EngineError: When the engine fails.
        """
        text = self._text(own.tokens)
        self._own, self._least, self._said = own.total, LEAST_LENGTH * letters(text), sounds(text)
        mean = own.total / len(own.logarithms)
        self._most = min(NEAR * self._weight, -DOUBT * mean)
        self._numbers = _numbers(text)
        self._depth = max(_LEAST_DEPTH, len(own.tokens))
        self._alike = SOUNDS_SO if mean < CLEAR else 0.0
        steps.back(given)
        live = [_Begun(0.0, 0, (), (), self._bias.begin())]
        rows = logits[None]
        for _ in range(MOST_STEPS):
            further: list[_Begun] = []
            for row, begun in zip(rows, live, strict=True):
                chances = self._chances(row, begun.tokens)
                self._end_here(chances, begun)
                further += self._behind(chances, begun)
            live = sorted(further, key=lambda one: -one.hope)[:WIDTH]
            live = [one for one in live if one.hope > self._worth]
            if not live:
                break
            rows = steps.take_each([one.row for one in live], [one.tokens[-1] for one in live])
            live = [one._replace(row=row) for row, one in enumerate(live)]
        steps.back(given)
        if self._best is None:
            return None
        for token in self._best.tokens:
            logits = steps.take(token)
        end = float(self._chances(logits, self._best.tokens)[self._end])
        return self._best._replace(logarithms=(*self._best.logarithms, end))

    def _behind(self, chances: Logits, begun: _Begun) -> Iterator[_Begun]:
        """The beginnings with one token more that may still be the best phrase."""
        tokens, total = begun.follower.tokens, sum(begun.logarithms)
        likely = tokens[np.argsort(-chances[tokens], kind="stable")][:_LIKELIEST].tolist()
        # Numbers are read as the model writes them.
        for token in dict.fromkeys((*likely, int(chances.argmax()))):
            if token in self._bias.marks or (after := begun.follower.take(token)).complete < 0:
                continue
            further = (*begun.tokens, token)
            logarithms = (*begun.logarithms, float(chances[token]))
            alike = most_alike(sounds(self._text(further)), self._said)
            earned = self._earned(alike) * (max(len(further), self._depth) + 1)
            hope = total + logarithms[-1] + earned
            if alike >= self._alike and hope > max(self._worth, self._own):
                yield _Begun(hope, begun.row, further, logarithms, after)

    def _earned(self, alike: float) -> float:
        """What each token of a phrase may be less likely."""
        return min(STEEP * self._weight * (alike - ALIKE), self._most)

    def _end_here(self, chances: Logits, begun: _Begun) -> None:
        """Takes a phrase that is whole, with a mark or without; behind one the end is certain."""
        tokens, logarithms = begun.tokens, begun.logarithms
        if begun.follower.complete < LEAST_TOKENS:
            return
        mark = int(self._marks[chances[self._marks].argmax()]) if len(self._marks) else self._end
        last = max(self._end, mark, key=lambda token: float(chances[token]))
        text = self._text(tokens)
        alike = likeness(self._said, sounds(text))
        earned = self._earned(alike) * (len(tokens) + 1)
        worth = sum(logarithms) + float(chances[last]) + earned
        if (
            worth >= self._own and worth > self._worth and alike >= self._alike
            and letters(text) >= self._least
            and (not self._alike or _numbers(text) <= self._numbers)
        ):
            self._worth = worth
            if last != self._end:
                tokens, logarithms = (*tokens, last), (*logarithms, float(chances[last]))
            self._best = Found(tokens, logarithms)


def letters(text: str) -> int:
    """How many letters and figures a text has."""
    return sum(map(str.isalnum, text))


def _numbers(text: str) -> set[str]:
    """The words of a text's numbers."""
    return {word for word in plain(text) if number_at([word], 0) is not None}
