"""Whisper's decoder, token after token: the likeliest text, capped, and stopped in a loop.

With a bias there are two texts: the model's own, and one that leans towards phrases; the likelier
one, with what its phrases weigh, is heard.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sensorium.perception.phrase_search import CLEAR, PhraseSearch
from sensorium.perception.softmax import log_softmax
from sensorium.perception.whisper_beam import Beam
from sensorium.perception.whisper_draft import Draft, Rules
from sensorium.perception.whisper_heard import Ending, Heard
from sensorium.perception.whisper_steps import Steps
from sensorium.perception.whisper_text import ENGLISH

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from sensorium.perception.phrase_bias import Follower, PhraseBias
    from sensorium.perception.whisper_steps import Run
    from sensorium.perception.whisper_text import Vocabulary

MAX_TOKENS = 224
"""Half of the model's text, as `DecodingOptions.sample_len` of OpenAI's has it."""
AUTO = "auto"
"""The language that the model hears in the sound."""
MOST_RETURNS = 4
"""Phrases of a bias that are begun and abandoned in one text; then it is the model's own."""


class _Place(NamedTuple):
    """A text so far, the logits of its next token, and what of the phrases it may be."""

    draft: Draft
    logits: NDArray[np.float32]
    follower: Follower


class Decoder:
    """Decoding; one piece of sound at a time.

    Args:
        run: A call of the decoder's engine.
        vocabulary: Of the same engine.
        max_tokens: Of one text.
        language: ISO 639-1, or `AUTO`; a model for English alone takes no other.
        width: Texts that go side by side where the model is in doubt, at most; 1: the likeliest
            token is taken each time. More than the engine takes fail in its first such step.

    Attributes:
        vocabulary: As given.

    Raises:
        ValueError: When the model does not know the language.
    """

    def __init__(
        self, run: Run, vocabulary: Vocabulary, max_tokens: int = MAX_TOKENS,
        language: str = AUTO, width: int = 1,
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
        self._width = width
        self._capacity = len(vocabulary.prompt(ENGLISH)) + max_tokens
        self._rules = Rules(vocabulary)

    def decode(
        self, cross: Mapping[str, NDArray[np.float32]], most: int | None = None,
        bias: PhraseBias | None = None, *, quick: bool = False,
    ) -> Heard:
        """Writes down one piece of sound.

        Args:
            cross: What the encoder gave: keys and values by name. Not changed.
            most: Tokens of this text, at most; None: as many as of any.
            bias: Phrases that are waited for; None: the text is the model's own.
            quick: Whether one text goes alone, whatever the width.

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
        beam = Beam(self._rules, 1 if quick else self._width)

        def heard(draft: Draft) -> Heard:
            return self._heard(draft, steps, given, silence, language)

        if bias is None:
            return heard(beam.search(steps, logits, Draft(), most)[0])
        begun, leaned = self._lean(steps, first, bias, given, most, beam)
        other = heard(leaned) if leaned is not None else None
        best = begun.draft
        if best.ending is None:
            steps.back(given + len(best.tokens))
            best = beam.search(steps, begun.logits, best, most)[0]
        own = heard(best)
        earned = self._earned(best, bias)
        if not earned and own.ending is Ending.SAID:
            search = PhraseSearch(
                bias, self._vocabulary.end, self._vocabulary.text,
                lambda logits, tokens: self._rules.chances(logits, bool(tokens)),
            )
            found = search.find(steps, first, given, best)
            if found is not None:
                whole = heard(Draft(found.tokens, found.logarithms, Ending.SAID))
                return replace(whole, unbiased=own, whole=True)
        # All 13 texts that leaning bent to "What can I do?" in prompts in Spanish, Russian and
        # French were less clear; of 44 spoken commands that it changed, 10 were.
        if leaned is None or other is None or own.mean_log_probability < CLEAR:
            return own
        gained = leaned.total + bias.weight * self._earned(leaned, bias)
        if gained <= best.total + bias.weight * earned:
            return own
        return replace(other, unbiased=own)

    def _heard_language(self, logits: NDArray[np.float32]) -> str:
        """The one that was asked for, or the likeliest after the first token."""
        known = self._vocabulary.languages
        if self._language != AUTO or not known:
            return ENGLISH if self._language == AUTO else self._language
        return max(known, key=lambda name: float(logits[known[name]]))

    def _lean(
        self, steps: Steps, logits: NDArray[np.float32], bias: PhraseBias, given: int, most: int,
        beam: Beam,
    ) -> tuple[_Place, Draft | None]:
        """Goes on with the phrases of a bias; where one is abandoned, back to where it was chosen.

        Returns:
            Up to where the model is in doubt, or, if that comes first, to the first token that is
            not its own choice, and the text with that one; the whole text and None where there is
            neither, None where every token is its own choice.
        """
        here = _Place(Draft(), logits, bias.begin())
        doubt: _Place | None = None
        first: _Place | None = None
        chosen: _Place | None = None
        own_next, returns = False, 0
        while here.draft.ending is None:
            chances = self._rules.chances(here.logits, bool(here.draft.tokens))
            token = own = int(chances.argmax())
            if not own_next:
                token = int(here.follower.raised(chances).argmax())
            own_next = returns >= MOST_RETURNS
            if first is None and doubt is None and beam.in_doubt(chances):
                doubt = here
            if token != own and chosen is None:
                chosen = here
                first = first or here
            draft = self._rules.take(here.draft, token, float(chances[token]), most)
            logits = steps.take(token).copy() if draft.ending is None else here.logits
            earned = here.follower.earned
            here = _Place(draft, logits, here.follower.take(token))
            if here.follower.earned > earned:
                chosen = None
            elif chosen is not None and (draft.ending is not None or not here.follower.within):
                if first is not None and len(first.draft.tokens) == len(chosen.draft.tokens):
                    first = None
                here, chosen, own_next = chosen, None, True
                steps.back(given + len(here.draft.tokens))
                returns += 1
        return doubt or first or here, None if first is None else here.draft

    def _earned(self, draft: Draft, bias: PhraseBias) -> int:
        """Tokens of the phrases that a text's sentences end with."""
        follower = bias.begin()
        for token in draft.tokens:
            follower = follower.take(token)
        if draft.ending is Ending.SAID:
            follower = follower.take(self._vocabulary.end)
        return follower.earned

    def _heard(
        self, draft: Draft, steps: Steps, given: int, silence: float, language: str
    ) -> Heard:
        # The last token of a text is not given to the model.
        count = given + len(draft.logarithms) - 1
        return Heard(
            draft.tokens, self._vocabulary.text(draft.tokens), draft.ending or Ending.CAPPED,
            draft.total / max(len(draft.logarithms), 1), silence, language,
            tuple(np.exp(draft.logarithms[: len(draft.tokens)]).tolist()),
            steps.alignment(draft.row, count),
        )
