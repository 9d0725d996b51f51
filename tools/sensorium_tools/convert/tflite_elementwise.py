"""TFLite's operators that work number by number, or on whole vectors and matrices."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sensorium_tools.convert.tflite_operator import activated, channels_first, unsupported

if TYPE_CHECKING:
    from sensorium_tools.convert.onnx_writer import OnnxWriter
    from sensorium_tools.convert.tflite_model import TfliteOperator
    from sensorium_tools.convert.tflite_operator import Emit


def binary(onnx_kind: str) -> Emit:
    """For an operator of the same meaning with a fused activation."""

    def convert(writer: OnnxWriter, operator: TfliteOperator) -> None:
        inputs, result = _ports(writer, operator)
        activated(
            writer, operator, result, lambda name: writer.node(onnx_kind, inputs, [name])
        )

    return convert


def plain(*onnx_kinds: str) -> Emit:
    """For an operator that is some of ONNX's, one after the other."""

    def convert(writer: OnnxWriter, operator: TfliteOperator) -> None:
        inputs, result = _ports(writer, operator)
        for kind in onnx_kinds[:-1]:
            inner = writer.fresh()
            writer.node(kind, inputs, [inner])
            inputs = [inner]
        writer.node(onnx_kinds[-1], inputs, [result])

    return convert


def squared_difference(writer: OnnxWriter, operator: TfliteOperator) -> None:
    """(a - b) squared."""
    inputs, result = _ports(writer, operator)
    difference = writer.fresh()
    writer.node("Sub", inputs, [difference])
    writer.node("Mul", [difference, difference], [result])


def fully_connected(writer: OnnxWriter, operator: TfliteOperator) -> None:
    """A matrix product with bias."""
    if len(writer.shape(operator.inputs[0])) != 2:
        raise unsupported(writer, operator, "an input that is not a matrix")
    inputs = [writer.tensor(index) for index in operator.inputs if index >= 0]
    activated(
        writer, operator, writer.tensor(operator.outputs[0]),
        lambda name: writer.node("Gemm", inputs, [name], transB=1),
    )


def softmax(writer: OnnxWriter, operator: TfliteOperator) -> None:
    """Over the last axis, of numbers times beta."""
    source = writer.tensor(operator.inputs[0])
    beta = operator.options.Beta()
    if beta != 1.0:
        scaled = writer.fresh()
        writer.node("Mul", [source, writer.constant(np.float32(beta))], [scaled])
        source = scaled
    writer.node("Softmax", [source], [writer.tensor(operator.outputs[0])], axis=-1)


def _ports(writer: OnnxWriter, operator: TfliteOperator) -> tuple[list[str], str]:
    """Names of the inputs and of the result, in the order of dimensions that is at hand."""
    if channels_first(writer, operator):
        inputs = [writer.first(index) for index in operator.inputs]
        return inputs, writer.make_first(operator.outputs[0])
    inputs = [writer.tensor(index) for index in operator.inputs]
    return inputs, writer.tensor(operator.outputs[0])
