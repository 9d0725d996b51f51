"""Close phrases: what was said nearly so, by letters and by sound.

Words are compared without the gaps between them, since a recogniser puts those elsewhere first
("moved at" for "move that"). What stands in slots is found first and becomes a mark.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from rapidfuzz import process
from rapidfuzz.distance import OSA, Levenshtein

from sensorium.perception.commands.contrary import contradicts
from sensorium.perception.commands.found import Match, Method
from sensorium.perception.commands.sounding import sounding
from sensorium.perception.commands.templates import SlotPlace

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from sensorium.perception.commands.readings import Reading
    from sensorium.perception.commands.vocabulary import Phrase

FILLERS = frozenset(
    ("the", "a", "an", "my", "please", "now", "just", "then", "okay", "so", "well", "hey", "and")
)
"""Words that change no command."""
_FILLED = 0.97
"""What a score is worth that leaves these out."""
_ASKED = 5
"""The best by letters that are looked at word by word."""
_APART = 0.02
"""How much nearer than any other command the nearest must be."""
_LEAST_KEPT = 0.5
"""Share of each word's letters that must be found in the other text."""


class Spelt(NamedTuple):
    """A text to compare: its words, joined.

    Attributes:
        letters: As spelt.
        sound: As it sounds.
    """

    letters: str
    sound: str


def spelt(words: Iterable[str]) -> Spelt:
    """Joins words without gaps."""
    words = tuple(words)
    return Spelt("".join(words), "".join(sounding(word) for word in words))


@dataclass
class _Group:
    """The wordings that have the same slots in the same order."""

    phrases: list[Phrase] = field(default_factory=list)
    words: list[tuple[str, ...]] = field(default_factory=list)
    letters: list[str] = field(default_factory=list)
    sounds: list[str] = field(default_factory=list)
    bare_letters: list[str] = field(default_factory=list)
    bare_sounds: list[str] = field(default_factory=list)


class Closeness:
    """Finds the phrase that a text is nearest to. Phrases are added one by one."""

    def __init__(self) -> None:
        self._groups: dict[tuple[str, ...], _Group] = defaultdict(_Group)
        self._marks: dict[str, str] = {}

    def add(self, phrase: Phrase) -> None:
        """Adds one wording."""
        kinds = tuple(part.kind for part in phrase.words if isinstance(part, SlotPlace))
        words = tuple(
            self._mark(part.kind) if isinstance(part, SlotPlace) else part
            for part in phrase.words
        )
        group = self._groups[kinds]
        whole, bare = spelt(words), spelt(_bare(words))
        group.phrases.append(phrase)
        group.words.append(words)
        group.letters.append(whole.letters)
        group.sounds.append(whole.sound)
        group.bare_letters.append(bare.letters)
        group.bare_sounds.append(bare.sound)

    def kinds(self) -> frozenset[str]:
        """The slots that some phrase has."""
        return frozenset(kind for kinds in self._groups for kind in kinds)

    def match(self, readings: Iterable[Reading], least: float) -> Match:
        """The nearest phrase; method NONE with its score where it scores less than `least`."""
        best = Match("", 0.0, Method.NONE)
        for reading in readings:
            group = self._groups.get(reading.kinds)
            if group is not None:
                best = max(best, self._nearest(group, reading, least), key=_rank)
        return best

    def _nearest(self, group: _Group, reading: Reading, least: float) -> Match:
        words = tuple(
            self._mark(word.kind) if isinstance(word, SlotPlace) else word
            for word in reading.words
        )
        scores = self._scores(group, words)
        order = np.argsort(-scores, kind="stable")[:_ASKED]
        alike = [
            at for at in order
            if scores[at] >= least
            and not contradicts(words, group.words[at])
            and _holds(words, group.words[at])
        ]
        if not alike or _is_open(alike, scores, group):
            return Match("", min(float(scores[order[0]]), least), Method.NONE)
        phrase = group.phrases[alike[0]]
        names = [part.name for part in phrase.words if isinstance(part, SlotPlace)]
        slots = tuple(
            filled._replace(name=name) for filled, name in zip(reading.slots, names, strict=True)
        )
        return Match(
            phrase.command, float(scores[alike[0]]) * reading.score, Method.CLOSE, slots
        )

    def _scores(self, group: _Group, words: tuple[str, ...]) -> NDArray[np.float32]:
        whole, bare = spelt(words), spelt(_bare(words))
        full = _similarity(whole.letters, group.letters) + _similarity(whole.sound, group.sounds)
        short = _similarity(bare.letters, group.bare_letters)
        short += _similarity(bare.sound, group.bare_sounds)
        scores: NDArray[np.float32] = (np.maximum(full, _FILLED * short) / 2).astype(np.float32)
        return scores

    def _mark(self, kind: str) -> str:
        """One letter that stands for a slot, of those that no text has."""
        return self._marks.setdefault(kind, chr(0xE000 + len(self._marks)))


def _is_open(alike: list[int], scores: NDArray[np.float32], group: _Group) -> bool:
    """Whether another command is as near as the nearest."""
    first = alike[0]
    return any(
        group.phrases[at].command != group.phrases[first].command
        and scores[at] > scores[first] - _APART
        for at in alike[1:]
    )


def _similarity(text: str, others: list[str]) -> NDArray[np.float32]:
    """1 minus the edits (a letter more, less, another, two exchanged) by the longer's length."""
    row: NDArray[np.float32] = process.cdist(
        [text], others, scorer=OSA.normalized_similarity, dtype=np.float32
    )[0]
    return row


def _bare(words: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(word for word in words if word not in FILLERS) or words


def _rank(match: Match) -> tuple[bool, float]:
    return match.method != Method.NONE, match.score


def _holds(said: tuple[str, ...], asked: tuple[str, ...]) -> bool:
    """Whether every word of each text is found in the other, by letters or by sound.

    A long phrase of which one word is another scores high and means something else.
    """
    bare_said, bare_asked = _bare(said), _bare(asked)
    return any(
        min(_kept(one, other)) >= _LEAST_KEPT
        for one, other in (
            (bare_said, bare_asked),
            (tuple(map(sounding, bare_said)), tuple(map(sounding, bare_asked))),
        )
    )


def _kept(said: tuple[str, ...], asked: tuple[str, ...]) -> list[float]:
    """The share of each word's letters that stand in the other text where they should."""
    one, other = "".join(said), "".join(asked)
    kept_one, kept_other = [False] * len(one), [False] * len(other)
    for block in Levenshtein.opcodes(one, other):
        if block.tag == "equal":
            kept_one[block.src_start : block.src_end] = [True] * (block.src_end - block.src_start)
            kept_other[block.dest_start : block.dest_end] = [True] * (
                block.dest_end - block.dest_start
            )
    return [*_shares(said, kept_one), *_shares(asked, kept_other)]


def _shares(words: tuple[str, ...], kept: list[bool]) -> list[float]:
    shares, at = [], 0
    for word in words:
        if word:
            shares.append(sum(kept[at : at + len(word)]) / len(word))
        at += len(word)
    return shares or [0.0]
