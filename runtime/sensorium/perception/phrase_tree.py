"""The phrases of a vocabulary as a finite automaton of Whisper's tokens.

It is built from the wordings as they are written: a slot is one edge, behind which the slot's own
tree is walked, so that values are never multiplied out. Every word stands there as Whisper may
write it: lower case and with a capital.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sensorium.perception.commands.spoken_numbers import number_at
from sensorium.perception.commands.templates import SlotPlace
from sensorium.perception.commands.words import plain
from sensorium.perception.whisper_pairs import Pairs

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from sensorium.perception.commands.vocabulary import Vocabulary as Phrases
    from sensorium.perception.whisper_text import Vocabulary

_MARKS, _IN_NUMBERS = frozenset(".,!?;"), frozenset("0123456789.,%$-")


class Node:
    """A place in a phrase.

    Attributes:
        next: Token to the place behind it.
        also: Places that are reached without a token: behind a whole word.
        slots: Tree of a slot to the place behind the slot, by the slot's name.
        ends: Whether a phrase, or the value of a slot, may end here.
        counts: Whether numbers are read here; they earn nothing.
    """

    __slots__ = ("also", "counts", "ends", "next", "slots", "words")

    def __init__(self, *, counts: bool = False, ends: bool = False) -> None:
        self.next: dict[int, Node] = {}
        self.also: list[Node] = []
        self.slots: dict[str, tuple[Node, Node]] = {}
        self.ends = ends
        self.counts = counts
        self.words: dict[str, Node] = {}


State = tuple[Node, Node | None]
"""A place, and where it goes on behind the slot that the place is in; None: in no slot."""


@dataclass(frozen=True)
class Spelling:
    """How the model writes words.

    Attributes:
        pairs: Text to tokens.
        numbers: Tokens that numbers are written in.
        marks: Tokens between sentences, behind which a phrase may begin; the end is one.
    """

    pairs: Pairs
    numbers: frozenset[int]
    marks: frozenset[int]
    known: dict[str, tuple[tuple[int, ...], ...]] = field(default_factory=dict, compare=False)

    @classmethod
    def of(cls, vocabulary: Vocabulary) -> Spelling:
        """That of a model."""
        numbers, marks = set(), {vocabulary.end}
        for token in range(vocabulary.end):
            text = vocabulary.text((token,))
            if text and set(text) <= _MARKS:
                marks.add(token)
            if text and (set(text) <= _IN_NUMBERS or _is_number(text.lower())):
                numbers.add(token)
        return cls(Pairs(vocabulary), frozenset(numbers), frozenset(marks))

    def of_word(self, word: str) -> tuple[tuple[int, ...], ...]:
        """The ways to write a word with the space before it."""
        if word not in self.known:
            ways = (word, word.lower(), word[:1].upper() + word[1:].lower())
            found = dict.fromkeys(self.pairs.tokens(f" {way}") for way in ways)
            self.known[word] = tuple(way for way in found if way)
        return self.known[word]


class PhraseTree:
    """The automaton of one vocabulary; empty until `add` has been gone through.

    Args:
        phrases: The vocabulary.
        spelling: Of the model.
    """

    def __init__(self, phrases: Phrases, spelling: Spelling) -> None:
        self.root = Node()
        self._phrases = phrases
        self._spelling = spelling
        self._counting, self._counted = Node(counts=True), Node(counts=True, ends=True)

    def add(self) -> Iterator[None]:
        """Takes slots and wordings in small steps."""
        trees: dict[str, Node] = {}
        for name, slot in self._phrases.slots.items():
            if slot.kind == "number":
                trees[name] = self._counting
            elif slot.kind == "values":
                trees[name] = Node()
                for value in slot.values:
                    for way in dict.fromkeys((tuple(value.split()), tuple(plain(value)))):
                        self._put(trees[name], way, {})
                    yield
        for phrase in self._phrases.phrases:
            self._put(self.root, phrase.words, trees)
            yield

    def follow(self, state: State, token: int) -> State | None:
        """The place behind a token; None where no phrase goes on so."""
        node, behind = state
        if node.counts:
            return (self._counted, behind) if token in self._spelling.numbers else None
        found = node.next.get(token)
        return (found, behind) if found is not None else None

    def _put(
        self, node: Node, words: Iterable[str | SlotPlace], trees: Mapping[str, Node]
    ) -> None:
        for word in words:
            if not isinstance(word, SlotPlace):
                node = self._word(node, word)
            elif word.kind in trees:
                _, node = node.slots.setdefault(word.kind, (trees[word.kind], Node()))
            else:
                # What comes behind any words may come anywhere: it is not waited for.
                return
        node.ends = True

    def _word(self, node: Node, word: str) -> Node:
        behind = node.words.get(word)
        if behind is None:
            behind = node.words[word] = Node()
            for tokens in self._spelling.of_word(word):
                at = node
                for token in tokens:
                    at = at.next.setdefault(token, Node())
                at.also.append(behind)
            if _is_number(word):
                node.slots[f"={word}"] = (self._counting, behind)
        return behind


def closure(states: Iterable[State]) -> list[State]:
    """The places, and all that are reached from them without a token."""
    found = list(dict.fromkeys(states))
    seen = set(found)
    for node, behind in found:
        further: list[State] = [(other, behind) for other in node.also]
        if behind is None:
            further += [(tree, after) for tree, after in node.slots.values()]
        else:
            # A place within a slot's tree holds no slot but written numbers.
            further += [(behind, None)] if node.ends else []
        for state in further:
            if state not in seen:
                seen.add(state)
                found.append(state)
    return found


def _is_number(word: str) -> bool:
    return number_at([word], 0) is not None or word in ("hundred", "thousand", "point", "percent")
