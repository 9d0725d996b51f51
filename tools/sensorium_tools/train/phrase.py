"""The phrase that a wake word is, and the name that its engine gets."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from sensorium.errors import EngineError
from sensorium.inference.card import NAME

MAX_BYTES = 63
"""Of the phrase in the channel's record, which ends in a zero byte."""
MAX_WORDS = 6
MIN_PHONEMES = 5
"""A shorter phrase is a part of too many others: "hey" is in "they" and "hay"."""
MAX_SECONDS = 1.2
"""Said at a usual speed: the head sees 2 s, of which a slow voice must fit in."""
_SPEAKABLE = re.compile(r"[a-z]+(?:'[a-z]+)*")


@dataclass(frozen=True)
class Phrase:
    """What is to be heard.

    Attributes:
        text: Words of a to z and apostrophes, lower case, one blank between them.
        name: Of the engine.
    """

    text: str
    name: str

    @property
    def words(self) -> tuple[str, ...]:
        """Its words."""
        return tuple(self.text.split(" "))


def phrase(text: str, name: str = "") -> Phrase:
    """A phrase as it was typed.

    Args:
        text: In any case; blanks, hyphens, commas and marks of an end part words.
        name: Of the engine; empty: the words with hyphens.

    Raises:
        EngineError: When it is empty, too long, has a digit, a symbol or another script than
            Latin, or the name cannot be a folder's; with the remedy.
    """
    plain = unicodedata.normalize("NFKC", text).replace("’", "'").lower()
    words = re.sub(r"[\s,.!?-]+", " ", plain).strip().split(" ")
    if words == [""]:
        raise EngineError(
            "the phrase is empty", 'sensorium-engines train wake-word "hey sensorium"'
        )
    for word in words:
        if _SPEAKABLE.fullmatch(word):
            continue
        odd = next(letter for letter in word if not _SPEAKABLE.fullmatch(letter))
        if odd.isdigit():
            raise EngineError(f'the phrase has the digit "{odd}"', "write it as a word")
        if odd.isalpha():
            raise EngineError(
                f'the phrase has the letter "{odd}" ({unicodedata.name(odd, "unnamed")}); '
                "English voices speak a to z",
                "write it as it sounds in English",
            )
        raise EngineError(
            f"the phrase has {odd!r}, which is no letter", "leave it out, or write it as a word"
        )
    joined = " ".join(words)
    if len(words) > MAX_WORDS or len(joined.encode()) > MAX_BYTES:
        raise EngineError(
            f"the phrase has {len(words)} words and {len(joined.encode())} bytes, may have "
            f"{MAX_WORDS} and {MAX_BYTES}",
            "two to four words are heard best",
        )
    name = name or "-".join(words).replace("'", "")
    if not NAME.fullmatch(name):
        raise EngineError(
            f'"{name[:70]}" cannot be the name of an engine',
            "--name with lower-case letters, digits and hyphens, up to 63",
        )
    return Phrase(joined, name)
