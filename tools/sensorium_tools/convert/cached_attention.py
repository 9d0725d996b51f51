"""A decoder's attention to its own text, of which keys and values are kept in a cache, as ONNX.

The cache has a capacity that the caller chooses: the graph reads its first `position` columns and
rows and gives the new ones, which the caller writes there. Several texts go side by side.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from sensorium_tools.convert.transformer_graph import TransformerGraph

TEXTS = "texts"
"""The axis of the texts that go side by side."""


def hidden_rows(graph: TransformerGraph, positions: int, position: str) -> str:
    """0 for a row of the cache that was written, minus infinity for one that was not: [cache].

    Args:
        graph: With the input cache_k_0, [texts, heads, width / heads, cache].
        positions: The longest text.
        position: Tokens before, int64 [1].
    """
    place = "decoder/hidden_rows"
    numbers = graph.constant(f"{place}/numbers", np.arange(positions, dtype=np.int64))
    capacity = graph.node("Shape", ["cache_k_0"], place, start=3, end=4)
    rows = graph.node("Slice", [numbers, graph.sizes(0), capacity, graph.sizes(0)], place)
    written = graph.node("Less", [rows, position], place)
    zero = graph.constant(f"{place}/shown", np.zeros(1, np.float32))
    hidden = graph.constant(f"{place}/hidden", np.full(1, -np.inf, np.float32))
    return graph.node("Where", [written, zero, hidden], place)


def attend(
    graph: TransformerGraph, place: str, layer: int, parts: tuple[str, str, str], hidden: str,
    width: int,
) -> str:
    """Attention to the cache and to the token itself: [texts, width]; delivers the new rows.

    Args:
        graph: With the inputs cache_k_i and cache_v_i, and the outputs new_k_i and new_v_i.
        place: Of the attention.
        layer: i.
        parts: Query, scaled, [texts, heads, 1, wide]; key, [texts, heads, wide, 1]; value, as the
            query.
        hidden: See `hidden_rows`.
        width: Of the model.
    """
    query, key, value = parts
    old = graph.node("MatMul", [query, f"cache_k_{layer}"], f"{place}/old_scores")
    old = graph.node("Add", [old, hidden], f"{place}/old_scores")
    new = graph.node("MatMul", [query, key], f"{place}/new_scores")
    # The token's own score comes first: it splits off at a place that does not vary.
    shares = graph.node("Concat", [new, old], place, axis=-1)
    shares = graph.node("Softmax", [shares], place, axis=-1)
    new, old = (
        graph.node(
            "Slice", [shares, graph.sizes(start), graph.sizes(end), graph.sizes(3)], place
        )
        for start, end in ((0, 1), (1, 1 << 30))
    )
    old = graph.node("MatMul", [old, f"cache_v_{layer}"], f"{place}/old_mixed")
    new = graph.node("Mul", [new, value], f"{place}/new_mixed")
    mixed = graph.node("Add", [old, new], f"{place}/mixed")
    mixed = graph.node("Reshape", [mixed, graph.sizes(-1, width)], place)
    graph.deliver(key, f"new_k_{layer}")
    graph.deliver(value, f"new_v_{layer}")
    return mixed
