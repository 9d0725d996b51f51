"""What a matcher finds: a command, how sure it is, and what its slots hold."""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple


class Method(IntEnum):
    """How a command was recognised; the record's field `method`."""

    NONE = 0
    EXACT = 1
    CLOSE = 2
    MEANING = 3


class Filled(NamedTuple):
    """A slot and what was said for it.

    Attributes:
        name: Of the slot.
        value: In the vocabulary's own spelling where the slot has a list; None: as it was said.
        number: NaN where the slot is none.
        first: Index of its first word.
        last: Behind its last word.
    """

    name: str
    value: str | None
    number: float
    first: int
    last: int


class Match(NamedTuple):
    """The best that was found.

    Attributes:
        command: Its name; empty where nothing is near enough.
        score: 0..1; of what came nearest where nothing is near enough.
        method: How; NONE where nothing is near enough.
        slots: In the order of the phrase.
    """

    command: str
    score: float
    method: Method
    slots: tuple[Filled, ...] = ()


NOTHING = Match("", 0.0, Method.NONE)
