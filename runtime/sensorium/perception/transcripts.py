"""Transcripts as records: a text and its words in parts that fit, and what stands in the ring."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sensorium.channels.catalogue import EVENT_SLOTS
from sensorium.perception.utterances import Ending
from sensorium.records.voice import TEXT_BYTES, WORDS

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy as np

    from sensorium.perception.sense import Rings
    from sensorium.perception.whisper_words import Word

ROOM = TEXT_BYTES - 1
"""Bytes of text in one record; one is kept for the closing NUL."""


@dataclass
class Part:
    """One record's share of a text.

    Attributes:
        text: Behind the first part it begins with the blank before its first word, where there is
            one: the parts behind one another are the text.
        words: Word, byte in `text` at which it begins, and its bytes.
    """

    text: str = ""
    words: list[tuple[Word, int, int]] = field(default_factory=list)

    def bytes(self) -> int:
        """Of the text."""
        return len(self.text.encode())

    def add(self, word: Word, text: str) -> None:
        """Adds a word, or the piece of it that has room, with the blank before it."""
        at = self.bytes() + len(text) - len(text.lstrip(" "))
        self.text += text
        self.words.append((word, at, self.bytes() - at))


def parts(words: Iterable[Word]) -> list[Part]:
    """Words as parts that a record holds, at least one.

    Only a word that is longer than a record is cut, and never inside a code point.
    """
    made = [Part()]
    for word in words:
        blank = " " if word.spaced and (made[0].words or len(made) > 1) else ""
        more = blank + word.text
        part = made[-1]
        if part.words and (len(part.words) == WORDS or part.bytes() + len(more.encode()) > ROOM):
            part = Part()
            made.append(part)
        while len(more.encode()) > ROOM:
            head = more.encode()[:ROOM].decode(errors="ignore")
            part.add(word, head)
            more = more[len(head) :]
            part = Part()
            made.append(part)
        part.add(word, more)
    return made


@dataclass
class Delivered:
    """What the ring of transcripts holds of an earlier process.

    Attributes:
        newest: The newest utterance that has all parts of its final; 0: none.
        begun: Utterance to the parts of its final that stand there, where they are not all.
        revisions: Utterance to its newest partial's revision.
        lost: Utterances lost so far.
        reached_ns: Where the last word of the newest final ends, where that was cut by its length;
            else 0.
    """

    newest: int = 0
    begun: dict[int, int] = field(default_factory=dict)
    revisions: dict[int, int] = field(default_factory=dict)
    lost: int = 0
    reached_ns: int = 0

    def take(self, told: np.void) -> None:
        """Takes one record."""
        utterance = int(told["utterance"])
        self.lost = int(told["lost"])
        if not told["is_final"]:
            self.revisions[utterance] = int(told["revision"])
            return
        if told["part"] < told["parts"]:
            self.begun[utterance] = int(told["part"])
            return
        self.begun.pop(utterance, None)
        self.revisions.pop(utterance, None)
        self.newest = max(self.newest, utterance)
        count = int(told["word_count"])
        cut = told["ending"] == Ending.LENGTH
        self.reached_ns = int(told["words"][count - 1]["end_ns"]) if cut and count else 0


def delivered(rings: Rings) -> Delivered:
    """Reads the ring of channel `transcript`."""
    found = Delivered()
    latest = rings.latest("transcript")
    for n in range(max(1, latest - EVENT_SLOTS + 2), latest + 1):
        sample = rings.at("transcript", n)
        if sample is not None and sample.valid:
            found.take(sample.record[0])
    return found
