"""Exact phrases: the wordings of a vocabulary as a tree of words and slots."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sensorium.perception.commands.found import Filled, Match, Method
from sensorium.perception.commands.spoken_numbers import Number, number_at
from sensorium.perception.commands.templates import SlotPlace
from sensorium.perception.commands.words import plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sensorium.perception.commands.vocabulary import Phrase, Slot, Vocabulary

_NAN = float("nan")
ARTICLES = frozenset(("the", "a", "an", "my"))
"""May stand before a value although the phrase has none."""
_MOST_TURNS = 20_000
"""Places of the tree that one text may lead to: phrases of many free slots could take forever."""


MONEY = frozenset(("dollars", "euros", "pounds"))
_SOUNDS_LIKE = {"to": 2.0, "too": 2.0, "for": 4.0, "fore": 4.0, "ate": 8.0, "won": 1.0}
"""Words that sound as a number does."""


class _Node:
    __slots__ = ("end", "slots", "words")

    def __init__(self) -> None:
        self.words: dict[str, _Node] = {}
        self.slots: dict[SlotPlace, _Node] = {}
        self.end = ""


class Values:
    """What a slot with a list may hold, by its words.

    Args:
        slot: Of kind `values`.
    """

    def __init__(self, slot: Slot) -> None:
        self.known = {tuple(plain(value)): value for value in slot.values}
        self._lengths = sorted({len(words) for words in self.known}, reverse=True)

    def at(self, words: list[str], at: int) -> Iterator[tuple[str, int]]:
        """The values that begin at a word and where each ends, the longest first."""
        for length in self._lengths:
            value = self.known.get(tuple(words[at : at + length]))
            if value is not None and at + length <= len(words):
                yield value, at + length


class Grammar:
    """Finds the command that a text is a wording of, word for word.

    Args:
        vocabulary: Its phrases are added one by one.
    """

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._slots: Mapping[str, Slot] = vocabulary.slots
        self._values = {
            name: Values(slot) for name, slot in vocabulary.slots.items() if slot.values
        }
        self._root = _Node()
        self._turns = 0

    def add(self, phrase: Phrase) -> None:
        """Adds one wording."""
        node = self._root
        for part in phrase.words:
            if isinstance(part, SlotPlace):
                node = node.slots.setdefault(part, _Node())
            else:
                node = node.words.setdefault(part, _Node())
        node.end = node.end or phrase.command

    def match(self, words: list[str]) -> Match | None:
        """The command, with what its slots hold; None where no wording is this text.

        Own words count more than a value of a list, that more than a number, that more than
        any words.
        """
        self._turns = 0
        for command, slots in self._walk(self._root, words, 0, ()):
            return Match(command, 1.0, Method.EXACT, slots)
        return None

    def _walk(
        self, node: _Node, words: list[str], at: int, slots: tuple[Filled, ...]
    ) -> Iterator[tuple[str, tuple[Filled, ...]]]:
        self._turns += 1
        if self._turns > _MOST_TURNS:
            return
        if at == len(words):
            if node.end:
                yield node.end, slots
            return
        follower = node.words.get(words[at])
        if follower is not None:
            yield from self._walk(follower, words, at + 1, slots)
        for place, behind in sorted(node.slots.items(), key=self._rank):
            for filled in self.fill(place, words, at):
                yield from self._walk(behind, words, filled.last, (*slots, filled))

    def fill(self, place: SlotPlace, words: list[str], at: int) -> Iterator[Filled]:
        """What a slot may hold from a word on, the longest first; free words: the fewest."""
        slot = self._slots[place.kind]
        if slot.kind == "values":
            yield from self._value(place, words, at)
            if words[at] in ARTICLES:
                yield from self._value(place, words, at + 1)
        elif slot.kind == "number":
            number = number_at(words, at) or _misheard(words, at)
            if number is not None and slot.min <= number.value <= slot.max:
                # A recogniser writes $25 where nobody spoke of money.
                if words[number.end : number.end + 1] and words[number.end] in MONEY:
                    yield Filled(place.name, None, number.value, at, number.end + 1)
                yield Filled(place.name, None, number.value, at, number.end)
        else:
            for end in range(at + 1, len(words) + 1):
                yield Filled(place.name, None, _NAN, at, end)

    def _value(self, place: SlotPlace, words: list[str], at: int) -> Iterator[Filled]:
        for value, end in self._values[place.kind].at(words, at):
            yield Filled(place.name, value, _NAN, at, end)

    def _rank(self, entry: tuple[SlotPlace, _Node]) -> int:
        return ("values", "number", "anything").index(self._slots[entry[0].kind].kind)


def _misheard(words: list[str], at: int) -> Number | None:
    """A number that was written as another word: the last one, and behind `to`.

    Anywhere else "volume to", cut off, would be volume two.
    """
    value = _SOUNDS_LIKE.get(words[at])
    if value is None or at + 1 != len(words) or words[at - 1 : at] != ["to"]:
        return None
    return Number(value, at + 1)
