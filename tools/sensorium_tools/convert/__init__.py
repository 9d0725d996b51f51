"""Makes one ONNX graph of a card's weight files."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sensorium.inference.card import Card

CONVERTERS: dict[str, str] = {
    "darknet": "sensorium_tools.convert.darknet:convert",
    "efficientnet-lite": "sensorium_tools.convert.efficientnet_lite:convert",
    "keras": "sensorium_tools.convert.keras_model:convert",
    "bert": "sensorium_tools.convert.bert:convert",
    "bilstm": "sensorium_tools.convert.bilstm:convert",
    "marian": "sensorium_tools.convert.marian:convert",
    "onnx": "sensorium_tools.convert.onnx_graph:convert",
    "resemblyzer": "sensorium_tools.convert.resemblyzer:convert",
    "tflite": "sensorium_tools.convert.tflite_graph:convert",
    "whisper": "sensorium_tools.convert.whisper:convert",
}
"""Converter in a card to `module:function`."""


class Converter(Protocol):
    """Makes an ONNX file."""

    def __call__(self, card: Card, weights: Sequence[bytes]) -> bytes:
        """Converts the weights of `card`, in its order.

        Returns:
            A serialised ONNX model with the card's inputs and outputs; the same weights give
            the same bytes.

        Raises:
            EngineError: When a file is damaged, or has what the converter cannot express.
        """
        ...


def converter(name: str) -> Converter:
    """The converter of a name in `CONVERTERS`."""
    made: Converter = getattr(
        importlib.import_module(converter_module(name)), CONVERTERS[name].partition(":")[2]
    )
    return made


def converter_module(name: str) -> str:
    """The full name of the module that holds a converter."""
    return CONVERTERS[name].partition(":")[0]
