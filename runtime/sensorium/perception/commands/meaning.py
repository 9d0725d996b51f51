"""Meaning: phrases that point the same way as what was said, by a sentence embedding."""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from typing import TYPE_CHECKING

import numpy as np

from sensorium.errors import EngineError
from sensorium.inference.text_metadata import TOKENIZER
from sensorium.perception.commands.contrary import contradicts
from sensorium.perception.commands.found import Match, Method
from sensorium.perception.commands.purpose import differs
from sensorium.perception.commands.spoken_numbers import cardinal
from sensorium.perception.commands.templates import SlotPlace
from sensorium.perception.commands.words import plain
from sensorium.perception.wordpiece import WordPiece

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    from sensorium.inference.engine import Engine
    from sensorium.perception.commands.readings import Reading
    from sensorium.perception.commands.vocabulary import Phrase, Slot

_MOST_TOKENS = 64
_KEPT = 50_000
"""Embeddings that are kept, of phrases that may come again when a file is read anew."""
_MARGIN = 0.1
"""How much nearer than any other command the nearest must be; chosen with `MEANING`."""
_ASKED = 2
"""Readings of a text that are embedded: each costs a run of the engine."""
_CANDIDATES = 64
"""The nearest phrases that are looked at."""
_SHORTEST = 2
"""Words; a single one says too little to be judged by what it means."""


class Embedder:
    """Texts to directions, kept by their text.

    Args:
        engine: A sentence embedding with its tokeniser as metadata.

    Raises:
        EngineError: When it carries none.
    """

    def __init__(self, engine: Engine) -> None:
        if TOKENIZER not in engine.metadata:
            raise EngineError(
                f"{engine.name}: carries no {TOKENIZER}",
                f"sensorium-engines build {engine.name}",
            )
        self.engine = engine
        self._tokens = WordPiece(engine.metadata[TOKENIZER], engine.name)
        self._known: OrderedDict[str, NDArray[np.float32]] = OrderedDict()

    def __call__(self, text: str) -> NDArray[np.float32]:
        """The direction of a text, [width], of length 1."""
        found = self._known.get(text)
        if found is None:
            result = self.engine.run({"input_ids": self._tokens(text, _MOST_TOKENS)})
            found = np.array(result["embedding"][0], np.float32)
            self._known[text] = found
            if len(self._known) > _KEPT:
                self._known.popitem(last=False)
        return found


class Meaning:
    """Finds the phrase that means the same. Phrases are added one by one, and cost a run each.

    Args:
        slots: Of the vocabulary, by name.
        embed: See `Embedder`.
    """

    def __init__(self, slots: Mapping[str, Slot], embed: Embedder) -> None:
        self._stand_ins = {name: _stand_in(slot) for name, slot in slots.items()}
        self._embed = embed
        self._phrases: list[Phrase] = []
        self._words: list[tuple[str, ...]] = []
        self._kinds: list[tuple[str, ...]] = []
        self._asked: defaultdict[str, list[tuple[str, ...]]] = defaultdict(list)
        self._rows = np.zeros((0, 0), np.float32)

    def add(self, phrase: Phrase) -> None:
        """Adds one wording."""
        said = self._said(phrase.words)
        row = self._embed(" ".join(said))
        count = len(self._phrases)
        if count == len(self._rows):
            # Doubled, so that each row is copied once or twice in all.
            grown = np.zeros((max(64, 2 * count), len(row)), np.float32)
            grown[:count] = self._rows[:count] if count else 0.0
            self._rows = grown
        self._rows[count] = row
        self._phrases.append(phrase)
        self._words.append(said)
        self._asked[phrase.command].append(said)
        self._kinds.append(
            tuple(part.kind for part in phrase.words if isinstance(part, SlotPlace))
        )

    def match(self, readings: Iterable[Reading], least: float) -> Match:
        """The nearest phrase; method NONE with its score where it scores less than `least`."""
        best = Match("", 0.0, Method.NONE)
        for reading in self._chosen(readings):
            match = self._nearest(reading, least)
            if (match.method, match.score) > (best.method, best.score):
                best = match
        return best

    def _chosen(self, readings: Iterable[Reading]) -> list[Reading]:
        """Those that some phrase has the slots of: the surest first, of these the fullest."""
        known = set(self._kinds)
        able = [
            reading for reading in readings
            if reading.kinds in known and len(reading.words) >= _SHORTEST
        ]
        able.sort(key=lambda reading: (-len(reading.kinds), -reading.score))
        return able[:_ASKED]

    def _nearest(self, reading: Reading, least: float) -> Match:
        said = self._said(reading.words)
        direction = self._embed(" ".join(said))
        scores = self._rows[: len(self._phrases)] @ direction
        best: dict[str, tuple[float, int]] = {}
        for at in np.argsort(-scores)[:_CANDIDATES].tolist():
            command = self._phrases[at].command
            if self._kinds[at] == reading.kinds and command not in best:
                best[command] = float(scores[at]), at
        if not best:
            return Match("", 0.0, Method.NONE)
        (score, at), *others = sorted(best.values(), reverse=True)
        near = min(max(score, 0.0), 1.0)
        unsure = bool(others) and others[0][0] > score - _MARGIN
        phrase = self._phrases[at]
        if (
            score < least or unsure or contradicts(said, self._words[at])
            or differs(said, self._asked[phrase.command])
        ):
            return Match("", min(near, least), Method.NONE)
        names = [part.name for part in phrase.words if isinstance(part, SlotPlace)]
        slots = tuple(
            filled._replace(name=name) for filled, name in zip(reading.slots, names, strict=True)
        )
        return Match(phrase.command, near * reading.score, Method.MEANING, slots)

    def _said(self, words: Iterable[str | SlotPlace]) -> tuple[str, ...]:
        """A wording with the same words in its slots whatever they hold: only the rest counts."""
        return tuple(
            word
            for part in words
            for word in (
                self._stand_ins[part.kind] if isinstance(part, SlotPlace) else (part,)
            )
        )


def _stand_in(slot: Slot) -> tuple[str, ...]:
    if slot.kind == "values":
        return tuple(plain(slot.values[0]))
    if slot.kind == "number":
        return tuple(cardinal(10))
    return ("something",)


def chosen(phrases: Iterable[Phrase]) -> list[Phrase]:
    """The wordings that are worth an embedding: of each phrase its fullest and its shortest.

    What is optional changes little of what is meant.
    """
    of_phrase: dict[int, list[Phrase]] = {}
    for phrase in phrases:
        of_phrase.setdefault(phrase.source, []).append(phrase)
    picked = []
    for wordings in of_phrase.values():
        picked.append(wordings[0])
        shortest = min(wordings, key=lambda phrase: len(phrase.words))
        if shortest is not wordings[0]:
            picked.append(shortest)
    return picked
