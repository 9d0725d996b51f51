"""What the two halves of a Marian translator share, as ONNX nodes.

A transformer of Vaswani et al., "Attention Is All You Need" (arXiv 1706.03762), its norms behind
the sums; `modeling_marian.py` of Hugging Face's `transformers` says what the checkpoint holds.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from sensorium.errors import EngineError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sensorium_tools.convert.marian_config import MarianConfig
    from sensorium_tools.convert.safetensors_file import Tensors
    from sensorium_tools.convert.transformer_graph import TransformerGraph

_TABLES = (
    "model.shared.weight", "model.encoder.embed_tokens.weight", "model.decoder.embed_tokens.weight",
    "lm_head.weight",
)
"""One table under several names; a file of tied weights holds it under one of them."""


class Layers:
    """Writes nodes with the weights of one translator.

    Args:
        graph: Where they are written.
        tensors: The weights.
        config: Their sizes.
    """

    def __init__(self, graph: TransformerGraph, tensors: Tensors, config: MarianConfig) -> None:
        self.graph = graph
        self.tensors = tensors
        self.config = config

    def table(self) -> NDArray[np.float32]:
        """The words' table, [vocabulary, width].

        Raises:
            EngineError: There is none, or it is of another shape.
        """
        shape = self.config.vocabulary, self.config.width
        there = [name for name in _TABLES if name in self.tensors] or list(_TABLES)
        return self.tensors.take(there[0], shape)

    def positions(self) -> NDArray[np.float32]:
        """The sines of all positions, then their cosines: [positions, width].

        As section 3.5 of the paper has it, except that the halves lie one behind the other.
        """
        width = self.config.width
        rates = 10_000.0 ** (-2 * (np.arange(width) // 2) / width)
        angles = np.arange(self.config.positions)[:, None] * rates
        return np.hstack([np.sin(angles[:, 0::2]), np.cos(angles[:, 1::2])]).astype(np.float32)

    def scale(self) -> float:
        """What embeddings are multiplied with."""
        return math.sqrt(self.config.width) if self.config.scaled else 1.0

    def linear(
        self, x: str, name: str, given: int, taken: int, scale: float = 1.0
    ) -> str:
        """The product with a weight, its bias added, all times `scale`."""
        weight = self.tensors.take(f"{name}.weight", (given, taken)) * np.float32(scale)
        bias = self.tensors.take(f"{name}.bias", (given,)) * np.float32(scale)
        return self.graph.linear(x, weight, bias, name)

    def behind(self, x: str, made: str, name: str) -> str:
        """The norm of the sum of what a step was given and what it made."""
        width = (self.config.width,)
        total = self.graph.node("Add", [x, made], name)
        return self.graph.norm(
            total, self.tensors.take(f"{name}.weight", width),
            self.tensors.take(f"{name}.bias", width), name,
        )

    def feed_forward(self, x: str, place: str, inner: int) -> str:
        """Linear, activation, linear; and the norm behind."""
        width = self.config.width
        made = self._activated(self.linear(x, f"{place}.fc1", inner, width), f"{place}.fc1")
        made = self.linear(made, f"{place}.fc2", width, inner)
        return self.behind(x, made, f"{place}.final_layer_norm")

    def _activated(self, x: str, place: str) -> str:
        if self.config.activation == "relu":
            return self.graph.node("Relu", [x], place)
        if self.config.activation == "gelu":
            return self.graph.gelu(x, place)
        return self.graph.node("Mul", [x, self.graph.node("Sigmoid", [x], place)], place)


def longest(config: MarianConfig, axis: int, name: str) -> None:
    """Refuses a card that allows more tokens than the model has positions.

    Raises:
        EngineError: Says both.
    """
    if axis > config.positions:
        raise EngineError(
            f"{name}: the card allows {axis} tokens, the model {config.positions}",
            "leave [[axes]] out, or state a smaller max",
        )
