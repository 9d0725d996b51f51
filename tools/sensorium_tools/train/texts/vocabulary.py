"""The words that a classifier knows: the commonest of the texts that it learns from."""

from __future__ import annotations

import json
import string
from collections import Counter
from typing import TYPE_CHECKING

from sensorium.perception.word_list import WordList

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy as np
    from numpy.typing import NDArray

MOST_WORDS = 20_000
LONGEST = 128
"""Words of a text that are read."""
_RARE = 2
"""Texts that must have a word; what only one has is as good as unknown."""
FILTERS = string.punctuation.replace("'", "") + (
    "\t\n\r\x0b\x0c\x1c\x1d\x1e\x1f\x85\xa0\u2028\u2029"
    "\u2018\u201c\u201d\u201e\u2026\u2013\u2014\xab\xbb\xa1\xbf\u3001\u3002\uff01\uff1f\uff0c"
)
"""What parts words as a blank does."""


def vocabulary(texts: Iterable[str], most: int = MOST_WORDS) -> str:
    """A word list as JSON, in the form of `WordList`, the commonest word first."""
    blanks = str.maketrans(dict.fromkeys(FILTERS, " "))
    often: Counter[str] = Counter()
    for text in texts:
        often.update({word for word in text.lower().translate(blanks).split(" ") if word})
    counted = sorted(often.items(), key=lambda item: (-item[1], item[0]))
    words = [word for word, count in counted[:most] if count >= _RARE]
    return json.dumps(
        {"words": words, "unknown": len(words) + 1, "filters": FILTERS}, ensure_ascii=False
    )


def size(words: str) -> int:
    """Rows of the table of a word list: its words, the filler and the unknown one."""
    return int(json.loads(words)["unknown"]) + 1


def numbered(texts: Iterable[str], words: str) -> list[NDArray[np.int64]]:
    """The words of each text as numbers, [1 to `LONGEST`]; of a text without any the filler."""
    known = WordList(words, "vocabulary")
    return [known.as_long(text, LONGEST)[0] for text in texts]
