"""The bias of an utterance: trees of the vocabularies that are waited for, made bit by bit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sensorium.clock import now_ns
from sensorium.perception.phrase_bias import PhraseBias
from sensorium.perception.phrase_tree import PhraseTree, Spelling

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sensorium.perception.commands.vocabulary import Vocabulary as Phrases
    from sensorium.perception.expected import Expected
    from sensorium.perception.whisper_text import Vocabulary

_TURN_NS = 20_000_000
"""Of a turn."""


class ExpectedPhrases:
    """Keeps a tree of each vocabulary.

    Args:
        expected: What is waited for.
        vocabulary: Of the model.
        weight: See `PhraseBias`; 0: there is no bias.
    """

    def __init__(self, expected: Expected, vocabulary: Vocabulary, weight: float) -> None:
        self._expected = expected
        self._weight = weight
        self._spelling = Spelling.of(vocabulary)
        self._ready: dict[int, tuple[Phrases, PhraseTree]] = {}
        self._work: tuple[Phrases, PhraseTree, Iterator[None]] | None = None
        self._last: tuple[tuple[int, ...], PhraseBias] | None = None

    def turn(self) -> None:
        """Works for some 20 ms at most; a vocabulary has no bias before its tree is whole."""
        begun = now_ns()
        source = self._expected.source
        phrases = source.vocabularies() if source is not None and self._weight else ()
        known = {id(one) for one in phrases}
        self._ready = {key: made for key, made in self._ready.items() if key in known}
        if self._work is not None and id(self._work[0]) not in known:
            self._work = None
        while now_ns() - begun < _TURN_NS:
            if self._work is None:
                wanted = next((one for one in phrases if id(one) not in self._ready), None)
                if wanted is None:
                    return
                tree = PhraseTree(wanted, self._spelling)
                self._work = wanted, tree, tree.add()
            if next(self._work[2], self) is self:
                self._ready[id(self._work[0])] = self._work[:2]
                self._work = None

    def bias(self, start_ns: int, end_ns: int) -> PhraseBias | None:
        """That of an utterance; None where nothing is waited for.

        Args:
            start_ns: Capture time of its begin.
            end_ns: Of its end.
        """
        source = self._expected.source
        if source is None or not self._weight:
            return None
        kept = [self._ready.get(id(one)) for one in source.active(start_ns, end_ns)]
        made = [one for one in kept if one is not None]
        if not made:
            return None
        key = tuple(id(phrases) for phrases, _ in made)
        if self._last is None or self._last[0] != key:
            trees = [tree for _, tree in made]
            self._last = key, PhraseBias(trees, self._spelling, self._weight)
        return self._last[1]
