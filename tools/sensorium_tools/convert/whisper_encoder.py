"""Whisper's encoder as ONNX: a log-mel spectrogram to the keys and values of every cross-attention.

The keys and values depend on the sound alone, so they are computed here, once, and the decoder
reads them with each token. Keys come transposed, ready for the decoder's product.

Source of the structure: `whisper/model.py` of github.com/openai/whisper.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sensorium_tools.convert.transformer_graph import Size, TransformerGraph
from sensorium_tools.convert.whisper_sizes import HEAD_WIDTH, MELS, WhisperSizes

if TYPE_CHECKING:
    from sensorium_tools.convert.ctranslate2_model import Ctranslate2Model

SCALE = HEAD_WIDTH**-0.5
"""Of the scores; a power of two, so folding it into the queries' weights changes no bit of them."""
_HEAD_ROWS, _HEAD_COLUMNS = (1, 0, 2), (1, 2, 0)


def build(model: Ctranslate2Model, sizes: WhisperSizes) -> bytes:
    """The encoder's graph.

    Inputs: mel [1, 80, frames], frames even. Outputs, for each layer of the decoder:
    cross_k_i [1, heads, 64, positions] and cross_v_i [1, heads, positions, 64], positions being
    half the frames.

    Raises:
        EngineError: When a variable is missing or of another shape.
    """
    graph = TransformerGraph("whisper-encoder")
    mel = graph.port("input", "mel", (1, MELS, "frames"))
    x = _convolutions(graph, model, sizes, mel)
    for layer in range(sizes.encoder_layers):
        place = f"encoder/layer_{layer}"
        x = graph.node("Add", [x, _attention(graph, model, sizes, x, place)], place)
        x = graph.node("Add", [x, feed_forward(graph, model, sizes, x, place)], f"{place}/ffn")
    x = norm(graph, model, sizes, x, "encoder/layer_norm")
    for layer in range(sizes.decoder_layers):
        _cross(graph, model, sizes, x, layer)
    return graph.model()


def norm(
    graph: TransformerGraph, model: Ctranslate2Model, sizes: WhisperSizes, x: str, place: str
) -> str:
    """A layer norm of the model."""
    gamma, beta = (model.weight(f"{place}/{name}", sizes.width) for name in ("gamma", "beta"))
    return graph.norm(x, gamma, beta, place)


def linear(
    graph: TransformerGraph, model: Ctranslate2Model, x: str, place: str, shape: tuple[int, int]
) -> str:
    """A linear layer of the model; its weight has `shape` (outputs, inputs)."""
    weight, bias = model.weight(f"{place}/weight", *shape), model.weight(f"{place}/bias", shape[0])
    return graph.linear(x, weight, bias, place)


def feed_forward(
    graph: TransformerGraph, model: Ctranslate2Model, sizes: WhisperSizes, x: str, place: str
) -> str:
    """Norm, linear to four times the width, GELU, linear back; without the residual."""
    width, inner = sizes.width, 4 * sizes.width
    x = norm(graph, model, sizes, x, f"{place}/ffn/layer_norm")
    x = linear(graph, model, x, f"{place}/ffn/linear_0", (inner, width))
    x = graph.gelu(x, f"{place}/ffn/gelu")
    return linear(graph, model, x, f"{place}/ffn/linear_1", (width, inner))


def _convolutions(
    graph: TransformerGraph, model: Ctranslate2Model, sizes: WhisperSizes, mel: str
) -> str:
    """Two convolutions, the second halving the frames, and positions: [positions, width]."""
    x = mel
    for index, (inputs, stride) in enumerate(((MELS, 1), (sizes.width, 2)), 1):
        place = f"encoder/conv{index}"
        weight = model.weight(f"{place}/weight", sizes.width, inputs, 3)
        bias = model.weight(f"{place}/bias", sizes.width)
        named = [graph.constant(f"{place}/{name}", values)
                 for name, values in (("weight", weight), ("bias", bias))]
        x = graph.node("Conv", [x, *named], place, pads=[1, 1], strides=[stride], kernel_shape=[3])
        x = graph.gelu(x, place)
    place = "encoder/position_encodings"
    x = graph.node("Transpose", [x], place, perm=[0, 2, 1])
    x = graph.node("Reshape", [x, graph.sizes(-1, sizes.width)], place)
    table = graph.constant(
        f"{place}/encodings", model.weight(f"{place}/encodings", sizes.sound_positions, sizes.width)
    )
    count = graph.node("Shape", [x], place, start=0, end=1)
    rows = graph.node("Slice", [table, graph.sizes(0), count, graph.sizes(0)], place)
    return graph.node("Add", [x, rows], place)


def _attention(
    graph: TransformerGraph, model: Ctranslate2Model, sizes: WhisperSizes, x: str, place: str
) -> str:
    """Norm and self-attention of all positions; without the residual."""
    place, width = f"{place}/self_attention", sizes.width
    x = norm(graph, model, sizes, x, f"{place}/layer_norm")
    weights = np.split(model.weight(f"{place}/linear_0/weight", 3 * width, width), 3)
    biases = np.split(model.weight(f"{place}/linear_0/bias", 3 * width), 3)
    query, key, value = (
        graph.linear(
            x, weight * np.float32(scale), bias * np.float32(scale) if bias.any() else None,
            f"{place}/{name}",
        )
        for name, weight, bias, scale in zip(
            ("query", "key", "value"), weights, biases, (SCALE, 1.0, 1.0), strict=True
        )
    )
    scores = graph.node(
        "MatMul",
        [
            graph.heads(query, sizes.heads, f"{place}/query", _HEAD_ROWS),
            graph.heads(key, sizes.heads, f"{place}/key", _HEAD_COLUMNS),
        ],
        f"{place}/scores",
    )
    shares = graph.node("Softmax", [scores], place, axis=-1)
    values = graph.heads(value, sizes.heads, f"{place}/value", _HEAD_ROWS)
    mixed = graph.node("MatMul", [shares, values], f"{place}/mixed")
    mixed = graph.node("Transpose", [mixed], place, perm=[1, 0, 2])
    mixed = graph.node("Reshape", [mixed, graph.sizes(0, width)], place)
    return linear(graph, model, mixed, f"{place}/linear_1", (width, width))


def _cross(
    graph: TransformerGraph, model: Ctranslate2Model, sizes: WhisperSizes, x: str, layer: int
) -> None:
    """The keys and values that one layer of the decoder reads."""
    width, place = sizes.width, f"decoder/layer_{layer}/attention"
    weights = np.split(model.weight(f"{place}/linear_1/weight", 2 * width, width), 2)
    biases = np.split(model.weight(f"{place}/linear_1/bias", 2 * width), 2)
    shapes: tuple[tuple[Size, Size], ...] = (
        (HEAD_WIDTH, "positions"), ("positions", HEAD_WIDTH)
    )
    for name, weight, bias, axes, shape in zip(
        ("k", "v"), weights, biases, (_HEAD_COLUMNS, _HEAD_ROWS), shapes, strict=True
    ):
        part = f"{place}/cross_{name}"
        made = graph.linear(x, weight, bias if bias.any() else None, part)
        made = graph.heads(made, sizes.heads, part, axes)
        made = graph.node("Unsqueeze", [made, graph.sizes(0)], part)
        port = graph.port("output", f"cross_{name}_{layer}", (1, sizes.heads, *shape))
        graph.deliver(made, port)
