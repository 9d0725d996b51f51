"""Transcripts as records: a text in parts that fit, and what stands in the ring already."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sensorium.channels.catalogue import EVENT_SLOTS
from sensorium.records.voice import TEXT_BYTES

if TYPE_CHECKING:
    from sensorium.perception.sense import Rings

ROOM = TEXT_BYTES - 1
"""Bytes of text in one record; one is kept for the closing NUL."""


def split(text: str, room: int = ROOM) -> list[str]:
    """A text as parts of at most `room` bytes of UTF-8, cut between words where that can be.

    Joined with blanks the parts are the text again; only a word that is longer than a record is
    cut, and never inside a code point.
    """
    parts: list[str] = []
    for word in text.split(" "):
        if parts and len(parts[-1].encode()) + 1 + len(word.encode()) <= room:
            parts[-1] += f" {word}"
            continue
        while len(word.encode()) > room:
            piece = word.encode()[:room].decode(errors="ignore")
            parts.append(piece)
            word = word[len(piece) :]
        parts.append(word)
    return parts


@dataclass
class Delivered:
    """What the ring of transcripts holds of an earlier process.

    Attributes:
        newest: The newest utterance that has all parts of its final; 0: none.
        begun: Utterance to the parts of its final that stand there, where they are not all.
        revisions: Utterance to its newest partial's revision.
        lost: Utterances lost so far.
    """

    newest: int = 0
    begun: dict[int, int] = field(default_factory=dict)
    revisions: dict[int, int] = field(default_factory=dict)
    lost: int = 0


def delivered(rings: Rings) -> Delivered:
    """Reads the ring of channel `transcript`."""
    found = Delivered()
    latest = rings.latest("transcript")
    for n in range(max(1, latest - EVENT_SLOTS + 2), latest + 1):
        sample = rings.at("transcript", n)
        if sample is None or not sample.valid:
            continue
        told = sample.record[0]
        utterance = int(told["utterance"])
        found.lost = int(told["lost"])
        if not told["is_final"]:
            found.revisions[utterance] = int(told["revision"])
        elif told["part"] == told["parts"]:
            found.newest = max(found.newest, utterance)
            found.begun.pop(utterance, None)
        else:
            found.begun[utterance] = int(told["part"])
    return found
