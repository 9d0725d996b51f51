"""Writes an ONNX graph with a card's inputs and outputs, node after node."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from onnx import TensorProto, helper, numpy_helper

if TYPE_CHECKING:
    from numpy.typing import NDArray

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


class Network:
    """One graph being written; names are counted, so that the same calls give the same bytes.

    Args:
        card: Whose inputs, outputs and axes the graph has.

    Attributes:
        metadata: Text that travels with the model, by key.
    """

    def __init__(self, card: Card) -> None:
        self.metadata: dict[str, str] = {}
        self._card = card
        self._nodes: list[Any] = []
        self._constants: dict[str, NDArray[Any]] = {}
        self._sizes: dict[tuple[int, ...], str] = {}
        self._numbers: dict[float, str] = {}

    def node(
        self, kind: str, *inputs: str, output: str = "", place: int = 0, **attributes: Any
    ) -> str:
        """Writes a node of which one result is read.

        Args:
            kind: The operator.
            *inputs: Names of tensors; an empty one is left out.
            output: What the result is called; empty: a name of its own.
            place: Which of the operator's results it is.
            **attributes: Of the operator.

        Returns:
            The result's name.
        """
        name = f"{kind}{len(self._nodes)}"
        result = output or f"{name}:0"
        self._nodes.append(
            helper.make_node(kind, inputs, [*[""] * place, result], name, **attributes)
        )
        return result

    def constant(self, values: NDArray[Any] | np.generic, name: str = "") -> str:
        """Writes a constant, and returns its name; the same number is written once."""
        array = np.ascontiguousarray(values).reshape(np.shape(values))
        if array.ndim == 0 and array.dtype == np.float32:
            number = float(array)
            if number not in self._numbers:
                self._numbers[number] = self._keep(array, f"number{len(self._numbers)}")
            return self._numbers[number]
        return self._keep(array, name or f"constant{len(self._constants)}")

    def sizes(self, *values: int) -> str:
        """A list of sizes or axes as a constant; the same list is written once."""
        if values not in self._sizes:
            self._sizes[values] = self._keep(np.array(values, np.int64), f"sizes{len(self._sizes)}")
        return self._sizes[values]

    def longest(self, axis: str) -> int:
        """The largest size of one of the card's axes."""
        return self._card.axis(axis).max

    def serialise(self) -> bytes:
        """The model as an ONNX file."""
        graph = helper.make_graph(
            self._nodes,
            self._card.name,
            [_value(port) for port in self._card.inputs],
            [_value(port) for port in self._card.outputs],
            [numpy_helper.from_array(array, name) for name, array in self._constants.items()],
        )
        model = helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION,
            producer_name="sensorium",
        )
        helper.set_model_props(model, self.metadata)
        data: bytes = model.SerializeToString(deterministic=True)
        return data

    def _keep(self, array: NDArray[Any], name: str) -> str:
        # An input of the card may have any name, but none with the card's before it.
        whole = f"{self._card.name}/{name}"
        self._constants[whole] = array
        return whole


def _value(port: Port) -> Any:
    return helper.make_tensor_value_info(port.name, _TYPES[port.type], port.shape)
