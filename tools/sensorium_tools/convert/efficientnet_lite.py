"""Converts the PyTorch weights of an EfficientNet-Lite to ONNX.

The layers are those of efficientnet_lite_builder.py of github.com/tensorflow/tpu: a stem, seven
groups of inverted residual blocks without squeeze-and-excite, a head; ReLU6 throughout, padding as
TensorFlow's "same" (the odd one after). How wide they are is read from the weights.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sensorium.errors import EngineError
from sensorium_tools.convert import torch_file
from sensorium_tools.convert.graph_builder import GraphBuilder

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from sensorium.inference.card import Card

_EPSILON = 1e-3
"""Batch normalisation adds it to the variance."""
_STRIDES = (1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1, 1, 1, 1)
"""Of lite0's blocks: groups of 1, 2, 2, 3, 3, 4 and 1 with 1, 2, 2, 2, 1, 2 and 1 in the first."""


@dataclass(frozen=True)
class _Layer:
    tensor: str
    channels: int
    height: int
    width: int


def convert(card: Card, weights: Sequence[bytes]) -> bytes:
    """See `convert.Converter`: one .pth file; the card's input is [1, 3, height, width]."""
    if len(weights) != 1:
        raise EngineError(f"{card.name}: takes one .pth file, not {len(weights)}")
    name = f"{card.name}: {card.weights[0].name}"
    network = _Network(card, torch_file.read(weights[0], name), name)
    _, channels, height, width = card.sizes(card.inputs[0])
    layer = _Layer(card.inputs[0].name, channels, height, width)
    layer = network.convolve(layer, "_conv_stem", "_bn0", stride=2)
    for index, stride in enumerate(_STRIDES):
        layer = network.block(layer, f"_blocks.{index}", stride)
    layer = network.convolve(layer, "_conv_head", "_bn1")
    return network.classify(layer)


class _Network:
    def __init__(self, card: Card, tensors: Mapping[str, NDArray[Any]], name: str) -> None:
        self._graph = GraphBuilder(card)
        self._tensors = dict(tensors)
        self._name = name

    def block(self, source: _Layer, name: str, stride: int) -> _Layer:
        """Widens, convolves each channel, narrows; adds its input where the shapes are equal."""
        layer = source
        if f"{name}._expand_conv.weight" in self._tensors:
            layer = self.convolve(layer, f"{name}._expand_conv", f"{name}._bn0")
        layer = self.convolve(layer, f"{name}._depthwise_conv", f"{name}._bn1", stride=stride)
        layer = self.convolve(layer, f"{name}._project_conv", f"{name}._bn2", clipped=False)
        if stride != 1 or layer.channels != source.channels:
            return layer
        made = self._graph.node("Add", [layer.tensor, source.tensor], f"{name}.add")
        return _Layer(made, layer.channels, layer.height, layer.width)

    def convolve(
        self, source: _Layer, name: str, norm: str, *, stride: int = 1, clipped: bool = True
    ) -> _Layer:
        """A convolution with its batch normalisation folded in, then ReLU6 where `clipped`."""
        weight = self._take(f"{name}.weight", 4).astype(np.float64)
        filters, inner, size = weight.shape[0], weight.shape[1], weight.shape[2]
        groups = source.channels // inner
        if inner * groups != source.channels or filters % groups or weight.shape[3] != size:
            raise self._error(f"{name}.weight is {weight.shape} for {source.channels} channels")
        gain, bias = self._normalisation(norm, filters)
        heights, widths = (_same(length, size, stride) for length in (source.height, source.width))
        made = self._graph.node(
            "Conv",
            [
                source.tensor,
                self._graph.constant(
                    (weight * gain[:, None, None, None]).astype(np.float32), f"{name}.weight"
                ),
                self._graph.constant(bias.astype(np.float32), f"{name}.bias"),
            ],
            name,
            kernel_shape=[size, size],
            strides=[stride, stride],
            pads=[heights[1], widths[1], heights[2], widths[2]],
            group=groups,
        )
        if clipped:
            limits = [self._graph.constant(0.0), self._graph.constant(6.0)]
            made = self._graph.node("Clip", [made, *limits], f"{name}.clip")
        return _Layer(made, filters, heights[0], widths[0])

    def classify(self, source: _Layer) -> bytes:
        """Mean over the picture, a linear layer, softmax; every tensor must have been used."""
        weight, bias = self._take("_fc.weight", 2), self._take("_fc.bias", 1)
        if weight.shape != (len(bias), source.channels):
            raise self._error(f"_fc.weight is {weight.shape} for {source.channels} channels")
        unused = [name for name in self._tensors if not name.endswith("num_batches_tracked")]
        if unused:
            raise self._error(f"{len(unused)} tensors have no place in it, as {unused[0]}")
        graph = self._graph
        mean = graph.node("GlobalAveragePool", [source.tensor], "mean")
        flat = graph.node("Flatten", [mean], "flat", axis=1)
        constants = [graph.constant(weight, "_fc.weight"), graph.constant(bias, "_fc.bias")]
        logits = graph.node("Gemm", [flat, *constants], "_fc", transB=1)
        return graph.finish([graph.node("Softmax", [logits], "softmax", axis=1)])

    def _normalisation(self, name: str, channels: int) -> tuple[NDArray[Any], NDArray[Any]]:
        scale, shift, mean, variance = (
            self._take(f"{name}.{part}", 1).astype(np.float64)
            for part in ("weight", "bias", "running_mean", "running_var")
        )
        if any(part.shape != (channels,) for part in (scale, shift, mean, variance)):
            raise self._error(f"{name} is not for {channels} channels")
        if not (variance >= 0).all():
            raise self._error(f"{name}.running_var is below zero")
        gain = scale / np.sqrt(variance + _EPSILON)
        return gain, shift - mean * gain

    def _take(self, name: str, dimensions: int) -> NDArray[Any]:
        if name not in self._tensors:
            raise self._error(f"the tensor {name} is missing")
        values = self._tensors.pop(name)
        if values.dtype != np.float32 or values.ndim != dimensions:
            raise self._error(f"{name} is {values.dtype} of {values.ndim} dimensions")
        return values

    def _error(self, what: str) -> EngineError:
        return EngineError(
            f"{self._name}: {what}",
            "the converter efficientnet-lite is for the PyTorch weights of EfficientNet-Lite0",
        )


def _same(length: int, size: int, stride: int) -> tuple[int, int, int]:
    """Length of the result, and TensorFlow's "same" padding before and after."""
    result = -(-length // stride)
    padding = max(0, (result - 1) * stride + size - length)
    return result, padding // 2, padding - padding // 2
