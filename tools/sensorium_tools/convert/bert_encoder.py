"""The layers of a BERT-shaped model as ONNX nodes.

After Devlin et al., "BERT" (arXiv 1810.04805); DistilBERT (Sanh et al., arXiv 1910.01108) is the
same with fewer layers and no token types.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from sensorium_tools.convert.bert_names import NAMES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sensorium_tools.convert.bert_config import BertConfig
    from sensorium_tools.convert.bert_names import LayerNames
    from sensorium_tools.convert.network import Network
    from sensorium_tools.convert.safetensors_file import Tensors

_GELU_TANH = math.sqrt(2 / math.pi)


class Encoder:
    """Writes the layers of one model.

    Args:
        network: Where they are written.
        tensors: The weights.
        config: Their sizes.

    Attributes:
        network: As given.
        tensors: As given.
        config: As given.
        names: What the checkpoint calls its tensors.
        words: The constant of the words' table, [vocabulary, hidden].
    """

    def __init__(self, network: Network, tensors: Tensors, config: BertConfig) -> None:
        self.network = network
        self.tensors = tensors
        self.config = config
        self.names = NAMES[config.kind]
        whole = f"{self.names.prefix}embeddings.word_embeddings.weight"
        self._prefix = self.names.prefix if whole in tensors else ""
        self.words = network.constant(
            self._take("embeddings.word_embeddings.weight", config.vocabulary, config.hidden),
            "words",
        )

    def states(self, ids: str, tokens: int | str) -> str:
        """The last states of all tokens, float [1, tokens, hidden]."""
        node = self.network.node
        words = node("Gather", self.words, ids)
        state = self._norm(
            node("Add", words, self._positions(ids, tokens)), "embeddings.LayerNorm"
        )
        for layer in range(self.config.layers):
            names = self.names.layer.at(layer)
            mixed = self._attention(state, names)
            state = self._norm(node("Add", mixed, state), names.attention_norm)
            inner = self._dense(state, names.inner, self.config.hidden, self.config.inner)
            outer = self._dense(
                self.activated(inner), names.outer, self.config.inner, self.config.hidden
            )
            state = self._norm(node("Add", outer, state), names.output_norm)
        return state

    def dense(
        self, source: str, name: str, taken: int, given: int, scale: float = 1.0
    ) -> str:
        """A product with the weight of a name, and its bias added."""
        weight = self.tensors.take(f"{name}.weight", (given, taken))
        bias = self.tensors.take(f"{name}.bias", (given,))
        if scale != 1.0:
            weight, bias = weight * np.float32(scale), bias * np.float32(scale)
        product = self.network.node("MatMul", source, self.network.constant(weight.T, name))
        return self.network.node("Add", product, self.network.constant(bias))

    def norm(self, source: str, name: str) -> str:
        """The layer normalisation of a name."""
        # Checkpoints of before 2020 call the two gamma and beta, after TensorFlow.
        scale, shift = ("gamma", "beta") if f"{name}.gamma" in self.tensors else (
            "weight", "bias"
        )
        return self.network.node(
            "LayerNormalization",
            source,
            *(
                self.network.constant(
                    self.tensors.take(f"{name}.{part}", (self.config.hidden,))
                )
                for part in (scale, shift)
            ),
            axis=-1,
            epsilon=self.config.epsilon,
        )

    def activated(self, source: str) -> str:
        """The activation of the configuration."""
        node = self.network.node
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

    def _positions(self, ids: str, tokens: int | str) -> str:
        """The rows of the first positions, with the token type of a single text added."""
        config, network = self.config, self.network
        table = self._take(
            "embeddings.position_embeddings.weight", config.positions, config.hidden
        )
        if config.types:
            types = "embeddings.token_type_embeddings.weight"
            table = table + self._take(types, config.types, config.hidden)[0]
        if isinstance(tokens, int):
            return network.constant(table[:tokens], "positions")
        table = table[: network.longest(tokens)]
        end = network.node("Shape", ids, start=1, end=2)
        return network.node(
            "Slice", network.constant(table, "positions"), network.sizes(0), end, network.sizes(0)
        )

    def _attention(self, state: str, names: LayerNames) -> str:
        config, node = self.config, self.network.node
        width = config.hidden // config.heads
        scale = 1 / math.sqrt(width)
        query, key, value = (
            node(
                "Reshape",
                self._dense(state, name, config.hidden, config.hidden, factor),
                self.network.sizes(0, 0, config.heads, width),
            )
            for name, factor in ((names.query, scale), (names.key, 1.0), (names.value, 1.0))
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
            self.network.sizes(0, 0, config.hidden),
        )
        return self._dense(rows, names.mixed, config.hidden, config.hidden)

    def _dense(
        self, source: str, name: str, taken: int, given: int, scale: float = 1.0
    ) -> str:
        return self.dense(source, self._prefix + name, taken, given, scale)

    def _norm(self, source: str, name: str) -> str:
        return self.norm(source, self._prefix + name)

    def _number(self, value: float) -> str:
        return self.network.constant(np.float32(value))

    def _take(self, name: str, *shape: int) -> NDArray[np.float32]:
        return self.tensors.take(self._prefix + name, shape)
