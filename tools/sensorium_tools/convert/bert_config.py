"""What the config.json of BERT and DistilBERT says of a model's sizes and classes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sensorium.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Mapping

ACTIVATIONS = ("gelu", "gelu_new", "relu")
"""By Hugging Face's names: Gelu by the error function, Gelu by tanh, and the plain one."""
MOST_LABELS = 10_000
_LARGEST = 1 << 20
_FIXED = {
    "position_embedding_type": "absolute",
    "is_decoder": False,
    "add_cross_attention": False,
}
"""Keys that may be missing, and what they must say: another value is another graph."""
_DISTILBERT_EPSILON = 1e-12
"""Of its layer normalisation, which stands in no configuration: modeling_distilbert.py."""
_KEYS = {
    "bert": {
        "hidden": "hidden_size", "inner": "intermediate_size", "layers": "num_hidden_layers",
        "heads": "num_attention_heads", "types": "type_vocab_size",
    },
    "distilbert": {
        "hidden": "dim", "inner": "hidden_dim", "layers": "n_layers", "heads": "n_heads",
    },
}  # fmt: skip
"""model_type to what it calls the sizes."""


@dataclass(frozen=True)
class BertConfig:
    """Sizes of one encoder.

    Attributes:
        kind: bert or distilbert.
        vocabulary: Token ids.
        hidden: Width of a token's state.
        inner: Width of the feed-forward step.
        layers: One after the other.
        heads: Of attention, `hidden` / `heads` wide each.
        positions: Most tokens of a text.
        types: Rows of the token type table; a single text uses the first. 0: there is no table.
        epsilon: Of the layer normalisation.
        activation: One of `ACTIVATIONS`.
        several: Whether several of the classes may be true of a text.
        regression: Whether the head gives numbers, and no classes.
    """

    kind: str
    vocabulary: int
    hidden: int
    inner: int
    layers: int
    heads: int
    positions: int
    types: int
    epsilon: float
    activation: str
    several: bool
    regression: bool


def content(data: bytes, name: str) -> dict[str, Any]:
    """What stands in config.json.

    Raises:
        EngineError: When it is damaged.
    """
    try:
        found = json.loads(data)
        if not isinstance(found, dict):
            raise ValueError("it holds no table")
    except (ValueError, RecursionError) as error:
        raise EngineError(
            f"{name}: config.json is damaged: {error}", "fetch it again"
        ) from error
    return found


def check_fixed(table: Mapping[str, Any], fixed: Mapping[str, Any], name: str) -> None:
    """Refuses what config.json says otherwise than the one way that has a conversion.

    Args:
        table: What stands in it.
        fixed: Key to the only value; a key that is missing has it.
        name: What errors call it.

    Raises:
        EngineError: Names the key, what it is, and what it must be.
    """
    for key, value in fixed.items():
        if table.get(key, value) != value:
            raise EngineError(
                f'{name}: config.json: {key} is "{table[key]!s:.40}"',
                f'only "{value}" has a conversion',
            )


def read(data: bytes, name: str) -> BertConfig:
    """Reads config.json.

    Args:
        data: The file.
        name: What errors call it.

    Raises:
        EngineError: When it is damaged, lacks a size, or describes another kind of model.
    """
    table = content(data, name)
    kind = table.get("model_type", "bert")
    if not isinstance(kind, str) or kind not in _KEYS:
        raise EngineError(
            f'{name}: config.json: model_type is "{kind!s:.40}"',
            f"there are conversions of {', '.join(_KEYS)}",
        )
    check_fixed(table, _FIXED, name)
    activation = table.get("hidden_act" if kind == "bert" else "activation", "gelu")
    if activation not in ACTIVATIONS:
        raise EngineError(
            f'{name}: config.json: hidden_act is "{activation}", there are conversions of '
            f"{', '.join(ACTIVATIONS)}"
        )
    epsilon = table.get("layer_norm_eps", 1e-12) if kind == "bert" else _DISTILBERT_EPSILON
    if not isinstance(epsilon, float) or not 0 < epsilon < 1:
        raise EngineError(f"{name}: config.json: layer_norm_eps is {epsilon}, must be 0 to 1")
    sizes = {field: size(table, key, name) for field, key in _KEYS[kind].items()}
    config = BertConfig(
        kind=kind,
        vocabulary=size(table, "vocab_size", name),
        positions=size(table, "max_position_embeddings", name),
        epsilon=epsilon,
        activation=activation,
        several=table.get("problem_type") == "multi_label_classification",
        regression=table.get("problem_type") == "regression",
        **{"types": 0, **sizes},
    )
    if config.hidden % config.heads:
        raise EngineError(
            f"{name}: config.json: {config.heads} heads do not divide {config.hidden} values"
        )
    return config


def size(table: dict[str, Any], key: str, name: str) -> int:
    """A size that must be there.

    Raises:
        EngineError: When it is not, or is none.
    """
    value = table.get(key)
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= _LARGEST:
        raise EngineError(
            f"{name}: config.json: {key} is {value!r:.40}, must be 1 to {_LARGEST}"
        )
    return value


def labels(data: bytes, name: str) -> tuple[str, ...]:
    """The names of the classes, in order, as `id2label` of config.json has them by their numbers.

    Args:
        data: The file.
        name: What errors call it.

    Returns:
        Empty where it names none.

    Raises:
        EngineError: When it is damaged, or not each class has a name of its own.
    """
    given = content(data, name).get("id2label")
    if given is None:
        return ()
    if (
        not isinstance(given, dict) or len(given) > MOST_LABELS
        or set(given) != {str(number) for number in range(len(given))}
        or not all(isinstance(label, str) and label.strip() for label in given.values())
        or len(set(given.values())) < len(given)
    ):
        raise EngineError(
            f"{name}: config.json: id2label is {given!r:.80}, must give each class a name of its "
            "own",
            'write it as {"0": "first", "1": "second"}, or write engine.labels into the card',
        )
    return tuple(given[str(number)] for number in range(len(given)))
