"""TFLite's operators that cut, join, turn and reduce."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sensorium_tools.convert.tflite_operator import activated, constant, unsupported

if TYPE_CHECKING:
    from sensorium_tools.convert.onnx_writer import OnnxWriter
    from sensorium_tools.convert.tflite_model import TfliteOperator
    from sensorium_tools.convert.tflite_operator import Emit

_INT64_MAX = np.iinfo(np.int64).max


def reshape(writer: OnnxWriter, operator: TfliteOperator) -> None:
    """To the result's shape, which the file states."""
    shape = writer.constant(np.array(writer.shape(operator.outputs[0]), np.int64))
    source = writer.tensor(operator.inputs[0])
    writer.node("Reshape", [source, shape], [writer.tensor(operator.outputs[0])])


def transpose(writer: OnnxWriter, operator: TfliteOperator) -> None:
    """Axes in another order."""
    order = [int(axis) for axis in constant(writer, operator, 1)]
    source = writer.tensor(operator.inputs[0])
    writer.node("Transpose", [source], [writer.tensor(operator.outputs[0])], perm=order)


def concatenation(writer: OnnxWriter, operator: TfliteOperator) -> None:
    """Along one axis."""
    inputs = [writer.tensor(index) for index in operator.inputs]
    axis = operator.options.Axis()
    activated(
        writer, operator, writer.tensor(operator.outputs[0]),
        lambda name: writer.node("Concat", inputs, [name], axis=axis),
    )


def gather(writer: OnnxWriter, operator: TfliteOperator) -> None:
    """Parts of one axis by their numbers."""
    if operator.options.BatchDims():
        raise unsupported(writer, operator, "batch dimensions")
    inputs = [writer.tensor(index) for index in operator.inputs]
    result = writer.tensor(operator.outputs[0])
    writer.node("Gather", inputs, [result], axis=operator.options.Axis())


def reduce(onnx_kind: str) -> Emit:
    """Over the axes that the second input names."""

    def convert(writer: OnnxWriter, operator: TfliteOperator) -> None:
        axes = np.atleast_1d(constant(writer, operator, 1)).astype(np.int64)
        writer.node(
            onnx_kind,
            [writer.tensor(operator.inputs[0]), writer.constant(axes)],
            [writer.tensor(operator.outputs[0])],
            keepdims=int(operator.options.KeepDims()),
        )

    return convert


def unpack(writer: OnnxWriter, operator: TfliteOperator) -> None:
    """One result for each place of an axis."""
    axis = operator.options.Axis()
    parts = [writer.fresh() for _ in operator.outputs]
    source = writer.tensor(operator.inputs[0])
    writer.node("Split", [source], parts, axis=axis, num_outputs=len(parts))
    axes = writer.constant(np.array([axis], np.int64))
    for part, index in zip(parts, operator.outputs, strict=True):
        writer.node("Squeeze", [part, axes], [writer.tensor(index)])


def strided_slice(writer: OnnxWriter, operator: TfliteOperator) -> None:
    """A part of each axis; a bit of a mask stands for its whole beginning or end, or one place."""
    options = operator.options
    if options.EllipsisMask() or options.NewAxisMask():
        raise unsupported(writer, operator, "an ellipsis or a new axis")
    begin, end, strides = (
        constant(writer, operator, place).astype(np.int64) for place in (1, 2, 3)
    )
    if (strides < 1).any():
        raise unsupported(writer, operator, "a negative stride")
    shrunk = [axis for axis in range(len(begin)) if options.ShrinkAxisMask() >> axis & 1]
    for axis in range(len(begin)):
        if options.BeginMask() >> axis & 1:
            begin[axis] = 0
        if axis in shrunk:
            end[axis] = begin[axis] + 1 or _INT64_MAX
        elif options.EndMask() >> axis & 1:
            end[axis] = _INT64_MAX
    places = (begin, end, np.arange(len(begin), dtype=np.int64), strides)
    constants = [writer.constant(place) for place in places]
    source, result = writer.tensor(operator.inputs[0]), writer.tensor(operator.outputs[0])
    part = writer.fresh() if shrunk else result
    writer.node("Slice", [source, *constants], [part])
    if shrunk:
        writer.node("Squeeze", [part, writer.constant(np.array(shrunk, np.int64))], [result])
