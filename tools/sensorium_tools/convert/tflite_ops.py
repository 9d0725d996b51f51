"""One function for each TFLite operator that can be expressed in ONNX (opset 18)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import tflite

from sensorium.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Callable

    from sensorium_tools.convert.onnx_writer import OnnxWriter
    from sensorium_tools.convert.tflite_model import TfliteOperator

_ACTIVATIONS = {
    tflite.ActivationFunctionType.NONE: "",
    tflite.ActivationFunctionType.RELU: "Relu",
    tflite.ActivationFunctionType.TANH: "Tanh",
}
_INT64_MAX = np.iinfo(np.int64).max


def emit(writer: OnnxWriter, operator: TfliteOperator) -> None:
    """Writes one operator's nodes.

    Raises:
        EngineError: When the operator, or an option of it, has no conversion here.
    """
    if operator.kind not in OPERATORS:
        raise EngineError(
            f"{writer.name}: the TFLite operator {operator.kind} has no conversion",
            "add a function for it to sensorium_tools/convert/tflite_ops.py",
        )
    OPERATORS[operator.kind](writer, operator)


def _activated(writer: OnnxWriter, operator: TfliteOperator, nodes: Callable[[str], None]) -> None:
    """Writes the operator through `nodes`, then the activation that is fused into it."""
    code = operator.options.FusedActivationFunction() if operator.options is not None else 0
    if code not in _ACTIVATIONS:
        raise _unsupported(writer, operator, f"the fused activation {code}")
    result = writer.tensor(operator.outputs[0])
    if not _ACTIVATIONS[code]:
        nodes(result)
        return
    inner = writer.fresh()
    nodes(inner)
    writer.node(_ACTIVATIONS[code], [inner], [result])


def _binary(onnx_kind: str) -> Callable[[OnnxWriter, TfliteOperator], None]:
    def convert(writer: OnnxWriter, operator: TfliteOperator) -> None:
        inputs = [writer.tensor(index) for index in operator.inputs]
        _activated(writer, operator, lambda result: writer.node(onnx_kind, inputs, [result]))

    return convert


def _plain(onnx_kind: str) -> Callable[[OnnxWriter, TfliteOperator], None]:
    def convert(writer: OnnxWriter, operator: TfliteOperator) -> None:
        inputs = [writer.tensor(index) for index in operator.inputs]
        writer.node(onnx_kind, inputs, [writer.tensor(operator.outputs[0])])

    return convert


def _fully_connected(writer: OnnxWriter, operator: TfliteOperator) -> None:
    if len(writer.shape(operator.inputs[0])) != 2:
        raise _unsupported(writer, operator, "an input that is not a matrix")
    inputs = [writer.tensor(index) for index in operator.inputs if index >= 0]
    _activated(
        writer, operator, lambda result: writer.node("Gemm", inputs, [result], transB=1)
    )


def _softmax(writer: OnnxWriter, operator: TfliteOperator) -> None:
    source = writer.tensor(operator.inputs[0])
    beta = operator.options.Beta()
    if beta != 1.0:
        scaled = writer.fresh()
        writer.node("Mul", [source, writer.constant(np.float32(beta))], [scaled])
        source = scaled
    writer.node("Softmax", [source], [writer.tensor(operator.outputs[0])], axis=-1)


def _reshape(writer: OnnxWriter, operator: TfliteOperator) -> None:
    shape = writer.constant(np.array(writer.shape(operator.outputs[0]), np.int64))
    source = writer.tensor(operator.inputs[0])
    writer.node("Reshape", [source, shape], [writer.tensor(operator.outputs[0])])


def _concatenation(writer: OnnxWriter, operator: TfliteOperator) -> None:
    inputs = [writer.tensor(index) for index in operator.inputs]
    axis = operator.options.Axis()
    _activated(
        writer, operator, lambda result: writer.node("Concat", inputs, [result], axis=axis)
    )


def _gather(writer: OnnxWriter, operator: TfliteOperator) -> None:
    if operator.options.BatchDims():
        raise _unsupported(writer, operator, "batch dimensions")
    inputs = [writer.tensor(index) for index in operator.inputs]
    result = writer.tensor(operator.outputs[0])
    writer.node("Gather", inputs, [result], axis=operator.options.Axis())


def _reduce(onnx_kind: str) -> Callable[[OnnxWriter, TfliteOperator], None]:
    def convert(writer: OnnxWriter, operator: TfliteOperator) -> None:
        axes = np.atleast_1d(_constant(writer, operator, 1)).astype(np.int64)
        writer.node(
            onnx_kind,
            [writer.tensor(operator.inputs[0]), writer.constant(axes)],
            [writer.tensor(operator.outputs[0])],
            keepdims=int(operator.options.KeepDims()),
        )

    return convert


def _unpack(writer: OnnxWriter, operator: TfliteOperator) -> None:
    axis = operator.options.Axis()
    parts = [writer.fresh() for _ in operator.outputs]
    source = writer.tensor(operator.inputs[0])
    writer.node("Split", [source], parts, axis=axis, num_outputs=len(parts))
    axes = writer.constant(np.array([axis], np.int64))
    for part, index in zip(parts, operator.outputs, strict=True):
        writer.node("Squeeze", [part, axes], [writer.tensor(index)])


def _strided_slice(writer: OnnxWriter, operator: TfliteOperator) -> None:
    options = operator.options
    if options.EllipsisMask() or options.NewAxisMask() or options.ShrinkAxisMask():
        raise _unsupported(writer, operator, "an ellipsis, a new axis or a shrunk one")
    begin, end, strides = (
        _constant(writer, operator, place).astype(np.int64) for place in (1, 2, 3)
    )
    if (strides < 1).any():
        raise _unsupported(writer, operator, "a negative stride")
    for axis in range(len(begin)):
        if options.BeginMask() >> axis & 1:
            begin[axis] = 0
        if options.EndMask() >> axis & 1:
            end[axis] = _INT64_MAX
    places = (begin, end, np.arange(len(begin), dtype=np.int64), strides)
    constants = [writer.constant(place) for place in places]
    source = writer.tensor(operator.inputs[0])
    writer.node("Slice", [source, *constants], [writer.tensor(operator.outputs[0])])


def _constant(writer: OnnxWriter, operator: TfliteOperator, place: int) -> Any:
    values = writer.values(operator.inputs[place])
    if values is None:
        raise _unsupported(writer, operator, f"an input {place} that is not a constant")
    return values


def _unsupported(writer: OnnxWriter, operator: TfliteOperator, what: str) -> EngineError:
    return EngineError(
        f"{writer.name}: the TFLite operator {operator.kind} with {what} has no conversion",
        "extend its function in sensorium_tools/convert/tflite_ops.py",
    )


OPERATORS: dict[str, Callable[[OnnxWriter, TfliteOperator], None]] = {
    "ADD": _binary("Add"),
    "CONCATENATION": _concatenation,
    "DIV": _binary("Div"),
    "FULLY_CONNECTED": _fully_connected,
    "GATHER": _gather,
    "LOGISTIC": _plain("Sigmoid"),
    "MAXIMUM": _plain("Max"),
    "MEAN": _reduce("ReduceMean"),
    "MUL": _binary("Mul"),
    "REDUCE_MAX": _reduce("ReduceMax"),
    "REDUCE_MIN": _reduce("ReduceMin"),
    "RESHAPE": _reshape,
    "SOFTMAX": _softmax,
    "STRIDED_SLICE": _strided_slice,
    "SUB": _binary("Sub"),
    "UNPACK": _unpack,
}
"""TFLite's name to the function that writes its nodes."""
