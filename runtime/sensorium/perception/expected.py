"""What is waited for: the command sense knows it, and speech recognition asks.

Both run in one process and in one thread, so that an object between them is enough.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from sensorium.perception.commands.vocabulary import Vocabulary


class Source(Protocol):
    """Who knows the vocabularies."""

    def vocabularies(self) -> tuple[Vocabulary, ...]:
        """All that are read."""
        ...

    def active(self, start_ns: int, end_ns: int) -> tuple[Vocabulary, ...]:
        """Those of connected apps whose gate is open for an utterance.

        Args:
            start_ns: Capture time of its begin.
            end_ns: Of its end.
        """
        ...


class Expected:
    """The place where they meet.

    Attributes:
        source: None: nobody waits for commands.
    """

    def __init__(self) -> None:
        self.source: Source | None = None
