"""What the functions that convert TFLite's operators share."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import tflite

from sensorium.errors import EngineError

if TYPE_CHECKING:
    from sensorium_tools.convert.onnx_writer import OnnxWriter
    from sensorium_tools.convert.tflite_model import TfliteOperator

Emit = Callable[["OnnxWriter", "TfliteOperator"], None]
"""Writes the nodes of one operator."""

_ACTIVATIONS = {
    tflite.ActivationFunctionType.NONE: "",
    tflite.ActivationFunctionType.RELU: "Relu",
    tflite.ActivationFunctionType.TANH: "Tanh",
}


def activated(
    writer: OnnxWriter, operator: TfliteOperator, result: str, nodes: Callable[[str], None]
) -> None:
    """Writes the operator through `nodes`, then the activation that is fused into it.

    Args:
        writer: Takes the nodes.
        operator: With an option for the activation, or no options.
        result: The name of what comes out in the end.
        nodes: Writes the nodes that give a result of the name it is called with.

    Raises:
        EngineError: When the activation has no conversion.
    """
    code = operator.options.FusedActivationFunction() if operator.options is not None else 0
    if code not in _ACTIVATIONS:
        raise unsupported(writer, operator, f"the fused activation {code}")
    if not _ACTIVATIONS[code]:
        nodes(result)
        return
    inner = writer.fresh()
    nodes(inner)
    writer.node(_ACTIVATIONS[code], [inner], [result])


def constant(writer: OnnxWriter, operator: TfliteOperator, place: int) -> Any:
    """The values of an input that must be a constant.

    Raises:
        EngineError: When it is none.
    """
    values = writer.values(operator.inputs[place])
    if values is None:
        raise unsupported(writer, operator, f"an input {place} that is not a constant")
    return values


def channels_first(writer: OnnxWriter, operator: TfliteOperator) -> bool:
    """Whether an operator without a preference is better done with channels first.

    That is so where an input exists in that order, and the others can be brought into it.
    """
    indices = [index for index in operator.inputs if index >= 0]
    return any(writer.is_first(index) for index in indices) and all(
        len(writer.shape(index)) == 4 or writer.values(index) is not None for index in indices
    )


def unsupported(writer: OnnxWriter, operator: TfliteOperator, what: str) -> EngineError:
    """The error for an option that has no conversion."""
    return EngineError(
        f"{writer.name}: the TFLite operator {operator.kind} with {what} has no conversion",
        "extend its function: see OPERATORS in sensorium_tools/convert/tflite_ops.py",
    )
