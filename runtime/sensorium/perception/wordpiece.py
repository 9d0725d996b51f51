"""Text to the token ids of BERT-shaped models: words, then the longest known pieces of each.

Follows Google's tokenization.py (BERT, 2018) as Hugging Face's `tokenizers` has it, so that ids
are those that the model was trained on. About 500 characters that came with newer versions of
Unicode are marks and punctuation to Python and not to `tokenizers`; no such model knows them.
"""

from __future__ import annotations

import json
import re
import unicodedata
from typing import TYPE_CHECKING

import numpy as np

from sensorium.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

_IDEOGRAPHS = (
    (0x4E00, 0x9FFF), (0x3400, 0x4DBF), (0x20000, 0x2A6DF), (0x2A700, 0x2B73F),
    (0x2B740, 0x2B81F), (0x2B920, 0x2CEAF), (0xF900, 0xFAFF), (0x2F800, 0x2FA1F),
)  # fmt: skip
"""Code points that are words by themselves, as `tokenizers` lists them."""
_ASCII_PUNCTUATION = frozenset("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")
_SPACE_CONTROLS = frozenset("\t\n\r")
_DROPPED = ("Cc", "Cf", "Co", "Cs")
_SPACES = re.compile("[\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+")
"""Unicode's White_Space; Python's own `\\s` has four control characters more."""
_LONGEST_TEXT = 1 << 16
"""Characters that are looked at; more than any model's tokens can hold."""


class WordPiece:
    """The tokeniser of one model.

    Args:
        text: A tokenizer.json of Hugging Face's, as it travels with the engine.
        name: What errors call it.

    Raises:
        EngineError: When it is damaged, or describes another kind of tokeniser.
    """

    def __init__(self, text: str | bytes, name: str) -> None:
        try:
            content = json.loads(text)
            model, normaliser = content["model"], content["normalizer"]
            kinds = model["type"], normaliser["type"], content["pre_tokenizer"]["type"]
            if kinds != ("WordPiece", "BertNormalizer", "BertPreTokenizer"):
                raise ValueError(f"it is of {', '.join(map(str, kinds))}")
            self._vocabulary = {str(piece): int(index) for piece, index in model["vocab"].items()}
            self._prefix = str(model["continuing_subword_prefix"])
            self._longest_word = int(model["max_input_chars_per_word"])
            self._lower = bool(normaliser["lowercase"])
            strip = normaliser["strip_accents"]
            self._strip = self._lower if strip is None else bool(strip)
            self._clean = bool(normaliser["clean_text"])
            self._split_ideographs = bool(normaliser["handle_chinese_chars"])
            special = {str(token["content"]): int(token["id"]) for token in content["added_tokens"]}
            self.unknown = self._vocabulary[str(model["unk_token"])]
            self.start = self._vocabulary["[CLS]"]
            self.end = self._vocabulary["[SEP]"]
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise EngineError(
                f"{name}: not a WordPiece tokenizer.json ({type(error).__name__}: {error})"
            ) from error
        self._special = special
        self._specials = re.compile("|".join(map(re.escape, special)) or "(?!)")

    def __call__(self, text: str, limit: int) -> NDArray[np.int64]:
        """The token ids of a text, between the marks of its start and end.

        Args:
            text: Any; a special token in it, such as [MASK], keeps its meaning.
            limit: Most tokens, 2 or more; what is beyond is left out.

        Returns:
            int64 [1, tokens], 2 to `limit` tokens.
        """
        ids = [self.start]
        for token in self._tokens(text[:_LONGEST_TEXT]):
            if len(ids) == limit - 1:
                break
            ids.append(token)
        return np.array([[*ids, self.end]], np.int64)

    def _tokens(self, text: str) -> Iterator[int]:
        at = 0
        for found in self._specials.finditer(text):
            yield from self._plain(text[at : found.start()])
            yield self._special[found.group()]
            at = found.end()
        yield from self._plain(text[at:])

    def _plain(self, text: str) -> Iterator[int]:
        for part in _SPACES.split(self._normalised(text)):
            for word in _at_punctuation(part):
                yield from self._pieces(word)

    def _normalised(self, text: str) -> str:
        if self._clean:
            text = "".join(_SPACES.sub(" ", char) for char in text if not _is_dropped(char))
        if self._split_ideographs:
            text = "".join(f" {char} " if _is_ideograph(char) else char for char in text)
        if self._strip:
            text = "".join(
                char for char in unicodedata.normalize("NFD", text)
                if unicodedata.category(char) != "Mn"
            )
        # One by one: a whole word's lower case would give another sigma at its end.
        return "".join(char.lower() for char in text) if self._lower else text

    def _pieces(self, word: str) -> list[int]:
        if len(word) > self._longest_word:
            return [self.unknown]
        pieces, start = [], 0
        while start < len(word):
            prefix = self._prefix if start else ""
            for end in range(len(word), start, -1):
                index = self._vocabulary.get(prefix + word[start:end])
                if index is not None:
                    pieces.append(index)
                    start = end
                    break
            else:
                return [self.unknown]
        return pieces


def _at_punctuation(text: str) -> Iterator[str]:
    """Words, and each punctuation mark by itself."""
    start = 0
    for at, char in enumerate(text):
        if char in _ASCII_PUNCTUATION or unicodedata.category(char)[0] == "P":
            if at > start:
                yield text[start:at]
            yield char
            start = at + 1
    if start < len(text):
        yield text[start:]


def _is_dropped(char: str) -> bool:
    """Whether a character is no text: a control, a format mark, or what stands for damage."""
    if char in _SPACE_CONTROLS:
        return False
    return char == "\ufffd" or unicodedata.category(char) in _DROPPED


def _is_ideograph(char: str) -> bool:
    point = ord(char)
    return any(low <= point <= high for low, high in _IDEOGRAPHS)
