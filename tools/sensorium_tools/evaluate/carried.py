"""What travels in an engine's graph beside its weights, such as a tokeniser."""

from __future__ import annotations

from typing import TYPE_CHECKING

import onnx

from sensorium.errors import EngineError
from sensorium_tools import graphs
from sensorium_tools.progress import Progress

if TYPE_CHECKING:
    from sensorium.inference.card import Card


def carried(card: Card, key: str) -> str:
    """The text that a card's graph carries under a key of its metadata.

    Raises:
        EngineError: When it carries none, or the graph cannot be made.
    """
    model = onnx.load_from_string(graphs.graph(card, Progress()))
    for entry in model.metadata_props:
        if entry.key == key:
            return str(entry.value)
    raise EngineError(
        f'{card.name}: its graph carries no "{key}"',
        "give the converter the file that holds it, or choose another task",
    )
