"""Sets the free sizes of an ONNX graph to what a card says: fixed, or an axis with a range."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import onnx
from onnx import helper

from sensorium.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from onnx import ModelProto

    from sensorium.inference.card import Card
    from sensorium.inference.card_tables import Port

_TYPES = {
    "float32": onnx.TensorProto.FLOAT,
    "int32": onnx.TensorProto.INT32,
    "int64": onnx.TensorProto.INT64,
    "uint8": onnx.TensorProto.UINT8,
}


def impose(card: Card, model: ModelProto) -> ModelProto:
    """A model with the card's shapes, inferred anew from the inputs to the outputs.

    Args:
        card: States names, shapes and types of the inputs and outputs.
        model: As it was exported; never changed.

    Raises:
        EngineError: When a port has another name, type or number of sizes, when a fixed size of
            the graph is another than the card's, or when the outputs do not come out as stated.
    """
    made = _bare(model)
    # Files of before 2019 list their weights among the inputs.
    weights = {tensor.name for tensor in made.graph.initializer}
    inputs = [value for value in made.graph.input if value.name not in weights]
    _check_names(card, "input", card.inputs, inputs)
    _check_names(card, "output", card.outputs, made.graph.output)
    stated = list(made.graph.output)
    for port, value in zip((*card.inputs, *card.outputs), (*inputs, *stated), strict=True):
        _check_port(card, port, value)
    del made.graph.input[:], made.graph.output[:]
    made.graph.input.extend(_value(port, port.shape) for port in card.inputs)
    made.graph.output.extend(_value(port, None) for port in card.outputs)
    try:
        made = onnx.shape_inference.infer_shapes(made, strict_mode=True, data_prop=True)
    except Exception as error:
        first = str(error).strip().partition("\n")[0]
        raise EngineError(
            f"{card.name}: the graph does not take the card's shapes: {first}",
            "compare the card's shapes with the model's documentation",
        ) from error
    for port, value in zip(card.outputs, made.graph.output, strict=True):
        _check_port(card, port, value, "comes out as")
    del made.graph.output[:], made.graph.value_info[:]
    made.graph.output.extend(_value(port, port.shape) for port in card.outputs)
    return made


def _bare(model: ModelProto) -> ModelProto:
    """A copy without what is no part of the function."""
    made = onnx.ModelProto()
    made.CopyFrom(model)
    del made.metadata_props[:], made.graph.metadata_props[:], made.graph.value_info[:]
    for field in ("doc_string", "domain", "model_version", "producer_version"):
        made.ClearField(field)
    made.graph.ClearField("doc_string")
    for node in made.graph.node:
        node.ClearField("doc_string")
        del node.metadata_props[:]
    used = [entry for entry in made.opset_import if entry.domain in ("", "ai.onnx")]
    del made.opset_import[:]
    made.opset_import.extend(used)
    return made


def _check_names(card: Card, what: str, ports: tuple[Port, ...], values: Sequence[Any]) -> None:
    said, found = [port.name for port in ports], [value.name for value in values]
    if said != found:
        raise EngineError(f"{card.name}: the card states the {what}s {said}, the graph has {found}")


def _check_port(card: Card, port: Port, value: Any, verb: str = "is") -> None:
    """Checks the sizes that the graph states against the card's; those that it leaves are free."""
    tensor = value.type.tensor_type
    if tensor.elem_type != _TYPES[port.type]:
        found = onnx.TensorProto.DataType.Name(tensor.elem_type)
        raise EngineError(f"{card.name}: {port.name} {verb} {found}, the card states {port.type}")
    if not tensor.HasField("shape"):
        return
    found = tensor.shape.dim
    if len(found) == len(port.shape) and all(
        not size.HasField("dim_value") or size.dim_value == said
        for size, said in zip(found, port.shape, strict=True)
    ):
        return
    shape = ", ".join(
        str(size.dim_value) if size.HasField("dim_value") else size.dim_param or "?"
        for size in found
    )
    raise EngineError(
        f"{card.name}: {port.name} {verb} ({shape}), the card states "
        f"({', '.join(map(str, port.shape))})",
        "compare the card's shapes with the model's documentation",
    )


def _value(port: Port, shape: tuple[int | str, ...] | None) -> Any:
    return helper.make_tensor_value_info(port.name, _TYPES[port.type], shape)
