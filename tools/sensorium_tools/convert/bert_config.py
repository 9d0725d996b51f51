"""What a BERT-shaped model's config.json says of its sizes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from sensorium.errors import EngineError

ACTIVATIONS = ("gelu", "gelu_new", "relu")
"""By Hugging Face's names: Gelu by the error function, Gelu by tanh, and the plain one."""
_LARGEST = 1 << 20
_FIXED = {
    "model_type": "bert",
    "position_embedding_type": "absolute",
    "is_decoder": False,
    "add_cross_attention": False,
}
"""Keys that may be missing, and what they must say: another value is another graph."""


@dataclass(frozen=True)
class BertConfig:
    """Sizes of one encoder.

    Attributes:
        vocabulary: Token ids.
        hidden: Width of a token's state.
        inner: Width of the feed-forward step.
        layers: One after the other.
        heads: Of attention, `hidden` / `heads` wide each.
        positions: Most tokens of a text.
        types: Rows of the token type table; a single text uses the first.
        epsilon: Of the layer normalisation.
        activation: One of `ACTIVATIONS`.
    """

    vocabulary: int
    hidden: int
    inner: int
    layers: int
    heads: int
    positions: int
    types: int
    epsilon: float
    activation: str


def read(data: bytes, name: str) -> BertConfig:
    """Reads config.json.

    Args:
        data: The file.
        name: What errors call it.

    Raises:
        EngineError: When it is damaged, lacks a size, or describes another kind of model.
    """
    try:
        content = json.loads(data)
        if not isinstance(content, dict):
            raise ValueError("it holds no table")
    except (ValueError, RecursionError) as error:
        raise EngineError(f"{name}: config.json is damaged: {error}") from error
    for key, value in _FIXED.items():
        if content.get(key, value) != value:
            raise EngineError(
                f'{name}: config.json: {key} is "{content[key]}", only "{value}" has a conversion'
            )
    activation = content.get("hidden_act", "gelu")
    if activation not in ACTIVATIONS:
        raise EngineError(
            f'{name}: config.json: hidden_act is "{activation}", there are conversions of '
            f"{', '.join(ACTIVATIONS)}"
        )
    epsilon = content.get("layer_norm_eps", 1e-12)
    if not isinstance(epsilon, float) or not 0 < epsilon < 1:
        raise EngineError(f"{name}: config.json: layer_norm_eps is {epsilon}, must be 0 to 1")
    config = BertConfig(
        vocabulary=_size(content, "vocab_size", name),
        hidden=_size(content, "hidden_size", name),
        inner=_size(content, "intermediate_size", name),
        layers=_size(content, "num_hidden_layers", name),
        heads=_size(content, "num_attention_heads", name),
        positions=_size(content, "max_position_embeddings", name),
        types=_size(content, "type_vocab_size", name),
        epsilon=epsilon,
        activation=activation,
    )
    if config.hidden % config.heads:
        raise EngineError(
            f"{name}: config.json: {config.heads} heads do not divide {config.hidden} values"
        )
    return config


def _size(content: dict[str, Any], key: str, name: str) -> int:
    value = content.get(key)
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= _LARGEST:
        raise EngineError(
            f"{name}: config.json: {key} is {value!r:.40}, must be 1 to {_LARGEST}"
        )
    return value
