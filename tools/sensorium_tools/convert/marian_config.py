"""What the config.json of a Marian translator says of its sizes."""

from __future__ import annotations

from dataclasses import dataclass

from sensorium.errors import EngineError
from sensorium_tools.convert.bert_config import check_fixed, content, size

ACTIVATIONS = ("swish", "silu", "relu", "gelu")
"""By Hugging Face's names; swish is silu."""
_FIXED = {
    "model_type": "marian", "normalize_before": False, "normalize_embedding": False,
    "add_final_layer_norm": False, "static_position_embeddings": True, "extra_pos_embeddings": 0,
    "share_encoder_decoder_embeddings": True, "tie_word_embeddings": True,
}  # fmt: skip
"""Keys that may be missing, and what they must say: another value is another graph."""


@dataclass(frozen=True)
class MarianConfig:
    """Sizes of one translator.

    Attributes:
        vocabulary: Token ids, of both languages.
        width: Of the residual stream.
        encoder_layers: One after the other.
        decoder_layers: One after the other.
        encoder_heads: Of attention.
        decoder_heads: Of attention.
        encoder_inner: Width of the feed-forward step.
        decoder_inner: Width of the feed-forward step.
        positions: Most tokens of a text.
        activation: One of `ACTIVATIONS`.
        scaled: Whether embeddings are multiplied with the root of the width.
        end: Id of the token that ends a text.
        pad: Id of the token that never stands in one.
        start: Id of the token that begins a translation.
    """

    vocabulary: int
    width: int
    encoder_layers: int
    decoder_layers: int
    encoder_heads: int
    decoder_heads: int
    encoder_inner: int
    decoder_inner: int
    positions: int
    activation: str
    scaled: bool
    end: int
    pad: int
    start: int


def read(data: bytes, name: str) -> MarianConfig:
    """Reads config.json.

    Args:
        data: The file.
        name: What errors call it.

    Raises:
        EngineError: When it is damaged, lacks a size, or describes another kind of model.
    """
    table = content(data, name)
    check_fixed(table, _FIXED, name)
    activation = table.get("activation_function", "swish")
    if activation not in ACTIVATIONS:
        raise EngineError(
            f'{name}: config.json: activation_function is "{activation!s:.40}"',
            f"there are conversions of {', '.join(ACTIVATIONS)}",
        )
    vocabulary, width = size(table, "vocab_size", name), size(table, "d_model", name)
    tokens = {}
    for key, default in (
        ("eos_token_id", 0), ("pad_token_id", vocabulary - 1),
        ("decoder_start_token_id", table.get("pad_token_id", vocabulary - 1)),
    ):
        tokens[key] = table.get(key, default)
        if type(tokens[key]) is not int or not 0 <= tokens[key] < vocabulary:
            raise EngineError(
                f"{name}: config.json: {key} is {tokens[key]!r:.40}, must be 0 to {vocabulary - 1}"
            )
    config = MarianConfig(
        vocabulary=vocabulary, width=width,
        encoder_layers=size(table, "encoder_layers", name),
        decoder_layers=size(table, "decoder_layers", name),
        encoder_heads=size(table, "encoder_attention_heads", name),
        decoder_heads=size(table, "decoder_attention_heads", name),
        encoder_inner=size(table, "encoder_ffn_dim", name),
        decoder_inner=size(table, "decoder_ffn_dim", name),
        positions=size(table, "max_position_embeddings", name),
        activation=activation, scaled=bool(table.get("scale_embedding", False)),
        end=tokens["eos_token_id"], pad=tokens["pad_token_id"],
        start=tokens["decoder_start_token_id"],
    )
    for heads in (config.encoder_heads, config.decoder_heads):
        if width % heads:
            raise EngineError(f"{name}: config.json: {heads} heads do not divide {width} values")
    return config
