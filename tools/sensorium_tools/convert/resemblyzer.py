"""Converts Resemblyzer's voice encoder (.pt) to ONNX: three LSTM layers and a linear one.

The layers are those of resemblyzer/voice_encoder.py; their sizes are read from the weights.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sensorium.errors import EngineError
from sensorium_tools.convert import torch_file
from sensorium_tools.convert.graph_builder import GraphBuilder

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from sensorium.inference.card import Card

_LAYERS = 3
_STATE = "model_state"
_GATES = (0, 3, 1, 2)
"""ONNX's order of gates (input, output, forget, cell) by place in PyTorch's (i, f, g, o)."""
_SMALLEST = 1e-6
"""The length that a vector is divided by at least: an embedding of zeros stays one."""


def convert(card: Card, weights: Sequence[bytes]) -> bytes:
    """See `convert.Converter`: one .pt file; the card's input is [1, frames, mels]."""
    if len(weights) != 1:
        raise EngineError(f"{card.name}: takes one .pt file, not {len(weights)}")
    name = f"{card.name}: {card.weights[0].name}"
    tensors = _Tensors(torch_file.read(weights[0], name), name)
    graph, width = GraphBuilder(card), card.sizes(card.inputs[0])[2]
    # ONNX has time before the batch.
    x = graph.node("Transpose", [card.inputs[0].name], "time_first", perm=[1, 0, 2])
    direction = graph.constant(np.array([1], np.int64))
    for layer in range(_LAYERS):
        gates = tensors.take(f"lstm.weight_ih_l{layer}", (None, width))
        hidden = gates.shape[0] // 4
        if not hidden or gates.shape[0] % 4:
            raise tensors.error(f"lstm.weight_ih_l{layer} is {gates.shape}, not four gates")
        recurrent = tensors.take(f"lstm.weight_hh_l{layer}", (4 * hidden, hidden))
        biases = [
            _reordered(tensors.take(f"lstm.bias_{kind}_l{layer}", (4 * hidden,)))
            for kind in ("ih", "hh")
        ]
        constants = [
            graph.constant(_reordered(gates)[None], f"lstm{layer}.weight"),
            graph.constant(_reordered(recurrent)[None], f"lstm{layer}.recurrent"),
            graph.constant(np.concatenate(biases)[None], f"lstm{layer}.bias"),
        ]
        made = graph.node("LSTM", [x, *constants], f"lstm{layer}", outputs=2, hidden_size=hidden)
        # Y is [time, direction, batch, hidden], Y_h the last time's [direction, batch, hidden].
        last = layer == _LAYERS - 1
        source, axis = (f"{made}:1", graph.constant(np.array([0], np.int64))) if last else (
            made, direction
        )
        x, width = graph.node("Squeeze", [source, axis], f"lstm{layer}/flat"), hidden
    linear = tensors.take("linear.weight", (None, width))
    bias = tensors.take("linear.bias", (linear.shape[0],))
    constants = [graph.constant(linear, "linear.weight"), graph.constant(bias, "linear.bias")]
    positive = graph.node("Relu", [graph.node("Gemm", [x, *constants], "linear", transB=1)], "relu")
    axis = graph.constant(np.array([1], np.int64))
    length = graph.node("ReduceL2", [positive, axis], "length", keepdims=1)
    length = graph.node("Max", [length, graph.constant(_SMALLEST)], "not_zero")
    return graph.finish([graph.node("Div", [positive, length], "unit")])


class _Tensors:
    def __init__(self, tensors: Mapping[str, NDArray[Any]], name: str) -> None:
        self._tensors, self._name = tensors, name

    def take(self, name: str, shape: tuple[int | None, ...]) -> NDArray[np.float32]:
        """A tensor of a shape; None stands for any size."""
        values = self._tensors.get(f"{_STATE}.{name}")
        if values is None:
            raise self.error(f"the tensor {_STATE}.{name} is missing")
        fits = values.ndim == len(shape) and all(
            wanted in (None, size) for wanted, size in zip(shape, values.shape, strict=True)
        )
        if not fits or values.dtype != np.float32:
            raise self.error(f"{name} is {values.dtype} {values.shape}, not float32 {shape}")
        return values

    def error(self, what: str) -> EngineError:
        """An error that names the file."""
        return EngineError(
            f"{self._name}: {what}",
            "the converter resemblyzer is for the voice encoder of Resemblyzer",
        )


def _reordered(gates: NDArray[np.float32]) -> NDArray[np.float32]:
    """PyTorch's four gates [4 * hidden, ...] in ONNX's order."""
    parts = np.split(gates, 4)
    return np.concatenate([parts[place] for place in _GATES])
