"""Builds the ONNX graph of a card, node by node, for weights that come without a graph."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from sensorium.errors import EngineError
from sensorium_tools.convert import onnx_graph

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from onnx import ValueInfoProto

    from sensorium.inference.card import Card
    from sensorium.inference.card_tables import Port

OPSET = 18
IR_VERSION = 10
_TYPES = {
    "float32": TensorProto.FLOAT,
    "int32": TensorProto.INT32,
    "int64": TensorProto.INT64,
    "uint8": TensorProto.UINT8,
}


class GraphBuilder:
    """Collects nodes and constants, whose names are the same each time.

    Args:
        card: Whose inputs the nodes read and whose outputs they write, by name.
    """

    def __init__(self, card: Card) -> None:
        self._card = card
        self._nodes: list[Any] = []
        self._constants: dict[str, Any] = {}
        self._shared: dict[tuple[str, tuple[int, ...], bytes], str] = {}

    def constant(self, values: NDArray[Any] | np.generic | float, name: str = "") -> str:
        """Writes a constant and returns its name; unnamed ones of the same values are one.

        Args:
            values: A Python float becomes float32.
            name: What a person finds it by; counted up where it is taken.

        Raises:
            EngineError: When a value is not a finite number.
        """
        array = np.float32(values) if isinstance(values, float) else values
        array = np.ascontiguousarray(array).reshape(np.shape(array))
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise EngineError(
                f"{self._card.name}: {name or 'a constant'}: a value is not a finite number",
                "the weights are damaged: fetch them again",
            )
        key = (str(array.dtype), array.shape, array.tobytes())
        if not name and key in self._shared:
            return self._shared[key]
        made = self._free(name or f"constant{len(self._constants)}", self._constants)
        self._constants[made] = numpy_helper.from_array(array, made)
        if not name:
            self._shared[key] = made
        return made

    def node(
        self, kind: str, inputs: Sequence[str], name: str, *, outputs: int = 1, **attributes: Any
    ) -> str:
        """Writes a node called `name`, and returns its first output's name, which is the same.

        Args:
            kind: The ONNX operator.
            inputs: Names of tensors; an empty one is left out.
            name: Unique; the further outputs are `name:1` and so on.
            outputs: How many there are.
            attributes: Of the operator.
        """
        names = [name, *(f"{name}:{place}" for place in range(1, outputs))]
        self._nodes.append(helper.make_node(kind, inputs, names, name, **attributes))
        return name

    def finish(self, results: Sequence[str]) -> bytes:
        """The serialised model, checked against the card.

        Args:
            results: Names of tensors, one for each of the card's outputs, in its order.

        Raises:
            EngineError: When the graph is not what the card states.
        """
        for result, port in zip(results, self._card.outputs, strict=True):
            self.node("Identity", [result], port.name)
        _drop_identities(self._nodes, {port.name for port in self._card.inputs})
        graph = helper.make_graph(
            self._nodes,
            self._card.name,
            [value_info(port) for port in self._card.inputs],
            [value_info(port) for port in self._card.outputs],
            list(self._constants.values()),
        )
        model = helper.make_model(
            graph,
            producer_name="sensorium-engines",
            opset_imports=[helper.make_opsetid("", OPSET)],
            ir_version=IR_VERSION,
        )
        helper.set_model_props(model, {"labels": json.dumps(self._card.engine.labels)})
        serialised: bytes = model.SerializeToString(deterministic=True)
        onnx_graph.check(self._card, serialised)
        return serialised

    @staticmethod
    def _free(name: str, taken: dict[str, Any]) -> str:
        made, count = name, 1
        while made in taken:
            count += 1
            made = f"{name}.{count}"
        return made


def value_info(port: Port) -> ValueInfoProto:
    """A port of a card as ONNX states it; an axis is a named dimension."""
    return helper.make_tensor_value_info(port.name, _TYPES[port.type], port.shape)


def _drop_identities(nodes: list[Any], inputs: set[str]) -> None:
    """Lets the node that makes a result write it by the result's name."""
    for identity in [node for node in nodes if node.op_type == "Identity"]:
        old, new = identity.input[0], identity.output[0]
        if old in inputs:
            continue
        nodes.remove(identity)
        for node in nodes:
            for names in (node.input, node.output):
                for place, name in enumerate(names):
                    if name == old:
                        names[place] = new
