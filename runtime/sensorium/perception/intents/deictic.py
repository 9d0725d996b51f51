"""Words that refer to what is looked at, pointed at, held, or was meant before."""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING, NamedTuple

from sensorium.perception.commands.spoken_numbers import number_at

if TYPE_CHECKING:
    from sensorium.perception.commands.said import Said


class Role(Enum):
    """What a word refers to."""

    OBJECT = auto()
    PLACE = auto()
    PRONOUN = auto()
    """What was meant before, else an object."""
    WEARER = auto()


class Deictic(NamedTuple):
    """What a word says of what it refers to.

    Attributes:
        role: Which kind.
        plural: Whether it is several.
    """

    role: Role
    plural: bool = False


_ONE, _MANY = Deictic(Role.OBJECT), Deictic(Role.OBJECT, plural=True)
_PLACE, _WEARER = Deictic(Role.PLACE), Deictic(Role.WEARER)
_IT, _THEM = Deictic(Role.PRONOUN), Deictic(Role.PRONOUN, plural=True)

WORDS: dict[str, dict[str, Deictic]] = {
    "en": {
        "this": _ONE, "that": _ONE, "these": _MANY, "those": _MANY,
        "here": _PLACE, "there": _PLACE,
        "it": _IT, "him": _IT, "her": _IT, "them": _THEM,
        "me": _WEARER,
    },
}
"""Language (ISO 639-1) to its words, as plain words."""
PAIR: dict[str, frozenset[str]] = {"en": frozenset(("both",))}
"""Words that say two."""
OF: dict[str, frozenset[str]] = {"en": frozenset(("of",))}
"""Words between a number and what it counts: two of these."""
_MOST = 64
"""A larger number counts something else."""


class Reference(NamedTuple):
    """A word that refers to something.

    Attributes:
        role: To what.
        plural: Whether to several.
        many: To how many; 0: it was not said.
        word: Its place among the words of the utterance.
        text: As plain word.
        start_ns: Capture time of its begin.
        end_ns: Of its end.
    """

    role: Role
    plural: bool
    many: int
    word: int
    text: str
    start_ns: int
    end_ns: int


def references(said: Said, language: str) -> list[Reference]:
    """The words of an utterance that refer, in order.

    Args:
        said: The utterance. A word without times is taken to stand in it as in its text.
        language: ISO 639-1; empty: English.
    """
    language = language or "en"
    known, pair = WORDS.get(language, {}), PAIR.get(language, frozenset())
    words, found, counted = said.plain, [], set()
    for at, word in enumerate(words):
        deictic = known.get(word)
        if deictic is None:
            continue
        count = 0
        if deictic.plural:
            count, used = _count(words, at, language)
            counted.update(used)
        found.append(
            Reference(deictic.role, deictic.plural, count, at, word, *_when(said, at))
        )
    found += [
        Reference(Role.OBJECT, True, 2, at, word, *_when(said, at))
        for at, word in enumerate(words) if word in pair and at not in counted
    ]
    return sorted(found, key=lambda one: one.word)


def _count(words: list[str], at: int, language: str) -> tuple[int, set[int]]:
    """How many a plural word means, and the places of the words that say so."""
    behind = number_at(words, at + 1)
    if behind is not None and _counts(behind.value):
        return int(behind.value), set(range(at + 1, behind.end))
    before = at - 1
    if before >= 0 and words[before] in OF.get(language, frozenset()):
        before -= 1
    if before < 0:
        return 0, set()
    if words[before] in PAIR.get(language, frozenset()):
        return 2, {before}
    number = number_at(words, before)
    if number is not None and number.end == before + 1 and before < at - 1 and _counts(
        number.value
    ):
        return int(number.value), {before}
    return 0, set()


def _counts(value: float) -> bool:
    return 1 <= value <= _MOST and value == int(value)


def _when(said: Said, at: int) -> tuple[int, int]:
    """When a word was said; no word begins before its utterance.

    The first one is heard with the sound of the time before the onset, which is some 0.3 s.
    """
    start, end = said.times[at]
    if start:
        return max(start, min(said.start_ns, end)), end
    span, length = said.end_ns - said.start_ns, max(len(said.text), 1)
    word = said.words[at]
    return (
        said.start_ns + span * word.start // length, said.start_ns + span * word.end // length
    )
