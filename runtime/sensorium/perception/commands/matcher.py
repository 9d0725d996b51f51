"""A vocabulary made ready: exact and close phrases at once, meanings bit by bit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sensorium.perception.commands.closeness import Closeness
from sensorium.perception.commands.found import NOTHING, Match, Method
from sensorium.perception.commands.grammar import Grammar
from sensorium.perception.commands.meaning import Meaning, chosen
from sensorium.perception.commands.readings import Readings
from sensorium.perception.commands.templates import SlotPlace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sensorium.perception.commands.meaning import Embedder
    from sensorium.perception.commands.vocabulary import Phrase, Vocabulary


class Matcher:
    """Finds what of one vocabulary was said.

    Args:
        vocabulary: Whose phrases are matched.
        embed: For meanings; None: without.

    Attributes:
        vocabulary: As given.
    """

    def __init__(self, vocabulary: Vocabulary, embed: Embedder | None) -> None:
        self.vocabulary = vocabulary
        self._grammar = Grammar(vocabulary)
        self._closeness = Closeness()
        self._meaning = Meaning(vocabulary.slots, embed) if embed is not None else None
        self._readings = Readings(vocabulary.slots, ())

    def prepare(self) -> Iterator[None]:
        """Takes the phrases in small steps: to be gone through to its end before `match`."""
        kinds: set[str] = set()
        for phrase in self.vocabulary.phrases:
            self._grammar.add(phrase)
            self._closeness.add(phrase)
            kinds.update(part.kind for part in phrase.words if isinstance(part, SlotPlace))
            yield
        self._readings = Readings(self.vocabulary.slots, kinds)

    def learn(self) -> Iterator[None]:
        """Takes the phrases' meanings, a run of the engine a step. `match` uses what is there."""
        if self._meaning is not None:
            for phrase in chosen(self.vocabulary.phrases):
                if not self._is_free(phrase):
                    self._meaning.add(phrase)
                    yield

    def match(self, words: list[str]) -> Match:
        """The command that a text is, by the first way that finds one.

        Args:
            words: Plain words; see `words.normalised`.

        Returns:
            Method NONE with the best score where it is none.
        """
        if not words:
            return NOTHING
        exact = self._grammar.match(words)
        if exact is not None:
            return exact
        readings = self._readings.of(words)
        close = self._closeness.match(readings, self.vocabulary.close_threshold)
        if close.method is not Method.NONE or self._meaning is None:
            return close
        meant = self._meaning.match(readings, self.vocabulary.meaning_threshold)
        if meant.method is not Method.NONE:
            return meant
        return max(close, meant, key=lambda match: match.score)

    def _is_free(self, phrase: Phrase) -> bool:
        """Whether any words may stand in it."""
        return any(
            isinstance(part, SlotPlace) and self.vocabulary.slots[part.kind].kind == "anything"
            for part in phrase.words
        )
