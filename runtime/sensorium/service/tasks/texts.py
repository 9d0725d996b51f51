"""The texts of a request: how many and how long they may be, and the words in them."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Any, NamedTuple

from sensorium.service.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_TEXTS = 256
LONGEST_TEXT = 10_000
"""Characters; the models read far fewer."""
_RUN = re.compile(r"\S+")
_BY_ITSELF = re.compile(
    "[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0002fa1f]"
)
"""Kana and ideographs, which are written without spaces."""


class Word(NamedTuple):
    """A word of a text, and between which characters (code points) it stands."""

    text: str
    start: int
    end: int


def checked(inputs: Any) -> tuple[str, ...]:
    """One text or a list of texts.

    Raises:
        Problem: 422; it is neither, or too much.
    """
    texts = [inputs] if isinstance(inputs, str) else inputs
    if not isinstance(texts, list) or not texts:
        raise Problem(422, "inputs: is no text and no list of texts", 'send {"inputs": ["..."]}')
    if len(texts) > MOST_TEXTS:
        raise Problem(
            422, f"inputs: holds {len(texts)} texts, {MOST_TEXTS} are allowed",
            "send them in several requests",
        )
    for at, text in enumerate(texts):
        if not isinstance(text, str):
            raise Problem(422, f"inputs[{at}]: is no text", "send texts in quotes")
        if len(text) > LONGEST_TEXT:
            raise Problem(
                422, f"inputs[{at}]: has {len(text)} characters, {LONGEST_TEXT} are allowed",
                "split it: the model reads only some hundred words",
            )
    return tuple(texts)


def words(text: str) -> tuple[Word, ...]:
    """The words of a text in any script, in order, without the punctuation around them.

    What is between spaces is a word; of Chinese and Japanese each character is one.
    """
    return tuple(word for run in _RUN.finditer(text) for word in _split(text, *run.span()))


def _split(text: str, start: int, end: int) -> Iterator[Word]:
    begun = start
    for found in _BY_ITSELF.finditer(text, start, end):
        yield from _trimmed(text, begun, found.start())
        yield Word(found.group(), *found.span())
        begun = found.end()
    yield from _trimmed(text, begun, end)


def _trimmed(text: str, start: int, end: int) -> Iterator[Word]:
    while start < end and unicodedata.category(text[start])[0] == "P":
        start += 1
    while start < end and unicodedata.category(text[end - 1])[0] == "P":
        end -= 1
    if start < end:
        yield Word(text[start:end], start, end)
