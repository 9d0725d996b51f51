"""A vocabulary: what an app wants to be told, in its own words."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntFlag
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sensorium.perception.commands.templates import Wording

EVERY_APP = "*"


class Gate(IntFlag):
    """What lets a command pass; the record's field `gate`."""

    ALWAYS = 1
    PUSH_TO_TALK = 2
    WAKE_WORD = 4


@dataclass(frozen=True)
class Slot:
    """What may be said at a place of a phrase."""

    kind: str = field(
        default="values",
        metadata={
            "doc": "One of a list, a number, or any words.",
            "choices": ("values", "number", "anything"),
        },
    )
    values: tuple[str, ...] = field(default=(), metadata={"doc": "The list."})
    min: float = field(default=float("-inf"), metadata={"doc": "The least number."})
    max: float = field(default=float("inf"), metadata={"doc": "The largest number."})


class Phrase(NamedTuple):
    """One wording of a command.

    Attributes:
        command: Its name.
        words: Plain words and slots.
        source: Number of the phrase in the file that it is a wording of.
    """

    command: str
    words: Wording
    source: int


@dataclass(frozen=True)
class Vocabulary:
    """One app's vocabulary.

    Attributes:
        app: As the app says hello; `*` is every app.
        name: Of the vocabulary.
        gate: What lets its commands pass.
        close_threshold: Least score of a close phrase.
        meaning_threshold: Least score by meaning.
        slots: By name.
        phrases: Every wording of every command.
    """

    app: str
    name: str
    gate: Gate
    close_threshold: float
    meaning_threshold: float
    slots: Mapping[str, Slot]
    phrases: tuple[Phrase, ...]

    def is_for(self, app: str) -> bool:
        """Whether an app of this name gets its commands."""
        return self.app in (app, EVERY_APP)
