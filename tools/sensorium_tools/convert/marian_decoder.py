"""A Marian translator's decoder as ONNX: one token and what came before it to the next's logits.

Its cache is that of Whisper's decoder: of a capacity that the caller chooses, read up to
`position`; the caller writes the new rows there. Several translations of one text go side by side.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sensorium_tools.convert.cached_attention import TEXTS, attend, hidden_rows

if TYPE_CHECKING:
    from sensorium_tools.convert.marian_layers import Layers


def write(layers: Layers) -> None:
    """Writes the decoder.

    Inputs: token int64 [texts, 1]; position int64 [1], which counts tokens before them; for each
    layer cache_k_i [texts, heads, width / heads, cache] and cache_v_i [texts, heads, cache,
    width / heads], finite everywhere; and cross_k_i, cross_v_i, the encoder's, of the one text.
    Outputs: logits [texts, vocabulary]; for each layer new_k_i and new_v_i, one column and one row.

    Raises:
        EngineError: When a tensor is missing or of another shape.
    """
    graph, config = layers.graph, layers.config
    token = graph.port("input", "token", (TEXTS, 1), "int64")
    position = graph.port("input", "position", (1,), "int64")
    _ports(layers)
    table = graph.constant("words", layers.table().T)
    columns = graph.node("Gather", [table, token], "decoder/words", axis=1)
    rows = graph.node("Transpose", [columns], "decoder/words", perm=[1, 2, 0])
    rows = graph.node("Reshape", [rows, graph.sizes(-1, config.width)], "decoder/words")
    if config.scaled:
        factor = graph.constant("decoder/scale", np.full(1, layers.scale(), np.float32))
        rows = graph.node("Mul", [rows, factor], "decoder/words")
    where = graph.node(
        "Gather", [graph.constant("positions", layers.positions()), position],
        "decoder/positions", axis=0,
    )
    x = graph.node("Add", [rows, where], "decoder/words")
    hidden = hidden_rows(graph, config.positions, position)
    for layer in range(config.decoder_layers):
        place = f"model.decoder.layers.{layer}"
        made = _self_attention(layers, x, layer, hidden)
        x = layers.behind(x, made, f"{place}.self_attn_layer_norm")
        x = layers.behind(x, _cross(layers, x, layer), f"{place}.encoder_attn_layer_norm")
        x = layers.feed_forward(x, place, config.decoder_inner)
    made = graph.node("MatMul", [x, table], "decoder/projection")
    bias = layers.tensors.take("final_logits_bias", (1, config.vocabulary))
    made = graph.node("Add", [made, graph.constant("final_logits_bias", bias)], "decoder/logits")
    graph.deliver(made, "logits")


def _ports(layers: Layers) -> None:
    graph, config = layers.graph, layers.config
    heads, wide = config.decoder_heads, config.width // config.decoder_heads
    for layer in range(config.decoder_layers):
        graph.port("input", f"cache_k_{layer}", (TEXTS, heads, wide, "cache"))
        graph.port("input", f"cache_v_{layer}", (TEXTS, heads, "cache", wide))
    for layer in range(config.decoder_layers):
        graph.port("input", f"cross_k_{layer}", (1, heads, wide, "tokens"))
        graph.port("input", f"cross_v_{layer}", (1, heads, "tokens", wide))
    graph.port("output", "logits", (TEXTS, config.vocabulary))
    for layer in range(config.decoder_layers):
        graph.port("output", f"new_k_{layer}", (TEXTS, heads, wide, 1))
        graph.port("output", f"new_v_{layer}", (TEXTS, heads, 1, wide))


def _self_attention(layers: Layers, x: str, layer: int, hidden: str) -> str:
    """Attention to the text's cache and to the token itself; without the sum."""
    graph, config = layers.graph, layers.config
    place, width, heads = f"model.decoder.layers.{layer}.self_attn", config.width, (
        config.decoder_heads
    )
    wide = width // heads
    query, key, value = (
        graph.node(
            "Reshape",
            [layers.linear(x, f"{place}.{name}_proj", width, width, factor),
             graph.sizes(-1, heads, *shape)],
            f"{place}.{name}",
        )
        for name, factor, shape in (
            ("q", wide**-0.5, (1, wide)), ("k", 1.0, (wide, 1)), ("v", 1.0, (1, wide))
        )
    )  # fmt: skip
    mixed = attend(graph, place, layer, (query, key, value), hidden, width)
    return layers.linear(mixed, f"{place}.out_proj", width, width)


def _cross(layers: Layers, x: str, layer: int) -> str:
    """Attention to the text that is translated; without the sum."""
    graph, config = layers.graph, layers.config
    place, width, heads = f"model.decoder.layers.{layer}.encoder_attn", config.width, (
        config.decoder_heads
    )
    query = layers.linear(x, f"{place}.q_proj", width, width, (width // heads) ** -0.5)
    query = graph.node("Reshape", [query, graph.sizes(1, -1, heads, width // heads)], f"{place}.q")
    # The text is the same to all translations: they are the rows of one product.
    query = graph.node("Transpose", [query], f"{place}.q", perm=[0, 2, 1, 3])
    scores = graph.node("MatMul", [query, f"cross_k_{layer}"], f"{place}.scores")
    shares = graph.node("Softmax", [scores], place, axis=-1)
    mixed = graph.node("MatMul", [shares, f"cross_v_{layer}"], f"{place}.mixed")
    mixed = graph.node("Transpose", [mixed], place, perm=[0, 2, 1, 3])
    mixed = graph.node("Reshape", [mixed, graph.sizes(-1, width)], place)
    return layers.linear(mixed, f"{place}.out_proj", width, width)
