"""Phrases with optional and alternative parts, written as Home Assistant's hassil writes them.

`[a]` may be left out, `(a|b)` is one of several, `[a|b]` one of several or nothing, `{slot}` is
filled by what is said, `{values:slot}` too, under another name. Parts stand together where no
space is between them: `lamp[s]`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from sensorium.perception.commands.words import plain

MAX_VARIANTS = 1000
"""Wordings that one phrase may stand for."""
MAX_DEPTH = 8
_TOKEN = re.compile(r"[()\[\]|]|\{[^{}]*\}|[^()\[\]|{}]+|.", re.DOTALL)
_SLOT = re.compile(r"\{([a-z][a-z0-9_]*)(?::([a-z][a-z0-9_]*))?\}")
_CLOSES = {"(": ")", "[": "]"}


@dataclass(frozen=True)
class SlotPlace:
    """A slot in a wording.

    Attributes:
        kind: The slot of the vocabulary that says what may be said there.
        name: What it is called in the command.
    """

    kind: str
    name: str


Wording = tuple[str | SlotPlace, ...]
"""Plain words and slots, in order."""


def wordings(template: str) -> tuple[Wording, ...]:
    """Every wording that a phrase stands for, each once; the fullest first.

    Raises:
        ValueError: Says what is wrong with it.
    """
    tokens = _TOKEN.findall(template)
    texts, end = _alternatives(tokens, 0, "", 0)
    if end != len(tokens):
        raise ValueError(f"has a {tokens[end]} too many")
    found = dict.fromkeys(_worded(text) for text in texts)
    for wording in found:
        if not wording:
            raise ValueError("is empty, or may be when all that is optional is left out")
        if not any(isinstance(part, str) for part in wording):
            raise ValueError("has no word of its own, or may have none")
    return tuple(found)


def _alternatives(
    tokens: list[str], at: int, close: str, depth: int
) -> tuple[list[str], int]:
    """The texts up to `close`, and the place behind it."""
    if depth > MAX_DEPTH:
        raise ValueError(f"is nested deeper than {MAX_DEPTH}")
    done: list[str] = []
    texts = [""]
    while at < len(tokens) and tokens[at] != close:
        token = tokens[at]
        at += 1
        if token == "|":
            if not depth:
                raise ValueError("has a | outside of brackets: write (a|b)")
            done += texts
            texts = [""]
        elif token in _CLOSES:
            inner, at = _alternatives(tokens, at, _CLOSES[token], depth + 1)
            texts = _product(texts, inner if token == "(" else [*inner, ""])
        elif token in ")]}{":
            raise ValueError(f"has a {token} too many")
        else:
            texts = _product(texts, [token])
    if close:
        if at == len(tokens):
            raise ValueError(f"lacks a {close}")
        at += 1
    return done + texts, at


def _product(heads: list[str], tails: list[str]) -> list[str]:
    if len(heads) * len(tails) > MAX_VARIANTS:
        raise ValueError(f"stands for more than {MAX_VARIANTS} wordings: write several phrases")
    return [head + tail for head in heads for tail in tails]


def _worded(text: str) -> Wording:
    parts: list[str | SlotPlace] = []
    end = 0
    for found in re.finditer(r"\{[^{}]*\}", text):
        slot = _SLOT.fullmatch(found.group())
        if slot is None:
            raise ValueError(
                f"has {found.group():.40}: a slot's name is of a-z, 0-9 and _, as {{place}}"
            )
        parts += plain(text[end : found.start()])
        parts.append(SlotPlace(slot[1], slot[2] or slot[1]))
        end = found.end()
    return (*parts, *plain(text[end:]))
