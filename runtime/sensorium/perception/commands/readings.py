"""How a text may be read: as it is, or with some of its words as what slots hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from rapidfuzz import process
from rapidfuzz.distance import OSA

from sensorium.perception.commands.found import Filled
from sensorium.perception.commands.grammar import ARTICLES
from sensorium.perception.commands.spoken_numbers import number_at
from sensorium.perception.commands.templates import SlotPlace
from sensorium.perception.commands.words import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from sensorium.perception.commands.vocabulary import Slot

_NAN = float("nan")
MOST = 64
"""Readings of one text."""
_LEAST_VALUE = 0.75
"""Likeness of a value that was said nearly so."""
_LONGEST_TEXT = 24
"""Words; a longer text is no command that was said nearly so."""


class Span(NamedTuple):
    """Words that a slot may hold.

    Attributes:
        kind: The slot.
        filled: What it holds; without the slot's name.
        score: 1 where it was said so, less where nearly so.
    """

    kind: str
    filled: Filled
    score: float


class Reading(NamedTuple):
    """A text of which some words are in slots.

    Attributes:
        words: Plain words, and a `SlotPlace` for those in a slot.
        kinds: Of the slots, in order.
        slots: What they hold.
        score: Of the least sure of them.
    """

    words: tuple[str | SlotPlace, ...]
    kinds: tuple[str, ...]
    slots: tuple[Filled, ...]
    score: float


class Readings:
    """Finds what slots may hold.

    Args:
        slots: Of the vocabulary, by name.
        kinds: Those that its phrases use.
    """

    def __init__(self, slots: Mapping[str, Slot], kinds: Iterable[str]) -> None:
        used = sorted(set(kinds))
        self._numbers = {kind: slots[kind] for kind in used if slots[kind].kind == "number"}
        self._free = [kind for kind in used if slots[kind].kind == "anything"]
        self._lists = {
            kind: [("".join(plain(value)), value) for value in slots[kind].values]
            for kind in used if slots[kind].kind == "values"
        }
        self._longest = max(
            (len(plain(value)) for kind in self._lists for value in slots[kind].values), default=0
        )

    def of(self, words: list[str]) -> list[Reading]:
        """Every reading, at most `MOST`: with more in slots after those with less."""
        if len(words) > _LONGEST_TEXT:
            return []
        found = [Reading(tuple(words), (), (), 1.0)]
        spans = self._spans(words)
        for reading in found:
            begun = reading.slots[-1].last if reading.slots else 0
            for span in spans:
                if span.filled.first >= begun and len(found) < MOST:
                    found.append(_put(reading, span, len(words)))
        return found

    def _spans(self, words: list[str]) -> list[Span]:
        spans = list(self._numbers_in(words))
        for kind, entries in self._lists.items():
            spans += self._values(kind, entries, words)
        spans.sort(key=lambda span: (-span.score, span.filled.first - span.filled.last))
        # What is free comes last: it takes all words to the end, as "search for {anything}" means.
        spans += [
            Span(kind, Filled("", None, _NAN, at, len(words)), 1.0)
            for kind in self._free for at in range(1, len(words))
        ]
        return spans

    def _numbers_in(self, words: list[str]) -> Iterator[Span]:
        """Every number whole: "minus three" holds no three."""
        at = 0
        while self._numbers and at < len(words):
            number = number_at(words, at)
            if number is None:
                at += 1
                continue
            for kind, slot in self._numbers.items():
                if slot.min <= number.value <= slot.max:
                    yield Span(kind, Filled("", None, number.value, at, number.end), 1.0)
            at = number.end

    def _values(
        self, kind: str, entries: list[tuple[str, str]], words: list[str]
    ) -> list[Span]:
        """Where values of one slot may stand, each place with the value that is most like it."""
        places = [
            (first, last)
            for first in range(len(words))
            for last in range(first + 1, min(len(words), first + self._longest + 1) + 1)
            if words[first] not in ARTICLES
        ]
        if not places:
            return []
        likeness = process.cdist(
            ["".join(words[first:last]) for first, last in places],
            [letters for letters, _ in entries],
            scorer=OSA.normalized_similarity, score_cutoff=_LEAST_VALUE, dtype=np.float32,
        )
        spans = []
        for (first, last), row in zip(places, likeness, strict=True):
            best = int(row.argmax())
            if row[best] >= _LEAST_VALUE:
                filled = Filled("", entries[best][1], _NAN, first, last)
                spans.append(Span(kind, filled, float(row[best])))
        return _outstanding(spans)


def _put(reading: Reading, span: Span, count: int) -> Reading:
    """A reading with one slot more, behind those that it has."""
    filled = span.filled
    kept = len(reading.words) - (count - filled.first)
    words = (
        *reading.words[:kept],
        SlotPlace(span.kind, ""),
        *reading.words[kept + filled.last - filled.first :],
    )
    return Reading(
        words, (*reading.kinds, span.kind), (*reading.slots, filled),
        min(reading.score, span.score),
    )


def _outstanding(spans: list[Span]) -> list[Span]:
    """Leaves out places that overlap with one that is more like a value."""
    kept: list[Span] = []
    for span in sorted(spans, key=lambda span: -span.score):
        if all(
            span.filled.last <= other.filled.first or span.filled.first >= other.filled.last
            for other in kept
        ):
            kept.append(span)
    return kept
