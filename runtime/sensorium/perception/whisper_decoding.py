"""Whisper's decoder, token after token: the likeliest each time, capped, and stopped in a loop.

With a bias there are two texts: the model's own, and one that leans towards phrases; the likelier
one, with what its phrases weigh, is heard.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from sensorium.perception.phrase_search import PhraseSearch, letters
from sensorium.perception.whisper_heard import Ending, Heard
from sensorium.perception.whisper_loops import loop, once
from sensorium.perception.whisper_steps import Steps
from sensorium.perception.whisper_text import ENGLISH

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from sensorium.perception.phrase_bias import PhraseBias
    from sensorium.perception.whisper_steps import Run
    from sensorium.perception.whisper_text import Vocabulary

MAX_TOKENS = 224
"""Half of the model's text, as `DecodingOptions.sample_len` of OpenAI's has it."""
AUTO = "auto"
"""The language that the model hears in the sound."""
MOST_RETURNS = 4
"""Phrases of a bias that are begun and abandoned in one text; then it is the model's own."""
CLEAR = -0.8
"""A text whose tokens are less likely than that, on the mean, is no English that the model follows:
there a bias finds a phrase in anything. All 13 texts that it bent to "What can I do?" in prompts in
Spanish, Russian and French were less likely; of 44 spoken commands that it changed, 10 were."""


@dataclass
class _Text:
    """A text so far, and the logits of its next token."""

    logits: NDArray[np.float32]
    tokens: list[int] = field(default_factory=list)
    logarithms: list[float] = field(default_factory=list)
    ended: bool = False
    ending: Ending = Ending.CAPPED

    def copy(self) -> _Text:
        # The engine may write over its logits in the next call.
        return replace(
            self, logits=self.logits.copy(), tokens=[*self.tokens],
            logarithms=[*self.logarithms],
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
        self, cross: Mapping[str, NDArray[np.float32]], most: int | None = None,
        bias: PhraseBias | None = None,
    ) -> Heard:
        """Writes down one piece of sound.

        Args:
            cross: What the encoder gave: keys and values by name. Not changed.
            most: Tokens of this text, at most; None: as many as of any.
            bias: Phrases that are waited for; None: the text is the model's own.

        Raises:
            EngineError: When the engine fails.
        """
        steps = Steps(self._run, cross, self._capacity)
        logits = steps.take(self._vocabulary.start)
        silence = float(np.exp(log_softmax(logits)[self._vocabulary.silence]))
        language = self._heard_language(logits)
        for token in self._vocabulary.prompt(language)[1:]:
            logits = steps.take(token)
        most = min(most or self._max_tokens, self._max_tokens)
        given = len(self._vocabulary.prompt(language))
        first = logits.copy()
        begun, leaned = _Text(logits), None
        if bias is not None:
            begun, leaned = self._lean(steps, begun, bias, given, most)
        other = None
        if leaned is not None:
            other = self._heard(leaned, steps, silence, language)
            steps.back(given + len(begun.tokens))
        self._go_on(steps, begun, most)
        own = self._heard(begun, steps, silence, language)
        if bias is None or own.mean_log_probability < CLEAR:
            return own
        earned = self._earned(begun, bias)
        if not earned and own.ending is Ending.SAID:
            search = PhraseSearch(
                bias, self._vocabulary.end, self._vocabulary.text,
                lambda logits, tokens: self._chances(_Text(logits, list(tokens))),
            )
            found = search.find(
                steps, first, given, sum(begun.logarithms), letters(own.text)
            )
            if found is not None:
                text = _Text(first, list(found.tokens), list(found.logarithms), True, Ending.SAID)
                whole = self._heard(text, steps, silence, language)
                return replace(whole, unbiased=own, whole=True)
        if leaned is None or other is None:
            return own
        gained = sum(leaned.logarithms) + bias.weight * self._earned(leaned, bias)
        if gained <= sum(begun.logarithms) + bias.weight * earned:
            return own
        return replace(other, unbiased=own)

    def _heard_language(self, logits: NDArray[np.float32]) -> str:
        """The one that was asked for, or the likeliest after the first token."""
        known = self._vocabulary.languages
        if self._language != AUTO or not known:
            return ENGLISH if self._language == AUTO else self._language
        return max(known, key=lambda name: float(logits[known[name]]))

    def _go_on(self, steps: Steps, text: _Text, most: int) -> None:
        while not text.ended:
            chances = self._chances(text)
            self._take(steps, text, int(chances.argmax()), chances, most)

    def _lean(
        self, steps: Steps, text: _Text, bias: PhraseBias, given: int, most: int
    ) -> tuple[_Text, _Text | None]:
        """Goes on with the phrases of a bias; where one is abandoned, back to where it was chosen.

        Returns:
            The text up to the first token that is not the model's own choice, and the one with
            it; the whole text and None where all are.
        """
        follower = bias.begin()
        first = chosen = None
        own_next, returns = False, 0
        while not text.ended:
            chances = self._chances(text)
            token = own = int(chances.argmax())
            if not own_next:
                token = int(follower.raised(chances).argmax())
            own_next = returns >= MOST_RETURNS
            if token != own and chosen is None:
                chosen = text.copy(), follower
                first = first or text.copy()
            self._take(steps, text, token, chances, most)
            earned, follower = follower.earned, follower.take(token)
            if follower.earned > earned:
                chosen = None
            elif chosen is not None and (text.ended or not follower.within):
                text, follower = chosen
                if first is not None and len(first.tokens) == len(text.tokens):
                    first = None
                steps.back(given + len(text.tokens))
                chosen, own_next = None, True
                returns += 1
        return (text, None) if first is None else (first, text)

    def _chances(self, text: _Text) -> NDArray[np.float32]:
        return log_softmax(text.logits + (self._bar if text.tokens else self._bar_at_start))

    def _take(
        self, steps: Steps, text: _Text, token: int, chances: NDArray[np.float32], most: int
    ) -> None:
        text.logarithms.append(float(chances[token]))
        if token == self._vocabulary.end:
            text.ended, text.ending = True, Ending.SAID
            return
        text.tokens.append(token)
        length = loop(text.tokens)
        if length:
            text.tokens = once(text.tokens, length, self._vocabulary.text)
            text.ended, text.ending = True, Ending.LOOP
        elif len(text.tokens) < most:
            text.logits = steps.take(token)
        else:
            text.ended = True

    def _earned(self, text: _Text, bias: PhraseBias) -> int:
        """Tokens of the phrases that a text's sentences end with."""
        follower = bias.begin()
        for token in text.tokens:
            follower = follower.take(token)
        if text.ending is Ending.SAID:
            follower = follower.take(self._vocabulary.end)
        return follower.earned

    def _heard(self, text: _Text, steps: Steps, silence: float, language: str) -> Heard:
        return Heard(
            tuple(text.tokens), self._vocabulary.text(text.tokens), text.ending,
            sum(text.logarithms) / max(len(text.logarithms), 1), silence, language,
            tuple(np.exp(text.logarithms[: len(text.tokens)]).tolist()), steps.alignment(),
        )


def log_softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Natural logarithms of the tokens' probabilities, from their logits, [vocabulary]."""
    shifted: NDArray[np.float32] = logits - logits.max()
    shifted -= np.log(np.exp(shifted).sum())
    return shifted
