"""One function for each Keras layer that can be expressed in ONNX; tensors are channels first."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from sensorium.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from sensorium_tools.convert.graph_builder import GraphBuilder

_MAX_SIZE = 1 << 12
_MAX_CELLS = 1 << 24
_ACTIVATIONS = {"relu": "Relu", "softmax": "Softmax"}


@dataclass(frozen=True)
class Tensor:
    """A tensor [1, *shape] with channels first."""

    name: str
    shape: tuple[int, ...]


@dataclass(frozen=True)
class Weights:
    """The numbers and options of one layer.

    Attributes:
        layer: Its name.
        numbers: By name, as `kernel`, in Keras's order of dimensions.
        options: Of its configuration.
        gain: What each of its channels is multiplied by afterwards.
        shift: What is added to each then.
    """

    layer: str
    numbers: Mapping[str, NDArray[Any]]
    options: Mapping[str, Any]
    gain: NDArray[Any] | float = 1.0
    shift: NDArray[Any] | float = 0.0

    def take(self, name: str, shape: tuple[int, ...]) -> NDArray[np.float64]:
        """Numbers of a stated shape.

        Raises:
            EngineError: When they are missing or of another shape.
        """
        if name not in self.numbers or self.numbers[name].shape != shape:
            found = self.numbers[name].shape if name in self.numbers else "missing"
            raise EngineError(f"the layer {self.layer} needs {name} {shape}, it is {found}")
        return np.asarray(self.numbers[name], np.float64)

    def size(self, name: str) -> int:
        """An option that is a number, or a pair of the same.

        Raises:
            EngineError: When it is neither, or not from 1 to 4096.
        """
        value = self.options[name]
        values = value if isinstance(value, list) else [value]
        if len(set(values)) != 1 or not isinstance(values[0], int):
            raise EngineError(f"the layer {self.layer}: {name} {value} has no conversion")
        if not 1 <= values[0] <= _MAX_SIZE:
            raise EngineError(f"the layer {self.layer}: {name} is {value}")
        return values[0]

    def normalised(self, norm: Weights) -> Weights:
        """These with the batch normalisation that follows: (x - mean) * gamma / deviation + beta.

        Raises:
            EngineError: When its numbers are none of a batch normalisation.
        """
        channels = (self.size("filters"),)
        gamma, beta, mean, variance = (
            norm.take(part, channels)
            for part in ("gamma", "beta", "moving_mean", "moving_variance")
        )
        epsilon = norm.options["epsilon"]
        if norm.options["axis"] not in (-1, 3) or not isinstance(epsilon, float):
            raise EngineError(f"the layer {norm.layer} is not over the channels")
        if not (variance + epsilon > 0).all():
            raise EngineError(f"the layer {norm.layer} has a variance below zero")
        gain = gamma / np.sqrt(variance + epsilon)
        return replace(self, gain=gain, shift=beta - mean * gain)


def _activation(graph: GraphBuilder, weights: Weights, inputs: Sequence[Tensor]) -> Tensor:
    source = _one(weights, inputs)
    return _activated(graph, weights, source, weights.layer)


def _add(graph: GraphBuilder, weights: Weights, inputs: Sequence[Tensor]) -> Tensor:
    if len(inputs) != 2 or inputs[0].shape != inputs[1].shape:
        raise EngineError(f"the layer {weights.layer} adds tensors of different shapes")
    made = graph.node("Add", [tensor.name for tensor in inputs], weights.layer)
    return Tensor(made, inputs[0].shape)


def _conv2d(graph: GraphBuilder, weights: Weights, inputs: Sequence[Tensor]) -> Tensor:
    source, size = _image(weights, inputs), weights.size("kernel_size")
    filters = weights.size("filters")
    kernel = weights.take("kernel", (size, size, source.shape[0], filters))
    return _convolved(graph, weights, source, kernel.transpose(3, 2, 0, 1), weights.layer)


def _separable(graph: GraphBuilder, weights: Weights, inputs: Sequence[Tensor]) -> Tensor:
    """Each channel by itself, then over the channels; the strides belong to the first."""
    source, size = _image(weights, inputs), weights.size("kernel_size")
    if weights.size("depth_multiplier") != 1:
        raise EngineError(f"the layer {weights.layer}: a depth multiplier has no conversion")
    channels, filters = source.shape[0], weights.size("filters")
    depth = weights.take("depthwise_kernel", (size, size, channels, 1)).transpose(2, 3, 0, 1)
    point = weights.take("pointwise_kernel", (1, 1, channels, filters)).transpose(3, 2, 0, 1)
    name = f"{weights.layer}/depthwise"
    inner = _convolution(graph, weights, source, depth.astype(np.float32), None, name)
    outer = replace(weights, options={**weights.options, "strides": [1, 1], "kernel_size": [1, 1]})
    return _convolved(graph, outer, inner, point, weights.layer)


def _max_pooling(graph: GraphBuilder, weights: Weights, inputs: Sequence[Tensor]) -> Tensor:
    source, size = _image(weights, inputs), weights.size("pool_size")
    shape, attributes = _window(weights, source, size)
    made = graph.node("MaxPool", [source.name], weights.layer, **attributes)
    return Tensor(made, (source.shape[0], *shape))


def _global_average(graph: GraphBuilder, weights: Weights, inputs: Sequence[Tensor]) -> Tensor:
    source = _image(weights, inputs)
    mean = graph.node("GlobalAveragePool", [source.name], f"{weights.layer}/mean")
    made = graph.node("Flatten", [mean], weights.layer, axis=1)
    return Tensor(made, source.shape[:1])


def _convolved(
    graph: GraphBuilder, weights: Weights, source: Tensor, kernel: NDArray[Any], name: str
) -> Tensor:
    """A convolution with bias, what is folded in, and activation; kernel [out, in, h, w]."""
    filters = kernel.shape[0]
    has_bias = weights.options["use_bias"]
    bias = weights.take("bias", (filters,)) if has_bias else np.zeros(filters)
    gain = np.broadcast_to(weights.gain, (filters,))
    kernel = (kernel * gain[:, None, None, None]).astype(np.float32)
    bias = (bias * gain + weights.shift).astype(np.float32)
    made = _convolution(graph, weights, source, kernel, bias, name)
    if weights.options["activation"] == "linear":
        return made
    return _activated(graph, weights, made, f"{name}/activation")


def _convolution(
    graph: GraphBuilder,
    weights: Weights,
    source: Tensor,
    kernel: NDArray[Any],
    bias: NDArray[Any] | None,
    name: str,
) -> Tensor:
    if weights.size("dilation_rate") != 1:
        raise EngineError(f"the layer {weights.layer}: a dilation has no conversion")
    shape, attributes = _window(weights, source, kernel.shape[2])
    constants = [graph.constant(kernel, f"{name}.kernel")]
    if bias is not None:
        constants.append(graph.constant(bias, f"{name}.bias"))
    group = source.shape[0] // kernel.shape[1]
    made = graph.node("Conv", [source.name, *constants], name, group=group, **attributes)
    return Tensor(made, (kernel.shape[0], *shape))


def _window(
    weights: Weights, source: Tensor, size: int
) -> tuple[tuple[int, int], dict[str, Any]]:
    """Height and width of what a window gives, and ONNX's attributes of it.

    Keras's "same" pads so that the result is the input's size divided by the stride, rounded up;
    the odd row comes after.
    """
    stride, padding = weights.size("strides"), weights.options["padding"]
    if padding not in ("same", "valid"):
        raise EngineError(f"the layer {weights.layer}: the padding {padding} has no conversion")
    lengths, before, after = [], [], []
    for length in source.shape[1:]:
        pad = 0
        if padding == "same":
            pad = max(0, (-(-length // stride) - 1) * stride + size - length)
        lengths.append((length + pad - size) // stride + 1)
        before.append(pad // 2)
        after.append(pad - pad // 2)
    if min(lengths) < 1 or lengths[0] * lengths[1] > _MAX_CELLS:
        raise EngineError(f"the layer {weights.layer}: a window of {size} does not fit")
    attributes = {
        "kernel_shape": [size, size],
        "strides": [stride, stride],
        "pads": [*before, *after],
    }
    return (lengths[0], lengths[1]), attributes


def _activated(graph: GraphBuilder, weights: Weights, source: Tensor, name: str) -> Tensor:
    kind = weights.options["activation"]
    if kind not in _ACTIVATIONS:
        raise EngineError(f"the layer {weights.layer}: the activation {kind} has no conversion")
    # Keras normalises over its last axis, which are the channels: here the first of the shape.
    attributes = {"axis": 1} if kind == "softmax" else {}
    return Tensor(graph.node(_ACTIVATIONS[kind], [source.name], name, **attributes), source.shape)


def _one(weights: Weights, inputs: Sequence[Tensor]) -> Tensor:
    if len(inputs) != 1:
        raise EngineError(f"the layer {weights.layer} has {len(inputs)} inputs")
    return inputs[0]


def _image(weights: Weights, inputs: Sequence[Tensor]) -> Tensor:
    source = _one(weights, inputs)
    if len(source.shape) != 3 or weights.options.get("data_format") != "channels_last":
        raise EngineError(f"the layer {weights.layer} does not take a picture, channels last")
    return source


LAYERS: dict[str, Callable[[GraphBuilder, Weights, Sequence[Tensor]], Tensor]] = {
    "Activation": _activation,
    "Add": _add,
    "Conv2D": _conv2d,
    "GlobalAveragePooling2D": _global_average,
    "MaxPooling2D": _max_pooling,
    "SeparableConv2D": _separable,
}
"""Keras's class to the function that writes its nodes."""
