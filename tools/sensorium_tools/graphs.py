"""The fp32 graph of a card: converted once, then taken from the cache."""

from __future__ import annotations

from typing import TYPE_CHECKING

import onnx

from sensorium_tools import artefacts
from sensorium_tools.code import code_of
from sensorium_tools.convert import converter, converter_module
from sensorium_tools.sources import read_weights, unpinned

if TYPE_CHECKING:
    from sensorium.inference.card import Card
    from sensorium_tools.progress import Progress

_FILE = "model.onnx"


def key(card: Card) -> str:
    """What the graph of a card is kept under."""
    return artefacts.key(
        "graph", card=card.graph_identity, onnx=onnx.__version__,
        code=code_of(converter_module(card.conversion.converter)), **unpinned(card),
    )


def graph(card: Card, progress: Progress) -> bytes:
    """The serialised fp32 graph of a card.

    Raises:
        HashError: When an archive or a weight is not the pinned one.
        EngineError: When it cannot be fetched or converted.
        OSError: When it cannot be written.
    """
    folder = artefacts.find(key(card))
    if folder is None:
        weights = read_weights(card, progress)
        progress.say(f"{card.name}: converting {len(weights)} file{'s' * (len(weights) > 1)}")
        data = converter(card.conversion.converter)(card, weights)
        folder = artefacts.keep(key(card), {_FILE: data})
    return (folder / _FILE).read_bytes()
