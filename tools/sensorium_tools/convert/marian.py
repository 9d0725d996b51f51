"""Marian translators from safetensors to ONNX: their encoder or their decoder."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sensorium.errors import EngineError
from sensorium.inference.card_tables import Axis
from sensorium.inference.text_metadata import TOKENIZER, TRANSLATION, VOCABULARY
from sensorium_tools.convert import (
    marian_config,
    marian_decoder,
    marian_encoder,
    own_ports,
    sentencepiece_file,
)
from sensorium_tools.convert.cached_attention import TEXTS
from sensorium_tools.convert.marian_layers import Layers, longest
from sensorium_tools.convert.onnx_graph import check
from sensorium_tools.convert.safetensors_file import Tensors
from sensorium_tools.convert.transformer_graph import TransformerGraph
from sensorium_tools.ports import with_ports

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sensorium.inference.card import Card
    from sensorium_tools.convert.marian_config import MarianConfig

_PARTS = {"encoder": marian_encoder.write, "decoder": marian_decoder.write}
_TYPICAL = 32
_SIDE_BY_SIDE = 8
"""Translations of a text that go side by side, at most."""
_UNKNOWN = "<unk>"


def convert(card: Card, weights: Sequence[bytes]) -> bytes:
    """See `convert.Converter`; `conversion.part` is "encoder" or "decoder".

    Weights: model.safetensors, config.json, source.spm and vocab.json. What makes tokens of a text
    goes into the encoder's metadata, what makes a text of tokens into the decoder's.
    """
    part = card.conversion.part
    if part not in _PARTS or len(weights) != 4:
        raise EngineError(
            f'{card.name}: the converter marian makes no part "{part}" of {len(weights)} files',
            "part is encoder or decoder; a folder has model.safetensors, config.json, source.spm "
            "and vocab.json",
        )
    config = marian_config.read(weights[1], card.name)
    tensors = Tensors(weights[0], f"{card.name}: model.safetensors")
    graph = TransformerGraph(f"marian-{part}")
    layers = Layers(graph, tensors, config)
    _PARTS[part](layers)
    vocabulary = _vocabulary(weights[3], config, card.name)
    metadata = {VOCABULARY: json.dumps(vocabulary, ensure_ascii=False)}
    if part == "encoder":
        metadata[TOKENIZER] = sentencepiece_file.tokenizer_json(
            weights[2], f"{card.name}: source.spm"
        )
    metadata[TRANSLATION] = json.dumps({
        "end": config.end, "pad": config.pad, "start": config.start,
        "unknown": vocabulary.index(_UNKNOWN), "positions": config.positions,
    })  # fmt: skip
    whole = replace(card, axes=_axes(card, config, part))
    own_ports.write(metadata, whole, ())
    data = graph.model(metadata)
    check(with_ports(card, data), data)
    return data


def _axes(card: Card, config: MarianConfig, part: str) -> tuple[Axis, ...]:
    """The card's own axes, else the model's."""
    most = config.positions
    tokens = Axis("tokens", 1, min(_TYPICAL, most), most)
    known = {"tokens": tokens}
    if part == "decoder":
        known["cache"] = replace(tokens, name="cache")
        known[TEXTS] = Axis(TEXTS, 1, 1, _SIDE_BY_SIDE)
    if card.axes and {axis.name for axis in card.axes} != set(known):
        raise EngineError(
            f"{card.name}: the {part} has the axes {', '.join(known)}",
            "state these in [[axes]], or leave them out",
        )
    for axis in card.axes:
        if axis.name != TEXTS:
            longest(config, axis.max, card.name)
    return card.axes or tuple(known.values())


def _vocabulary(data: bytes, config: MarianConfig, name: str) -> list[str]:
    """The tokens by their numbers.

    Raises:
        EngineError: When the file is damaged, or of another model.
    """
    try:
        numbers: Any = json.loads(data)
        tokens = [""] * config.vocabulary
        for token, number in numbers.items():
            if type(number) is not int or not 0 <= number < config.vocabulary:
                raise ValueError(f"the number of {token!a:.40} is {number!r:.20}")
            tokens[number] = token
        if _UNKNOWN not in numbers:
            raise ValueError(f"it has no {_UNKNOWN}")
    except (ValueError, AttributeError, RecursionError) as error:
        raise EngineError(
            f"{name}: vocab.json is damaged, or of another model than config.json: {error}",
            "take both files from one model",
        ) from error
    return tokens
