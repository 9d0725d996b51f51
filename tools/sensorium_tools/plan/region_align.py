"""Writes RoiAlign in operators that every TensorRT has.

TensorRT has it as a plugin only, and TensorRT for RTX has no plugins. A region's mean over a fixed
number of points in each cell is the same as sampling the picture at these points (GridSample) and
taking the mean of each cell (AveragePool).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
from onnx import ModelProto, TensorProto, helper, numpy_helper

if TYPE_CHECKING:
    from onnx import NodeProto

_OPSETS = range(16, 20)
"""GridSample appears in 16; in 20 its mode has another name."""


def without_region_align(data: bytes) -> bytes:
    """A graph with its RoiAlign nodes written in other operators, where that can be.

    It can where the regions lie in one picture of a fixed size, and a cell's value is the mean of a
    fixed number of points. Any other RoiAlign stays, for the builder to refuse by its name.

    Args:
        data: A serialised graph, fp32 or with Q/DQ.

    Returns:
        `data` itself where nothing is to be done.
    """
    model = onnx.load_from_string(data)
    version = next(entry.version for entry in model.opset_import if not entry.domain)
    if version not in _OPSETS or not any(
        node.op_type == "RoiAlign" for node in model.graph.node
    ):
        return data
    shapes = _shapes(model)
    nodes: list[NodeProto] = []
    for node in model.graph.node:
        written = _Align(node, shapes) if node.op_type == "RoiAlign" else None
        if written is None or not written.is_possible:
            nodes.append(node)
            continue
        nodes += written.nodes()
        model.graph.initializer.extend(written.constants)
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    made: bytes = model.SerializeToString(deterministic=True)
    return made


def _shapes(model: ModelProto) -> dict[str, list[int]]:
    graph = onnx.shape_inference.infer_shapes(model).graph
    return {
        value.name: [size.dim_value for size in value.type.tensor_type.shape.dim]
        for value in (*graph.input, *graph.value_info)
    }


class _Align:
    """One RoiAlign. A name of its parts is the node's own with what the part gives."""

    def __init__(self, node: NodeProto, shapes: dict[str, list[int]]) -> None:
        said = {each.name: helper.get_attribute_value(each) for each in node.attribute}
        self._node = node
        self._picture = shapes.get(node.input[0], [])
        self._mode = said.get("mode", b"avg")
        self._half = said.get("coordinate_transformation_mode", b"half_pixel") == b"half_pixel"
        self._samples = int(said.get("sampling_ratio", 0))
        self._scale = float(said.get("spatial_scale", 1.0))
        self._cells = [int(said.get(f"output_{side}", 1)) for side in ("height", "width")]
        self.constants: list[TensorProto] = []
        self._nodes: list[NodeProto] = []

    @property
    def is_possible(self) -> bool:
        picture = self._picture
        return (
            self._mode == b"avg" and self._samples > 0
            and len(picture) == 4 and picture[0] == 1 and all(size > 0 for size in picture)
        )

    def nodes(self) -> list[NodeProto]:
        """The standard's definition (ONNX, RoiAlign-16), for all regions and points together."""
        sides = [side * self._samples for side in self._cells]
        scaled = self._add("Mul", [self._node.input[1], self._number("scale", self._scale)])
        if self._half:
            scaled = self._add("Sub", [scaled, self._number("shift", 0.5)])
        ends = [self._name(part) for part in ("low", "high")]
        self._emit("Split", [scaled, self._sizes("pairs", [2, 2])], ends, axis=1)
        size = self._add("Sub", [ends[1], ends[0]])
        if not self._half:
            size = self._add("Max", [size, self._number("least", 1.0)])
        grid, inside = [], []
        for axis, place in (("x", 1), ("y", 0)):
            index = self._sizes(f"{axis}_index", [1 - place])
            low, extent = (
                self._add("Gather", [part, index], axis=1) for part in (ends[0], size)
            )
            steps = (np.arange(sides[place], dtype=np.float32) + np.float32(0.5)) / sides[place]
            along = self._add("Mul", [extent, self._constant(f"{axis}_steps", steps[None])])
            points = self._add("Add", [low, along])
            shape = [-1, 1, sides[1], 1] if place else [-1, sides[0], 1, 1]
            points = self._add("Reshape", [points, self._sizes(f"{axis}_shape", shape)])
            zeros = np.zeros((1, *sides, 1), np.float32)
            points = self._add("Add", [points, self._constant(f"{axis}_all", zeros)])
            grid.append(self._turned(points, self._picture[3 if place else 2]))
            inside.append(self._inside(points, axis, self._picture[3 if place else 2]))
        both = self._add("Concat", grid, axis=3)
        both = self._add("Reshape", [both, self._sizes("points", [1, -1, sides[1], 2])])
        sampled = self._add(
            "GridSample", [self._node.input[0], both], mode="bilinear", padding_mode="border",
            align_corners=0,
        )
        mask = self._add("Cast", [self._add("And", inside)], to=TensorProto.FLOAT)
        mask = self._add("Reshape", [mask, self._sizes("mask", [1, 1, -1, sides[1]])])
        kept = self._add("Mul", [sampled, mask])
        square = [self._samples, self._samples]
        cells = self._add("AveragePool", [kept], kernel_shape=square, strides=square)
        apart = self._sizes("apart", [self._picture[1], -1, *self._cells])
        apart = self._add("Reshape", [cells, apart])
        self._emit("Transpose", [apart], [self._node.output[0]], perm=[1, 0, 2, 3])
        return self._nodes

    def _turned(self, points: str, size: int) -> str:
        """Pixels to GridSample's -1 to 1, which reach from edge to edge."""
        doubled = self._add("Mul", [points, self._number("per_pixel", 2.0 / size)])
        return self._add("Add", [doubled, self._number("edge", 1.0 / size - 1.0)])

    def _inside(self, points: str, axis: str, size: int) -> str:
        """Whether a point counts: one further than a pixel outside is 0."""
        after = self._add("GreaterOrEqual", [points, self._number(f"{axis}_first", -1.0)])
        before = self._add("LessOrEqual", [points, self._number(f"{axis}_last", float(size))])
        return self._add("And", [after, before])

    def _add(self, operator: str, inputs: list[str], **attributes: Any) -> str:
        output = self._name(f"{operator}{len(self._nodes)}")
        self._emit(operator, inputs, [output], **attributes)
        return output

    def _emit(
        self, operator: str, inputs: list[str], outputs: list[str], **attributes: Any
    ) -> None:
        name = self._name(f"{operator}{len(self._nodes)}")
        self._nodes.append(helper.make_node(operator, inputs, outputs, name, **attributes))

    def _name(self, part: str) -> str:
        return f"{self._node.name or self._node.output[0]}/{part}"

    def _constant(self, part: str, values: Any) -> str:
        name = f"{self._name(part)}{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(values, name))
        return name

    def _number(self, part: str, value: float) -> str:
        return self._constant(part, np.float32(value).reshape(1))

    def _sizes(self, part: str, sizes: list[int]) -> str:
        return self._constant(part, np.array(sizes, np.int64))
