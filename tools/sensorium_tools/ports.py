"""The inputs and outputs of a card that leaves them to its graph."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import onnx

from sensorium.errors import EngineError
from sensorium.inference import hub_folder
from sensorium.inference.card_tables import Port
from sensorium_tools.convert import own_ports

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sensorium.inference.card import Card

_TYPES = {
    onnx.TensorProto.FLOAT: "float32",
    onnx.TensorProto.INT32: "int32",
    onnx.TensorProto.INT64: "int64",
    onnx.TensorProto.UINT8: "uint8",
}


def with_ports(card: Card, data: bytes) -> Card:
    """The card with its graph's inputs and outputs, where it states none.

    Raises:
        EngineError: When a size varies and no [[axes]] of the card says how far, or a type is not
            one that an engine takes.
    """
    if card.inputs and card.outputs:
        return card
    model = onnx.load_from_string(data)
    if card.conversion.converter in hub_folder.FILES:
        metadata = {entry.key: entry.value for entry in model.metadata_props}
        labels = card.engine.labels or own_ports.labels(metadata)
        card = replace(
            card, axes=own_ports.axes(metadata), engine=replace(card.engine, labels=labels)
        )
    graph = model.graph
    constants = {tensor.name for tensor in graph.initializer}
    inputs = (value for value in graph.input if value.name not in constants)
    return replace(
        card, inputs=_ports(card, inputs), outputs=_ports(card, graph.output)
    )


def _ports(card: Card, values: Iterable[Any]) -> tuple[Port, ...]:
    return tuple(_port(card, value) for value in values)


def _port(card: Card, value: Any) -> Port:
    if not value.type.HasField("tensor_type"):
        found = (value.type.WhichOneof("value") or "unknown").removesuffix("_type")
        raise EngineError(
            f"{card.name}: {value.name} is of type {found}, which no engine takes",
            "export the model with tensors alone",
        )
    kind = value.type.tensor_type
    name = _TYPES.get(kind.elem_type)
    if name is None:
        found = onnx.TensorProto.DataType.Name(kind.elem_type)
        raise EngineError(
            f"{card.name}: {value.name} is of type {found}, which no engine takes",
            f"export the model with {', '.join(_TYPES.values())}",
        )
    if not kind.HasField("shape"):
        raise EngineError(
            f"{card.name}: the graph does not say what shape {value.name} has",
            "write [[inputs]] and [[outputs]] with their shapes into its card",
        )
    known = {axis.name for axis in card.axes}
    shape: list[int | str] = []
    for size in kind.shape.dim:
        if size.HasField("dim_value") and size.dim_value > 0:
            shape.append(size.dim_value)
        elif size.dim_param in known:
            shape.append(size.dim_param)
        else:
            raise EngineError(
                f"{card.name}: a size of {value.name} varies ({size.dim_param or 'unnamed'}), and "
                "its card does not say how far",
                f'write [[axes]] with name = "{size.dim_param or "..."}" and its min, typical and '
                "max, or [[inputs]] with fixed shapes, into its card",
            )
    return Port(name=value.name, shape=tuple(shape), type=name)
