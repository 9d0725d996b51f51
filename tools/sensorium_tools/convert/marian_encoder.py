"""A Marian translator's encoder as ONNX: a text to the keys and values of every cross-attention.

They depend on the text alone, so they are computed once, and the decoder reads them with each
token. Keys come transposed, ready for the decoder's product.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from sensorium_tools.convert.marian_layers import Layers

_ROWS, _COLUMNS = (1, 0, 2), (1, 2, 0)


def write(layers: Layers) -> None:
    """Writes the encoder.

    Inputs: input_ids int64 [1, tokens]. Outputs, for each layer of the decoder: cross_k_i
    [1, heads, width / heads, tokens] and cross_v_i [1, heads, tokens, width / heads].

    Raises:
        EngineError: When a tensor is missing or of another shape.
    """
    graph, config = layers.graph, layers.config
    ids = graph.port("input", "input_ids", (1, "tokens"), "int64")
    flat = graph.node("Reshape", [ids, graph.sizes(-1)], "encoder/ids")
    table = graph.constant("words", layers.table() * np.float32(layers.scale()))
    x = graph.node("Gather", [table, flat], "encoder/words", axis=0)
    count = graph.node("Shape", [ids], "encoder/positions", start=1, end=2)
    rows = graph.node(
        "Slice",
        [graph.constant("positions", layers.positions()), graph.sizes(0), count, graph.sizes(0)],
        "encoder/positions",
    )
    x = graph.node("Add", [x, rows], "encoder/words")
    for layer in range(config.encoder_layers):
        place = f"model.encoder.layers.{layer}"
        made = _attention(layers, x, f"{place}.self_attn")
        x = layers.behind(x, made, f"{place}.self_attn_layer_norm")
        x = layers.feed_forward(x, place, config.encoder_inner)
    for layer in range(config.decoder_layers):
        _cross(layers, x, layer)


def _attention(layers: Layers, x: str, place: str) -> str:
    """Self-attention of all tokens; without the sum."""
    graph, config = layers.graph, layers.config
    width, heads = config.width, config.encoder_heads
    scale = (width // heads) ** -0.5
    query, key, value = (
        graph.heads(
            layers.linear(x, f"{place}.{name}_proj", width, width, factor), heads,
            f"{place}.{name}", axes,
        )
        for name, factor, axes in (("q", scale, _ROWS), ("k", 1.0, _COLUMNS), ("v", 1.0, _ROWS))
    )
    scores = graph.node("MatMul", [query, key], f"{place}.scores")
    shares = graph.node("Softmax", [scores], place, axis=-1)
    mixed = graph.node("MatMul", [shares, value], f"{place}.mixed")
    mixed = graph.node("Transpose", [mixed], place, perm=[1, 0, 2])
    mixed = graph.node("Reshape", [mixed, graph.sizes(-1, width)], place)
    return layers.linear(mixed, f"{place}.out_proj", width, width)


def _cross(layers: Layers, x: str, layer: int) -> None:
    graph, config = layers.graph, layers.config
    width, heads = config.width, config.decoder_heads
    place = f"model.decoder.layers.{layer}.encoder_attn"
    for name, axes in (("k", _COLUMNS), ("v", _ROWS)):
        rows = layers.linear(x, f"{place}.{name}_proj", width, width)
        split = graph.heads(rows, heads, f"{place}.{name}", axes)
        made = graph.node("Unsqueeze", [split, graph.sizes(0)], f"{place}.{name}")
        shape: tuple[int | str, ...] = (1, heads, width // heads, "tokens")
        port = graph.port(
            "output", f"cross_{name}_{layer}",
            shape if name == "k" else (1, heads, "tokens", width // heads),
        )
        graph.deliver(made, port)
