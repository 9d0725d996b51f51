"""BERT-shaped encoders from safetensors to ONNX: MiniLM and its relatives.

The graph takes the token ids of one text without padding, so that it needs no mask and no token
types. It is written in plain MatMul, Add, Softmax and LayerNormalization, so that every quantiser
finds the products. After Devlin et al., "BERT" (arXiv 1810.04805), with the sentence pooling of
Reimers and Gurevych, "Sentence-BERT" (arXiv 1908.10084).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from sensorium.errors import EngineError
from sensorium_tools.convert import bert_config
from sensorium_tools.convert.network import Network
from sensorium_tools.convert.onnx_graph import check
from sensorium_tools.convert.safetensors_file import Tensors

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from sensorium.inference.card import Card
    from sensorium_tools.convert.bert_config import BertConfig

TOKENIZER = "tokenizer"
"""Key of the model's metadata under which tokenizer.json travels with the graph."""
_GELU_TANH = math.sqrt(2 / math.pi)
_SMALLEST_NORM = 1e-12
"""Below it a sentence embedding is not scaled; as torch.nn.functional.normalize has it."""


def convert(card: Card, weights: Sequence[bytes]) -> bytes:
    """See `convert.Converter`.

    Weights: model.safetensors, config.json and, optionally, tokenizer.json, which goes into the
    graph's metadata. Parts: `sentence` (mean of the tokens' states, of length 1), `states` (each
    token's state) and `masked-words` (a score of each word of the vocabulary for each token).
    """
    if len(weights) not in (2, 3):
        raise EngineError(
            f"{card.name}: the converter bert takes model.safetensors, config.json and, "
            f"optionally, tokenizer.json, not {len(weights)} files"
        )
    if card.conversion.part not in _PARTS:
        raise EngineError(
            f'{card.name}: the converter bert has no part "{card.conversion.part}"',
            f"part is one of {', '.join(_PARTS)}",
        )
    if len(card.inputs) != 1 or len(card.outputs) != 1 or len(card.inputs[0].shape) != 2:
        raise EngineError(
            f"{card.name}: the converter bert makes one input [1, tokens] and one output"
        )
    config = bert_config.read(weights[1], card.name)
    longest = card.sizes(card.inputs[0], "max")[1]
    if longest > config.positions:
        raise EngineError(
            f"{card.name}: the card allows {longest} tokens, the model {config.positions}"
        )
    network = Network(card)
    encoder = _Encoder(network, Tensors(weights[0], card.name), config)
    states = encoder.states(card.inputs[0].name, card.inputs[0].shape[1])
    _PARTS[card.conversion.part](encoder, states, card.outputs[0].name)
    if len(weights) == 3:
        network.metadata[TOKENIZER] = _text(weights[2], card.name)
    data = network.serialise()
    check(card, data)
    return data


def _text(data: bytes, name: str) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise EngineError(f"{name}: tokenizer.json is not UTF-8: {error}") from error


class _Encoder:
    """Writes the layers of one model.

    Args:
        network: Where they are written.
        tensors: The weights.
        config: Their sizes.
    """

    def __init__(self, network: Network, tensors: Tensors, config: BertConfig) -> None:
        self.config = config
        self._network = network
        self._tensors = tensors
        self._prefix = "bert." if "bert.embeddings.word_embeddings.weight" in tensors else ""
        self._words = network.constant(
            self._take("embeddings.word_embeddings.weight", config.vocabulary, config.hidden),
            "words",
        )

    def states(self, ids: str, tokens: int | str) -> str:
        """The last states of all tokens, float [1, tokens, hidden]."""
        node = self._network.node
        words = node("Gather", self._words, ids)
        state = self._norm(
            node("Add", words, self._positions(ids, tokens)), "embeddings.LayerNorm"
        )
        for layer in range(self.config.layers):
            prefix = f"encoder.layer.{layer}"
            mixed = self._attention(state, f"{prefix}.attention")
            state = self._norm(
                node("Add", mixed, state), f"{prefix}.attention.output.LayerNorm"
            )
            inner = self._dense(
                state, f"{prefix}.intermediate.dense", self.config.hidden, self.config.inner
            )
            outer = self._dense(
                self._activated(inner), f"{prefix}.output.dense",
                self.config.inner, self.config.hidden,
            )
            state = self._norm(node("Add", outer, state), f"{prefix}.output.LayerNorm")
        return state

    def sentence(self, states: str, output: str) -> None:
        """Writes the mean of the states, of length 1: float [1, hidden]."""
        network = self._network
        mean = network.node("ReduceMean", states, network.sizes(1), keepdims=0)
        norm = network.node("ReduceL2", mean, network.sizes(1), keepdims=1)
        least = network.constant(np.float32(_SMALLEST_NORM))
        network.node("Div", mean, network.node("Max", norm, least), output=output)

    def unchanged(self, states: str, output: str) -> None:
        """Writes the states themselves."""
        self._network.node("Identity", states, output=output)

    def masked_words(self, states: str, output: str) -> None:
        """Writes the scores of all words for each token: float [1, tokens, vocabulary]."""
        network, config = self._network, self.config
        head = "cls.predictions"
        made = self._dense(states, f"{head}.transform.dense", config.hidden, config.hidden, "")
        made = self._norm(self._activated(made), f"{head}.transform.LayerNorm", "")
        own = f"{head}.decoder.weight"
        table = self._words
        if own in self._tensors:
            table = network.constant(
                self._tensors.take(own, (config.vocabulary, config.hidden)), "decoder"
            )
        bias = network.constant(self._tensors.take(f"{head}.bias", (config.vocabulary,)))
        # Gemm reads the table of the words as it lies; MatMul would need a second, turned one.
        rows = network.node("Reshape", made, network.sizes(-1, config.hidden))
        scores = network.node("Gemm", rows, table, bias, transB=1)
        network.node("Unsqueeze", scores, network.sizes(0), output=output)

    def _positions(self, ids: str, tokens: int | str) -> str:
        """The rows of the first positions, with the token type of a single text added."""
        config, network = self.config, self._network
        rows = self._take("embeddings.position_embeddings.weight", config.positions, config.hidden)
        types = self._take(
            "embeddings.token_type_embeddings.weight", config.types, config.hidden
        )
        table = rows + types[0]
        if isinstance(tokens, int):
            return network.constant(table[:tokens], "positions")
        table = table[: network.longest(tokens)]
        end = network.node("Shape", ids, start=1, end=2)
        return network.node(
            "Slice", network.constant(table, "positions"), network.sizes(0), end, network.sizes(0)
        )

    def _attention(self, state: str, prefix: str) -> str:
        config, node = self.config, self._network.node
        width = config.hidden // config.heads
        scale = 1 / math.sqrt(width)
        query, key, value = (
            node(
                "Reshape",
                self._dense(
                    state, f"{prefix}.self.{name}", config.hidden, config.hidden, scale=factor
                ),
                self._network.sizes(0, 0, config.heads, width),
            )
            for name, factor in (("query", scale), ("key", 1.0), ("value", 1.0))
        )
        scores = node(
            "MatMul",
            node("Transpose", query, perm=[0, 2, 1, 3]),
            node("Transpose", key, perm=[0, 2, 3, 1]),
        )
        mixed = node(
            "MatMul", node("Softmax", scores, axis=-1), node("Transpose", value, perm=[0, 2, 1, 3])
        )
        rows = node(
            "Reshape", node("Transpose", mixed, perm=[0, 2, 1, 3]),
            self._network.sizes(0, 0, config.hidden),
        )
        return self._dense(rows, f"{prefix}.output.dense", config.hidden, config.hidden)

    def _dense(
        self, source: str, name: str, taken: int, given: int, prefix: str | None = None,
        scale: float = 1.0,
    ) -> str:
        weight = self._take(f"{name}.weight", given, taken, prefix=prefix)
        bias = self._take(f"{name}.bias", given, prefix=prefix)
        if scale != 1.0:
            weight, bias = weight * np.float32(scale), bias * np.float32(scale)
        network = self._network
        product = network.node("MatMul", source, network.constant(weight.T, name))
        return network.node("Add", product, network.constant(bias))

    def _norm(self, source: str, name: str, prefix: str | None = None) -> str:
        # Checkpoints of before 2020 call the two gamma and beta, after TensorFlow.
        whole = (self._prefix if prefix is None else prefix) + name
        scale, shift = ("gamma", "beta") if f"{whole}.gamma" in self._tensors else (
            "weight", "bias"
        )
        return self._network.node(
            "LayerNormalization",
            source,
            *(
                self._network.constant(
                    self._take(f"{name}.{part}", self.config.hidden, prefix=prefix)
                )
                for part in (scale, shift)
            ),
            axis=-1,
            epsilon=self.config.epsilon,
        )

    def _activated(self, source: str) -> str:
        node = self._network.node
        if self.config.activation == "relu":
            return node("Relu", source)
        if self.config.activation == "gelu_new":
            cube = node("Mul", source, node("Mul", source, source))
            inner = node("Add", source, node("Mul", cube, self._number(0.044715)))
            curve = node("Tanh", node("Mul", inner, self._number(_GELU_TANH)))
        else:
            curve = node("Erf", node("Div", source, self._number(math.sqrt(2))))
        product = node("Mul", source, node("Add", curve, self._number(1.0)))
        return node("Mul", product, self._number(0.5))

    def _number(self, value: float) -> str:
        return self._network.constant(np.float32(value))

    def _take(
        self, name: str, *shape: int, prefix: str | None = None
    ) -> NDArray[np.float32]:
        return self._tensors.take((self._prefix if prefix is None else prefix) + name, shape)


_PARTS: dict[str, Callable[[_Encoder, str, str], None]] = {
    "sentence": _Encoder.sentence,
    "states": _Encoder.unchanged,
    "masked-words": _Encoder.masked_words,
}
"""Part in a card to what writes it."""
