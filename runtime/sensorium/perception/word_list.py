"""Text to the numbers of its words, as Keras's Tokenizer has it: lower case, split at blanks."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np

from sensorium.errors import EngineError

if TYPE_CHECKING:
    from numpy.typing import NDArray

PADDING = 0
"""What fills a text up behind its last word."""
_LONGEST_TEXT = 1 << 16
"""Characters that are looked at; more than any model's words can hold."""


class WordList:
    """The vocabulary of one model.

    Args:
        text: JSON as it travels with the engine: `words` by number from 1 on, `unknown`, the
            number of all others, and `filters`, characters that part words as a blank does.
        name: What errors call it.

    Raises:
        EngineError: When it is damaged.
    """

    def __init__(self, text: str | bytes, name: str) -> None:
        try:
            content = json.loads(text)
            self._numbers = {str(word): at for at, word in enumerate(content["words"], 1)}
            self._unknown = int(content["unknown"])
            self._blanks = str.maketrans(dict.fromkeys(str(content["filters"]), " "))
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise EngineError(
                f"{name}: not a list of words ({type(error).__name__}: {error})"
            ) from error

    def __call__(self, text: str, length: int) -> NDArray[np.int64]:
        """The numbers of a text's first words.

        Args:
            text: Any.
            length: Of the result.

        Returns:
            int64 [1, length]; `PADDING` behind the last word.
        """
        words = self._numbered(text, length)
        numbers = np.full((1, length), PADDING, np.int64)
        numbers[0, : len(words)] = words
        return numbers

    def as_long(self, text: str, most: int) -> NDArray[np.int64]:
        """The numbers of a text's first words, no more than it has.

        Args:
            text: Any.
            most: Words that are read.

        Returns:
            int64 [1, 1 to `most`]; of a text without words one `PADDING`.
        """
        return np.array([self._numbered(text, most) or [PADDING]], np.int64)

    def _numbered(self, text: str, most: int) -> list[int]:
        plain = text[:_LONGEST_TEXT].lower().translate(self._blanks)
        # Only blanks part words; str.split() alone would part them at line feeds too.
        words = [word for word in plain.split(" ") if word][:most]
        return [self._numbers.get(word, self._unknown) for word in words]
