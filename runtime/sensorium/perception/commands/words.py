"""A text as plain words: lower case, no punctuation, numbers written out, contractions in full.

What is said and what a vocabulary asks for go through the same rules, so that "It's 25%." and
"it is twenty-five percent" are the same words.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, NamedTuple

from sensorium.perception.commands.spoken_numbers import PERCENT, spelled

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_PIECE = re.compile(
    r"(?P<minus>(?<![^\s(])[-\u2212](?=[$€£]?\d))"
    r"|(?P<money>[$€£](?=\d))"
    r"|(?P<number>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)(?P<ordinal>(?:st|nd|rd|th)\b)?"
    r"|(?P<word>[^\W\d_]+(?:['\u2019][^\W\d_]+)*)"
    r"|(?P<sign>[%°&+])",
    re.IGNORECASE,
)
_SIGNS = {"%": PERCENT, "°": "degrees", "&": "and", "+": "plus"}
_MONEY = {"$": "dollars", "€": "euros", "£": "pounds"}
_HESITATIONS = frozenset(("uh", "um", "er", "erm", "uhm", "hm", "hmm", "mm", "mhm"))
_WHOLE = {"can't": ("can", "not"), "won't": ("will", "not"), "shan't": ("shall", "not"),
          "let's": ("let", "us"), "o'clock": ("oclock",), "cannot": ("can", "not"),
          "gonna": ("going", "to"), "wanna": ("want", "to"), "ok": ("okay",)}  # fmt: skip
_ENDINGS = {"n't": "not", "'re": "are", "'ll": "will", "'ve": "have", "'m": "am", "'d": "would"}
_IS = frozenset(("it", "that", "what", "where", "who", "how", "there", "here", "he", "she", "when"))
"""Words after which 's is `is`; after others it marks whose something is, and is left out."""


class Word(NamedTuple):
    """One plain word.

    Attributes:
        text: Lower-case letters.
        start: Index of its first character in the text that it is from.
        end: Behind its last character; several words may be from the same characters.
    """

    text: str
    start: int
    end: int


def normalised(text: str) -> list[Word]:
    """The plain words of a text, with where each is from."""
    found: list[Word] = []
    money = ""
    for piece in _PIECE.finditer(text):
        start, end = piece.span()
        if piece["money"]:
            money = _MONEY[piece["money"]]
            continue
        found += [Word(word, start, end) for word in _plain(piece)]
        if piece["number"] and money:
            found.append(Word(money, start, end))
        money = ""
    return _joined(found)


def plain(text: str) -> list[str]:
    """The plain words of a text alone."""
    return [word.text for word in normalised(text)]


def _plain(piece: re.Match[str]) -> Iterable[str]:
    if piece["minus"]:
        return ("minus",)
    if piece["number"]:
        return spelled(piece["number"].replace(",", ""), ordinal=bool(piece["ordinal"]))
    if piece["sign"]:
        return (_SIGNS[piece["sign"]],)
    return _in_full(_folded(piece["word"]))


def _folded(word: str) -> str:
    """Lower case, without accents and ligatures."""
    letters = unicodedata.normalize("NFKD", word.replace("\u2019", "'")).casefold()
    return "".join(letter for letter in letters if unicodedata.category(letter) != "Mn")


def _in_full(word: str) -> Iterator[str]:
    if word in _WHOLE:
        yield from _WHOLE[word]
        return
    for ending, said in _ENDINGS.items():
        if word.endswith(ending):
            yield word.removesuffix(ending).replace("'", "")
            yield said
            return
    base = word.removesuffix("'s")
    if base != word and base in _IS:
        yield from (base, "is")
    elif word not in _HESITATIONS:
        yield word.replace("'", "")


def _joined(words: list[Word]) -> list[Word]:
    """Takes `per cent` for one word, and drops what has no letter left."""
    kept: list[Word] = []
    for word in words:
        if word.text == "cent" and kept and kept[-1].text == "per":
            kept[-1] = Word(PERCENT, kept[-1].start, word.end)
        elif word.text:
            kept.append(word)
    return kept
