"""Whisper's decoder as ONNX: one token and what came before it to the logits of the next.

Several texts of one sound go side by side, so that a step reads the weights once for all of them.
What came before is a cache of keys and values of a capacity that the caller chooses: the graph
reads its first `position` rows, and gives the new row, which the caller writes at `position`. So
shapes stay the same from token to token and nothing is copied. The embedding is stored once: the
look-up takes a column of the matrix that the logits are a product with.

Source of the structure: `whisper/model.py` of github.com/openai/whisper.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sensorium_tools.convert.cached_attention import TEXTS, attend, hidden_rows
from sensorium_tools.convert.transformer_graph import TransformerGraph
from sensorium_tools.convert.whisper_encoder import SCALE, feed_forward, linear, norm
from sensorium_tools.convert.whisper_sizes import HEAD_WIDTH, WhisperSizes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sensorium_tools.convert.ctranslate2_model import Ctranslate2Model


def build(
    model: Ctranslate2Model, sizes: WhisperSizes, alignment: Sequence[tuple[int, int]],
    metadata: Mapping[str, str],
) -> bytes:
    """The decoder's graph.

    Inputs: token int64 [texts, 1]; position int64 [1], which counts tokens before them; for each
    layer cache_k_i [texts, heads, 64, cache] and cache_v_i [texts, heads, cache, 64], finite
    everywhere; and cross_k_i, cross_v_i, the encoder's, of the one sound. Outputs: logits [texts,
    vocabulary]; for each layer new_k_i [texts, heads, 64, 1] and new_v_i [texts, heads, 1, 64];
    alignment [texts, alignment heads, positions], the scores of these heads of the
    cross-attention before their softmax.

    Args:
        model: The weights.
        sizes: Its sizes.
        alignment: Layer and head of those that follow the sound; see `whisper_alignment`.
        metadata: What travels with the graph, by name.

    Raises:
        EngineError: When a variable is missing or of another shape.
    """
    graph = TransformerGraph("whisper-decoder")
    token = graph.port("input", "token", (TEXTS, 1), "int64")
    position = graph.port("input", "position", (1,), "int64")
    _ports(graph, sizes, len(alignment))
    embedding = graph.constant(
        "decoder/embeddings/weight",
        model.weight("decoder/embeddings/weight", sizes.vocabulary, sizes.width).T,
    )
    x = _embed(graph, model, sizes, embedding, token, position)
    hidden = hidden_rows(graph, sizes.text_positions, position)
    followed: list[str] = []
    for layer in range(sizes.decoder_layers):
        place = f"decoder/layer_{layer}"
        own = _self_attention(graph, model, sizes, x, layer, hidden)
        x = graph.node("Add", [x, own], f"{place}/self_attention")
        other, scores = _cross(graph, model, sizes, x, layer)
        x = graph.node("Add", [x, other], f"{place}/attention")
        heads = [head for at, head in alignment if at == layer]
        if heads:
            followed.append(_rows(graph, scores, heads, f"{place}/attention/followed"))
        x = graph.node("Add", [x, feed_forward(graph, model, sizes, x, place)], f"{place}/ffn")
    rows = graph.node("Concat", followed, "decoder/alignment", axis=1)
    rows = graph.node("Transpose", [rows], "decoder/alignment", perm=[2, 1, 0, 3])
    squeezed = graph.node("Squeeze", [rows, graph.sizes(2)], "decoder/alignment")
    graph.deliver(squeezed, "alignment")
    x = norm(graph, model, sizes, x, "decoder/layer_norm")
    graph.deliver(graph.node("MatMul", [x, embedding], "decoder/projection"), "logits")
    return graph.model(metadata)


def _rows(graph: TransformerGraph, scores: str, heads: Sequence[int], place: str) -> str:
    """The scores of some heads: [1, count, texts, positions]."""
    numbers = graph.constant(f"{place}/heads", np.asarray(heads, np.int64))
    return graph.node("Gather", [scores, numbers], place, axis=1)


def _ports(graph: TransformerGraph, sizes: WhisperSizes, followed: int) -> None:
    layers, heads = range(sizes.decoder_layers), sizes.heads
    for what, texts, axis in (("cache", TEXTS, "cache"), ("cross", 1, "positions")):
        for layer in layers:
            graph.port("input", f"{what}_k_{layer}", (texts, heads, HEAD_WIDTH, axis))
            graph.port("input", f"{what}_v_{layer}", (texts, heads, axis, HEAD_WIDTH))
    graph.port("output", "logits", (TEXTS, sizes.vocabulary))
    for layer in layers:
        graph.port("output", f"new_k_{layer}", (TEXTS, heads, HEAD_WIDTH, 1))
        graph.port("output", f"new_v_{layer}", (TEXTS, heads, 1, HEAD_WIDTH))
    graph.port("output", "alignment", (TEXTS, followed, "positions"))


def _embed(
    graph: TransformerGraph, model: Ctranslate2Model, sizes: WhisperSizes, embedding: str,
    token: str, position: str,
) -> str:
    """The tokens' vectors and their position's: [texts, width]."""
    place = "decoder/position_encodings"
    table = model.weight(f"{place}/encodings", sizes.text_positions, sizes.width)
    where = graph.node(
        "Gather", [graph.constant(f"{place}/encodings", table), position], place, axis=0
    )
    columns = graph.node("Gather", [embedding, token], "decoder/embeddings", axis=1)
    rows = graph.node("Transpose", [columns], "decoder/embeddings", perm=[1, 2, 0])
    rows = graph.node("Reshape", [rows, graph.sizes(-1, sizes.width)], "decoder/embeddings")
    return graph.node("Add", [rows, where], place)


def _self_attention(
    graph: TransformerGraph, model: Ctranslate2Model, sizes: WhisperSizes, x: str, layer: int,
    hidden: str,
) -> str:
    """Norm and attention to the text's cache and to the token itself; without the residual."""
    place, width = f"decoder/layer_{layer}/self_attention", sizes.width
    x = norm(graph, model, sizes, x, f"{place}/layer_norm")
    scale = np.repeat(np.array([SCALE, 1, 1], np.float32), width)
    weight = model.weight(f"{place}/linear_0/weight", 3 * width, width) * scale[:, None]
    bias = model.weight(f"{place}/linear_0/bias", 3 * width) * scale
    joined = graph.linear(x, weight, bias, f"{place}/linear_0")
    parts = graph.nodes("Split", [joined], place, 3, axis=-1, num_outputs=3)
    query, key, value = (
        graph.node("Reshape", [part, graph.sizes(-1, sizes.heads, *shape)], f"{place}/{name}")
        for name, part, shape in zip(
            ("query", "new_k", "new_v"), parts,
            ((1, HEAD_WIDTH), (HEAD_WIDTH, 1), (1, HEAD_WIDTH)), strict=True,
        )
    )
    mixed = attend(graph, place, layer, (query, key, value), hidden, width)
    return linear(graph, model, mixed, f"{place}/linear_1", (width, width))


def _cross(
    graph: TransformerGraph, model: Ctranslate2Model, sizes: WhisperSizes, x: str, layer: int
) -> tuple[str, str]:
    """Norm and attention to the sound, without the residual; and its scores."""
    place, width = f"decoder/layer_{layer}/attention", sizes.width
    x = norm(graph, model, sizes, x, f"{place}/layer_norm")
    weight = model.weight(f"{place}/linear_0/weight", width, width) * np.float32(SCALE)
    query = graph.linear(
        x, weight, model.weight(f"{place}/linear_0/bias", width) * np.float32(SCALE),
        f"{place}/query",
    )
    query = graph.node(
        "Reshape", [query, graph.sizes(1, -1, sizes.heads, HEAD_WIDTH)], f"{place}/query"
    )
    # The sound is the same to all texts: they are the rows of one product.
    query = graph.node("Transpose", [query], f"{place}/query", perm=[0, 2, 1, 3])
    scores = graph.node("MatMul", [query, f"cross_k_{layer}"], f"{place}/scores")
    shares = graph.node("Softmax", [scores], place, axis=-1)
    mixed = graph.node("MatMul", [shares, f"cross_v_{layer}"], f"{place}/mixed")
    mixed = graph.node("Transpose", [mixed], place, perm=[0, 2, 1, 3])
    mixed = graph.node("Reshape", [mixed, graph.sizes(-1, width)], place)
    return linear(graph, model, mixed, f"{place}/linear_2", (width, width)), scores
