"""What travels in an engine's graph beside its weights, such as a tokeniser."""

from __future__ import annotations

from typing import TYPE_CHECKING

import onnx

from sensorium.errors import EngineError
from sensorium_tools import graphs
from sensorium_tools.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sensorium.inference.card import Card


class Carried:
    """What a card's graph carries, for who reads it of an engine; see `sentence_tokens.Carrier`.

    Args:
        card: Of the engine.

    Raises:
        EngineError: When the graph cannot be made.
    """

    def __init__(self, card: Card) -> None:
        self.name = card.name
        model = onnx.load_from_string(graphs.graph(card, Progress()))
        self.metadata: Mapping[str, str] = {
            entry.key: entry.value for entry in model.metadata_props
        }


def carried(card: Card, key: str) -> str:
    """The text that a card's graph carries under a key of its metadata.

    Raises:
        EngineError: When it carries none, or the graph cannot be made.
    """
    metadata = Carried(card).metadata
    if key not in metadata:
        raise EngineError(
            f'{card.name}: its graph carries no "{key}"',
            "give the converter the file that holds it, or choose another task",
        )
    return metadata[key]
