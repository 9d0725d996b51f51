"""Which function writes which TFLite operator in ONNX (opset 18)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sensorium.errors import EngineError
from sensorium_tools.convert import tflite_elementwise as elementwise
from sensorium_tools.convert import tflite_shapes as shapes
from sensorium_tools.convert import tflite_windows as windows

if TYPE_CHECKING:
    from sensorium_tools.convert.onnx_writer import OnnxWriter
    from sensorium_tools.convert.tflite_model import TfliteOperator
    from sensorium_tools.convert.tflite_operator import Emit


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


OPERATORS: dict[str, Emit] = {
    "ADD": elementwise.binary("Add"),
    "CONCATENATION": shapes.concatenation,
    "CONV_2D": windows.convolution,
    "DEPTHWISE_CONV_2D": windows.depthwise,
    "DIV": elementwise.binary("Div"),
    "FULLY_CONNECTED": elementwise.fully_connected,
    "GATHER": shapes.gather,
    "LOGISTIC": elementwise.plain("Sigmoid"),
    "MAXIMUM": elementwise.plain("Max"),
    "MAX_POOL_2D": windows.max_pool,
    "MEAN": shapes.reduce("ReduceMean"),
    "MUL": elementwise.binary("Mul"),
    "NEG": elementwise.plain("Neg"),
    "PAD": windows.pad,
    "PRELU": windows.prelu,
    "REDUCE_MAX": shapes.reduce("ReduceMax"),
    "REDUCE_MIN": shapes.reduce("ReduceMin"),
    "RELU": elementwise.plain("Relu"),
    "RESHAPE": shapes.reshape,
    "RSQRT": elementwise.plain("Sqrt", "Reciprocal"),
    "SOFTMAX": elementwise.softmax,
    "SQRT": elementwise.plain("Sqrt"),
    "SQUARED_DIFFERENCE": elementwise.squared_difference,
    "STRIDED_SLICE": shapes.strided_slice,
    "SUB": elementwise.binary("Sub"),
    "SUM": shapes.reduce("ReduceSum"),
    "TRANSPOSE": shapes.transpose,
    "UNPACK": shapes.unpack,
}
"""TFLite's name to the function that writes its nodes."""
