"""TFLite's operators on pictures: convolutions, pooling, padding; written with channels first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import tflite

from sensorium_tools.convert.tflite_operator import (
    activated,
    channels_first,
    constant,
    unsupported,
)

if TYPE_CHECKING:
    from sensorium_tools.convert.onnx_writer import OnnxWriter
    from sensorium_tools.convert.tflite_model import TfliteOperator


def convolution(writer: OnnxWriter, operator: TfliteOperator) -> None:
    """A convolution; one of 1 x 1 on what has its channels last is a matrix product."""
    weight = constant(writer, operator, 1).transpose(0, 3, 1, 2)
    options = operator.options
    pointwise = weight.shape[2:] == (1, 1) and options.StrideH() == options.StrideW() == 1
    if pointwise and not writer.is_first(operator.inputs[0]):
        _product(writer, operator, weight[:, :, 0, 0])
    else:
        _convolution(writer, operator, weight, 1)


def depthwise(writer: OnnxWriter, operator: TfliteOperator) -> None:
    """Each channel by itself."""
    weight = constant(writer, operator, 1).transpose(3, 0, 1, 2)
    _convolution(writer, operator, weight, _picture(writer, operator)[3])


def max_pool(writer: OnnxWriter, operator: TfliteOperator) -> None:
    """The largest in each window."""
    options = operator.options
    attributes = _window(writer, operator, (options.FilterHeight(), options.FilterWidth()))
    source, result = writer.first(operator.inputs[0]), writer.make_first(operator.outputs[0])
    activated(
        writer, operator, result,
        lambda name: writer.node("MaxPool", [source], [name], **attributes),
    )


def prelu(writer: OnnxWriter, operator: TfliteOperator) -> None:
    """A slope for what is below zero: slope * x + (1 - slope) * max(x, 0).

    On a picture with a slope for each channel the products are written as convolutions of 1 x 1:
    ONNX Runtime then keeps the picture in the blocks of channels that it convolves in, which its
    PRelu cannot (12 ms against 3.4 ms for the landmarks of a face).
    """
    slope = constant(writer, operator, 1)
    index = operator.inputs[0]
    if slope.size != slope.shape[-1] or not writer.is_first(index):
        inputs = [writer.tensor(place) for place in operator.inputs]
        writer.node("PRelu", inputs, [writer.tensor(operator.outputs[0])])
        return
    source, result = writer.first(index), writer.make_first(operator.outputs[0])
    positive, one, other = (writer.fresh() for _ in range(3))
    writer.node("Relu", [source], [positive])
    for inner, factor, scaled in ((source, slope, one), (positive, 1 - slope, other)):
        weight = writer.constant(factor.reshape(-1, 1, 1, 1).astype(np.float32))
        writer.node(
            "Conv", [inner, weight], [scaled], kernel_shape=[1, 1], group=slope.size
        )
    writer.node("Add", [one, other], [result])


def pad(writer: OnnxWriter, operator: TfliteOperator) -> None:
    """Zeros around."""
    widths = constant(writer, operator, 1).astype(np.int64)
    first = channels_first(writer, operator) and widths.shape == (4, 2)
    if first:
        widths = widths[[0, 3, 1, 2]]
    pads = writer.constant(widths.T.reshape(-1))
    index, result = operator.inputs[0], operator.outputs[0]
    source = writer.first(index) if first else writer.tensor(index)
    made = writer.make_first(result) if first else writer.tensor(result)
    writer.node("Pad", [source, pads], [made])


def _product(writer: OnnxWriter, operator: TfliteOperator, weight: np.ndarray[Any, Any]) -> None:
    source = writer.tensor(operator.inputs[0])
    matrix = writer.constant(np.ascontiguousarray(weight.T))
    bias = [writer.tensor(index) for index in operator.inputs[2:] if index >= 0]

    def nodes(name: str) -> None:
        product = writer.fresh() if bias else name
        writer.node("MatMul", [source, matrix], [product])
        if bias:
            writer.node("Add", [product, *bias], [name])

    activated(writer, operator, writer.tensor(operator.outputs[0]), nodes)


def _convolution(
    writer: OnnxWriter, operator: TfliteOperator, weight: np.ndarray[Any, Any], group: int
) -> None:
    options = operator.options
    if options.DilationHFactor() != 1 or options.DilationWFactor() != 1:
        raise unsupported(writer, operator, "a dilation")
    attributes = _window(writer, operator, weight.shape[2:])
    inputs = [writer.first(operator.inputs[0]), writer.constant(np.ascontiguousarray(weight))]
    inputs += [writer.tensor(index) for index in operator.inputs[2:] if index >= 0]
    activated(
        writer, operator, writer.make_first(operator.outputs[0]),
        lambda name: writer.node("Conv", inputs, [name], group=group, **attributes),
    )


def _window(
    writer: OnnxWriter, operator: TfliteOperator, size: tuple[int, ...]
) -> dict[str, Any]:
    """ONNX's attributes of a window; TFLite's "same" pads the odd row after."""
    options = operator.options
    strides = (options.StrideH(), options.StrideW())
    if min(*strides, *size) < 1:
        raise unsupported(writer, operator, f"a window of {size} with the strides {strides}")
    before, after = [], []
    for length, kernel, stride in zip(_picture(writer, operator)[1:3], size, strides, strict=True):
        padding = 0
        if options.Padding() == tflite.Padding.SAME:
            padding = max(0, (-(-length // stride) - 1) * stride + kernel - length)
        before.append(padding // 2)
        after.append(padding - padding // 2)
    return {"kernel_shape": list(size), "strides": list(strides), "pads": [*before, *after]}


def _picture(writer: OnnxWriter, operator: TfliteOperator) -> tuple[int, ...]:
    shape = writer.shape(operator.inputs[0])
    if len(shape) != 4:
        raise unsupported(writer, operator, f"an input of the shape {shape}")
    return shape
