"""BERT-shaped encoders from safetensors to ONNX: BERT, DistilBERT, MiniLM and their relatives.

The graph takes the token ids of one text without padding, so that it needs no mask and no token
types. It is written in plain MatMul, Add, Softmax and LayerNormalization, so that every quantiser
finds the products.
"""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING

from sensorium.errors import EngineError
from sensorium.inference.card_tables import Axis, Port
from sensorium.inference.text_metadata import SEVERAL, TOKENIZER
from sensorium_tools.convert import bert_config, bert_heads, own_ports
from sensorium_tools.convert.bert_encoder import Encoder
from sensorium_tools.convert.network import Network
from sensorium_tools.convert.onnx_graph import check
from sensorium_tools.convert.safetensors_file import Tensors
from sensorium_tools.convert.wordpiece_file import tokenizer_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sensorium.inference.card import Card
    from sensorium_tools.convert.bert_config import BertConfig

_TOKENS = "tokens"
_TYPICAL = 32


def convert(card: Card, weights: Sequence[bytes]) -> bytes:
    """See `convert.Converter`.

    Weights: model.safetensors, config.json and, optionally, tokenizer.json or vocab.txt and
    tokenizer_config.json, known by these names; the tokeniser goes into the graph's metadata.
    Parts: `sentence` (mean of the tokens' states, of length 1), `states` (each token's state),
    `masked-words` (a score of each word of the vocabulary for each token), `classes` (the logit
    of each class of the text) and `token-classes` (the same of each token). Where the card states
    no inputs and outputs, they are the model's own.
    """
    if not 2 <= len(weights) <= 5:
        raise EngineError(
            f"{card.name}: the converter bert takes model.safetensors, config.json and, "
            f"optionally, tokenizer.json, not {len(weights)} files"
        )
    part = bert_heads.PARTS.get(card.conversion.part)
    if part is None:
        raise EngineError(
            f'{card.name}: the converter bert has no part "{card.conversion.part}"',
            f"part is one of {', '.join(bert_heads.PARTS)}",
        )
    config = bert_config.read(weights[1], card.name)
    tensors = Tensors(weights[0], f"{card.name}: model.safetensors")
    labels: tuple[str, ...] = ()
    if card.conversion.part in bert_heads.WITH_LABELS:
        stated = card.engine.labels
        own = () if stated else bert_config.labels(weights[1], card.name)
        labels = bert_heads.labels(config, tensors, stated, own)
    whole = card if card.inputs else _with_ports(card, config, part, len(labels))
    if (
        len(whole.inputs) != 1 or len(whole.outputs) != 1 or len(whole.inputs[0].shape) != 2
    ):
        raise EngineError(
            f"{card.name}: the converter bert makes one input [1, tokens] and one output"
        )
    longest = whole.sizes(whole.inputs[0], "max")[1]
    if longest > config.positions:
        raise EngineError(
            f"{card.name}: the card allows {longest} tokens, the model {config.positions}"
        )
    network = Network(whole)
    encoder = Encoder(network, tensors, config)
    states = encoder.states(whole.inputs[0].name, whole.inputs[0].shape[1])
    part.write(encoder, states, whole.outputs[0].name)
    files = dict(zip((weight.name for weight in card.weights), weights, strict=False))
    tokenizer = tokenizer_json(files, card.name, config.vocabulary)
    if tokenizer:
        network.metadata[TOKENIZER] = tokenizer
    if config.several and labels:
        network.metadata[SEVERAL] = "true"
    if not card.inputs:
        own_ports.write(network.metadata, whole, labels)
    data = network.serialise()
    check(whole, data)
    return data


def _with_ports(
    card: Card, config: BertConfig, part: bert_heads.Part, classes: int
) -> Card:
    """The card with the model's own input and output, and their axis where it states none."""
    sizes = {**asdict(config), "classes": classes, _TOKENS: _TOKENS}
    axes = card.axes or (Axis(_TOKENS, 1, min(_TYPICAL, config.positions), config.positions),)
    if [axis.name for axis in axes] != [_TOKENS]:
        raise EngineError(
            f"{card.name}: the converter bert has one axis, {_TOKENS}",
            f'name it so in [[axes]], or leave them out: 1 to {config.positions}',
        )
    return replace(
        card, axes=axes,
        inputs=(Port("input_ids", (1, _TOKENS), type="int64"),),
        outputs=(Port(part.output, (1, *(sizes[size] for size in part.shape))),),
    )
