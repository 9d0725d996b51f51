"""A final transcript as the commands take it: plain words, each with its time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sensorium.perception.commands.words import Word, normalised

if TYPE_CHECKING:
    import numpy as np

_NEVER = (0, 0)
_NOT_SAID = (2, 3)
"""Outcomes of a transcript without words: nothing was said, its sound was lost."""


@dataclass(frozen=True)
class Said:
    """One utterance.

    Attributes:
        utterance: Its id.
        start_ns: Capture time of its begin.
        end_ns: Of its end.
        text: As recognised.
        words: Plain words.
        times: Capture times of each word's begin and end; zeros where unknown.
    """

    utterance: int
    start_ns: int
    end_ns: int
    text: str
    words: tuple[Word, ...]
    times: tuple[tuple[int, int], ...]

    @property
    def plain(self) -> list[str]:
        """The words alone."""
        return [word.text for word in self.words]

    @classmethod
    def read(cls, row: np.void) -> Said | None:
        """Takes a record of channel `transcript`; None where nothing was said, or is yet to be."""
        if not row["is_final"] or int(row["outcome"]) in _NOT_SAID or row["part"] != row["parts"]:
            return None
        text = row["text"].decode("utf-8", "replace")
        # What does not fit one record is longer than any command: it was said, and is none.
        words = normalised(text) if row["parts"] <= 1 else []
        if not words and row["parts"] <= 1:
            return None
        return cls(
            int(row["utterance"]), int(row["start_ns"]), int(row["end_ns"]), text, tuple(words),
            _times(row, text, words),
        )

    def spoken(self, first: int, last: int) -> str:
        """The words `first`..`last` - 1 as they stand in the text."""
        return self.text[self.words[first].start : self.words[last - 1].end]

    def time(self, first: int, last: int) -> tuple[int, int]:
        """When the words `first`..`last` - 1 began and ended; zeros where unknown."""
        return self.times[first][0], self.times[last - 1][1]


def _times(row: np.void, text: str, words: list[Word]) -> tuple[tuple[int, int], ...]:
    count = int(row["word_count"])
    timed = [
        (int(word["offset"]), int(word["offset"]) + int(word["length"]),
         (int(word["start_ns"]), int(word["end_ns"])))
        for word in row["words"][:count]
    ]
    times = []
    for word in words:
        begin = len(text[: word.start].encode())
        end = begin + len(text[word.start : word.end].encode())
        found = [time for first, last, time in timed if first < end and begin < last]
        times.append((found[0][0], found[-1][1]) if found else _NEVER)
    return tuple(times)
