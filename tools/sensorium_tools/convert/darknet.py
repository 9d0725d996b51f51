"""Converts a darknet detector (.cfg and .weights) to ONNX, the decoding of its boxes included."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sensorium.errors import EngineError
from sensorium_tools.convert import darknet_cfg
from sensorium_tools.convert.darknet_weights import DarknetWeights
from sensorium_tools.convert.graph_builder import GraphBuilder

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sensorium.inference.card import Card
    from sensorium_tools.convert.darknet_cfg import Section

_LEAK = 0.1
"""Slope below zero of darknet's `leaky` (leaky_activate in src/activations.h)."""
_MAX_CELLS = 1 << 24


@dataclass(frozen=True)
class _Layer:
    """What a layer gives: a tensor [1, channels, height, width]."""

    tensor: str
    channels: int
    height: int
    width: int


def convert(card: Card, weights: Sequence[bytes]) -> bytes:
    """See `convert.Converter`: takes the .cfg, then the .weights.

    The outputs are `boxes` [1, n, 4] (left, top, right, bottom as shares of the input's width and
    height) and `scores` [1, n, classes] (objectness times class), without suppression.
    """
    if len(weights) != 2:
        raise EngineError(
            f"{card.name}: the converter darknet takes a .cfg and a .weights, not {len(weights)} "
            "files"
        )
    names = [f"{card.name}: {weight.name}" for weight in card.weights]
    net, *sections = darknet_cfg.parse(weights[0], names[0])
    network = _Network(card, net, DarknetWeights(weights[1], names[1]))
    for section in sections:
        network.add(section)
    return network.finish()


class _Network:
    def __init__(self, card: Card, net: Section, weights: DarknetWeights) -> None:
        self._card = card
        self._graph = GraphBuilder(card)
        self._weights = weights
        self._height, self._width = net.number("height"), net.number("width")
        self._source = _Layer(
            card.inputs[0].name, net.number("channels"), self._height, self._width
        )
        self._layers: list[_Layer] = []
        self._boxes: list[str] = []
        self._scores: list[str] = []

    def add(self, section: Section) -> None:
        """Writes one layer's nodes."""
        if section.kind not in LAYERS:
            raise section.error(
                f"a layer of this kind has no conversion, there are {', '.join(LAYERS)}"
            )
        layer = LAYERS[section.kind](self, section)
        if not 0 < layer.channels * layer.height * layer.width <= _MAX_CELLS:
            raise section.error(f"gives {layer.channels} x {layer.height} x {layer.width} values")
        self._layers.append(layer)

    def finish(self) -> bytes:
        """The model: all heads' boxes, one after the other."""
        self._weights.close()
        if not self._boxes:
            raise EngineError(f"{self._card.name}: the .cfg has no [yolo] section")
        return self._graph.finish(
            [
                self._graph.node("Concat", parts, name, axis=1)
                for parts, name in ((self._boxes, "all_boxes"), (self._scores, "all_scores"))
            ]
        )

    def convolutional(self, section: Section) -> _Layer:
        source, name = self._last(), self._name(section)
        filters, size = section.number("filters"), section.number("size")
        stride = section.number("stride", 1)
        has_pad = section.number("pad", 0, low=0)
        pad = size // 2 if has_pad else section.number("padding", 0, low=0)
        weight, bias = self._weights.convolution(
            (filters, source.channels, size, size),
            normalised=bool(section.number("batch_normalize", 0, low=0)),
        )
        made = self._graph.node(
            "Conv",
            [
                source.tensor,
                self._graph.constant(weight, f"{name}.weight"),
                self._graph.constant(bias, f"{name}.bias"),
            ],
            name,
            kernel_shape=[size, size],
            strides=[stride, stride],
            pads=[pad] * 4,
        )
        activation = section.values.get("activation", "linear")
        if activation == "leaky":
            made = self._graph.node("LeakyRelu", [made], f"{name}/leaky", alpha=_LEAK)
        elif activation != "linear":
            raise section.error(f"activation={activation} has no conversion")
        height, width = (
            (length + 2 * pad - size) // stride + 1 for length in (source.height, source.width)
        )
        return _Layer(made, filters, height, width)

    def maxpool(self, section: Section) -> _Layer:
        """Pads by size - 1 in all, half of it rounded down before (src/maxpool_layer.c)."""
        source, stride = self._last(), section.number("stride", 1)
        size = section.number("size", stride)
        padding = section.number("padding", size - 1, low=0)
        before = padding // 2
        lengths, after = [], []
        for length in (source.height, source.width):
            lengths.append((length + padding - size) // stride + 1)
            after.append(max(0, (lengths[-1] - 1) * stride + size - length - before))
        made = self._graph.node(
            "MaxPool",
            [source.tensor],
            self._name(section),
            kernel_shape=[size, size],
            strides=[stride, stride],
            pads=[before, before, *after],
        )
        return _Layer(made, source.channels, *lengths)

    def route(self, section: Section) -> _Layer:
        """Earlier layers, one's channels after the other's; below zero it counts from here."""
        layers = []
        for place in section.numbers("layers"):
            index = place + len(self._layers) if place < 0 else place
            if not 0 <= index < len(self._layers):
                raise section.error(f"there is no layer {place} before it")
            layers.append(self._layers[index])
        if len(layers) == 1:
            return layers[0]
        if len({(layer.height, layer.width) for layer in layers}) != 1:
            raise section.error("the layers that it joins differ in size")
        made = self._graph.node(
            "Concat", [layer.tensor for layer in layers], self._name(section), axis=1
        )
        channels = sum(layer.channels for layer in layers)
        return _Layer(made, channels, layers[0].height, layers[0].width)

    def upsample(self, section: Section) -> _Layer:
        source, stride = self._last(), section.number("stride")
        scales = self._graph.constant(np.array([1, 1, stride, stride], np.float32))
        made = self._graph.node(
            "Resize",
            [source.tensor, "", scales],
            self._name(section),
            mode="nearest",
            coordinate_transformation_mode="asymmetric",
            nearest_mode="floor",
        )
        return _Layer(made, source.channels, source.height * stride, source.width * stride)

    def yolo(self, section: Section) -> _Layer:
        """Decodes as get_yolo_box in src/yolo_layer.c does.

        For each anchor come tx, ty, tw, th, objectness and the classes. With the cell's column
        and row c and the grid's size g: centre = (sigmoid(t) + c) / g; size = exp(t) * anchor /
        the input's size.
        """
        graph, source, name = self._graph, self._last(), self._name(section)
        classes, mask = section.number("classes"), section.numbers("mask")
        pairs = np.array(section.numbers("anchors"), np.float64)
        if len(pairs) % 2 or not all(0 <= place < len(pairs) // 2 for place in mask):
            raise section.error("mask names an anchor that is not there")
        if source.channels != len(mask) * (classes + 5):
            raise section.error(
                f"takes {len(mask) * (classes + 5)} channels, the layer before it gives "
                f"{source.channels}"
            )
        anchors = pairs.reshape(-1, 2)[mask] / (self._width, self._height)
        cells = source.height * source.width
        rows, columns = np.divmod(np.arange(cells), source.width)
        corner = np.stack([columns / source.width, rows / source.height])
        cell = np.array([[1 / source.width], [1 / source.height]])

        def constant(values: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> str:
            return graph.constant(values.astype(np.float32))

        def flat(tensor: str, last: int, what: str) -> str:
            turned = graph.node("Transpose", [tensor], f"{name}/{what}_turned", perm=[0, 1, 3, 2])
            shape = graph.constant(np.array([1, len(mask) * cells, last], np.int64))
            return graph.node("Reshape", [turned, shape], f"{name}/{what}")

        shape = graph.constant(np.array([1, len(mask), classes + 5, cells], np.int64))
        split = graph.constant(np.array([2, 2, 1, classes], np.int64))
        anchored = graph.node("Reshape", [source.tensor, shape], f"{name}/anchored")
        graph.node("Split", [anchored, split], f"{name}/split", outputs=4, axis=2)
        place = graph.node("Sigmoid", [f"{name}/split"], f"{name}/place")
        place = graph.node("Mul", [place, constant(cell[None, None])], f"{name}/scaled")
        centre = graph.node("Add", [place, constant(corner[None, None])], f"{name}/centre")
        size = graph.node("Exp", [f"{name}/split:1"], f"{name}/size")
        half = graph.node("Mul", [size, constant(anchors[None, :, :, None] / 2)], f"{name}/half")
        start = graph.node("Sub", [centre, half], f"{name}/start")
        end = graph.node("Add", [centre, half], f"{name}/end")
        boxes = graph.node("Concat", [start, end], f"{name}/corners", axis=2)
        objectness = graph.node("Sigmoid", [f"{name}/split:2"], f"{name}/objectness")
        chances = graph.node("Sigmoid", [f"{name}/split:3"], f"{name}/chances")
        scores = graph.node("Mul", [objectness, chances], f"{name}/products")
        self._boxes.append(flat(boxes, 4, "boxes"))
        self._scores.append(flat(scores, classes, "scores"))
        return source

    def _last(self) -> _Layer:
        return self._layers[-1] if self._layers else self._source

    def _name(self, section: Section) -> str:
        return f"{section.kind}{len(self._layers)}"


LAYERS: dict[str, Callable[[_Network, Section], _Layer]] = {
    "convolutional": _Network.convolutional,
    "maxpool": _Network.maxpool,
    "route": _Network.route,
    "upsample": _Network.upsample,
    "yolo": _Network.yolo,
}
"""Section of a .cfg to the method that writes its nodes."""
