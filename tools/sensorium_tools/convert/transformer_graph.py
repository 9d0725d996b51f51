"""Writes the parts that transformers share as ONNX nodes: linear, norm, GELU, heads.

Every weight is a constant in the orientation in which it is multiplied, and every product with one
is a plain MatMul, so that quantisers find it; a bias is an Add behind it, which ONNX Runtime fuses.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from onnx import TensorProto, helper, numpy_helper

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

OPSET = 18
IR_VERSION = 10
NORM_EPSILON = 1e-5
"""Of PyTorch's LayerNorm, with which these models were trained."""

Size = int | str
TYPES = {"float32": TensorProto.FLOAT, "int64": TensorProto.INT64}


class TransformerGraph:
    """Collects nodes and constants; a tensor is called by the place that made it.

    Args:
        name: Of the graph.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._nodes: list[Any] = []
        self._constants: dict[str, Any] = {}
        self._made: dict[str, int] = {}
        self._ports: dict[str, list[Any]] = {"input": [], "output": []}

    def port(self, side: str, name: str, shape: Sequence[Size], kind: str = "float32") -> str:
        """Declares an "input" or "output"; a size that varies is the name of its axis."""
        self._ports[side].append(helper.make_tensor_value_info(name, TYPES[kind], shape))
        return name

    def constant(self, name: str, values: NDArray[Any]) -> str:
        """A constant, written once under its name."""
        if name not in self._constants:
            self._constants[name] = numpy_helper.from_array(np.ascontiguousarray(values), name)
        return name

    def sizes(self, *values: int) -> str:
        """Whole numbers, as the shapes of Reshape and the borders of Slice."""
        label = "_".join(map(str, values)).replace("-", "m")
        return self.constant(f"sizes/{label}", np.asarray(values, np.int64))

    def node(self, kind: str, inputs: Sequence[str], place: str, **attributes: Any) -> str:
        """One node with one output.

        Args:
            kind: Operator.
            inputs: Names of tensors.
            place: Where in the model; the node's name begins with it.
            attributes: Of the operator.

        Returns:
            The output's name.
        """
        return self.nodes(kind, inputs, place, 1, **attributes)[0]

    def nodes(
        self, kind: str, inputs: Sequence[str], place: str, outputs: int, **attributes: Any
    ) -> list[str]:
        """One node with several outputs; see `node`."""
        name = f"{place}/{kind}"
        count = self._made[name] = self._made.get(name, 0) + 1
        name = name if count == 1 else f"{name}_{count}"
        made = [f"{name}:{index}" for index in range(outputs)]
        self._nodes.append(helper.make_node(kind, inputs, made, name, **attributes))
        return made

    def deliver(self, tensor: str, port: str) -> None:
        """Gives a tensor the name of an output port."""
        for node in self._nodes:
            for names in (node.input, node.output):
                for index, name in enumerate(names):
                    if name == tensor:
                        names[index] = port

    def linear(
        self, x: str, weight: NDArray[np.float32], bias: NDArray[np.float32] | None, place: str
    ) -> str:
        """`x @ weight.T + bias`.

        Args:
            x: [..., inputs].
            weight: [outputs, inputs], as PyTorch and CTranslate2 store it.
            bias: [outputs], or None.
            place: In the model.
        """
        product = self.node("MatMul", [x, self.constant(f"{place}/weight", weight.T)], place)
        if bias is None:
            return product
        return self.node("Add", [product, self.constant(f"{place}/bias", bias)], place)

    def norm(
        self, x: str, gamma: NDArray[np.float32], beta: NDArray[np.float32], place: str
    ) -> str:
        """LayerNormalization over the last axis."""
        inputs = [
            x, self.constant(f"{place}/gamma", gamma), self.constant(f"{place}/beta", beta)
        ]
        return self.node("LayerNormalization", inputs, place, axis=-1, epsilon=NORM_EPSILON)

    def gelu(self, x: str, place: str) -> str:
        """`x / 2 (1 + erf(x / sqrt 2))`: opset 18 has no operator for it, runtimes fuse these."""
        root, one, half = (
            self.constant(f"gelu/{name}", np.full(1, value, np.float32))
            for name, value in (("root", math.sqrt(2)), ("one", 1), ("half", 0.5))
        )
        error = self.node("Erf", [self.node("Div", [x, root], place)], place)
        product = self.node("Mul", [x, self.node("Add", [error, one], place)], place)
        return self.node("Mul", [product, half], place)

    def heads(self, x: str, heads: int, place: str, axes: Sequence[int]) -> str:
        """Splits [positions, width] into heads.

        Args:
            x: [positions, width].
            heads: How many.
            place: In the model.
            axes: Order of (positions, heads, width of a head) in the result.
        """
        split = self.node("Reshape", [x, self.sizes(0, heads, -1)], place)
        return self.node("Transpose", [split], place, perm=list(axes))

    def model(self, metadata: Mapping[str, str] | None = None) -> bytes:
        """The serialised model; the same calls give the same bytes."""
        graph = helper.make_graph(
            self._nodes, self.name, self._ports["input"], self._ports["output"],
            list(self._constants.values()),
        )
        model = helper.make_model(
            graph, ir_version=IR_VERSION, opset_imports=[helper.make_opsetid("", OPSET)],
            producer_name="sensorium",
        )
        helper.set_model_props(model, dict(metadata or {}))
        data: bytes = model.SerializeToString(deterministic=True)
        return data
