"""What an engine of BERT's shape reads of a text: its first tokens, between their marks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from sensorium.errors import EngineError
from sensorium.inference.text_metadata import TOKENIZER
from sensorium.perception.wordpiece import WordPiece

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from sensorium.inference.card import Card


class Carrier(Protocol):
    """An engine, or what is to become one: its name, and the texts that travel with it."""

    @property
    def name(self) -> str:
        """Of its card."""
        ...

    @property
    def metadata(self) -> Mapping[str, str]:
        """Texts by key."""
        ...


class SentenceTokens:
    """The tokeniser of an engine, and how many tokens it takes.

    Args:
        engine: Which carries its tokeniser.
        card: Of it; its first input is the tokens'.

    Raises:
        EngineError: When it carries none.
    """

    def __init__(self, engine: Carrier, card: Card) -> None:
        if TOKENIZER not in engine.metadata:
            raise EngineError(
                f"{engine.name}: carries no {TOKENIZER}", f"sensorium-engines build {engine.name}"
            )
        self._pieces = WordPiece(engine.metadata[TOKENIZER], engine.name)
        self._input = card.inputs[0].name
        self._limit = card.sizes(card.inputs[0], "max")[1]

    def feeds(self, text: str) -> dict[str, NDArray[np.int64]]:
        """What the engine is given for a text; what is beyond its limit is left out."""
        return {self._input: self._pieces(text, self._limit)}
