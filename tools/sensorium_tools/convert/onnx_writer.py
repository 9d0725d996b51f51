"""Collects the nodes and constants of one ONNX graph, named by counting: the same each time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from onnx import helper, numpy_helper

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from sensorium_tools.convert.tflite_model import TfliteGraph

_TO_FIRST = (0, 3, 1, 2)
_TO_LAST = (0, 2, 3, 1)

class OnnxWriter:
    """Writes the nodes of one TFLite graph.

    TFLite's pictures have their channels last, ONNX's convolutions want them first. A tensor of
    four dimensions can therefore be asked for, and made, in either order; a Transpose is written
    only where a tensor that exists in one is asked for in the other.

    Args:
        name: Prefix of every name, and what errors call the graph.
        graph: The graph whose tensors the nodes read and write.
        given: Index of a tensor to the name that it must have: the graph's inputs and outputs.
    """

    def __init__(self, name: str, graph: TfliteGraph, given: Mapping[int, str]) -> None:
        self.name = name
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self._graph = graph
        self._given = given
        self._written: set[str] = set()
        self._first: dict[int, str] = {}
        self._only_first: set[int] = set()
        self._count = 0

    def tensor(self, index: int) -> str:
        """The ONNX name of a tensor; a constant is written when it is first named."""
        name = self._given.get(index, f"{self.name}/{index}")
        if index in self._only_first:
            self._only_first.remove(index)
            self.node("Transpose", [self._first[index]], [name], perm=_TO_LAST)
        values = self._graph.tensors[index].data
        if index not in self._given and values is not None and name not in self._written:
            self._written.add(name)
            self.constants.append(numpy_helper.from_array(values, name))
        return name

    def is_first(self, index: int) -> bool:
        """Whether a tensor exists with its channels first."""
        return index in self._first

    def first(self, index: int) -> str:
        """The name of a tensor of four dimensions with its channels first.

        A constant of fewer dimensions gets ones before them.
        """
        if index not in self._first:
            values = self._graph.tensors[index].data
            if values is None:
                name = f"{self.name}/{index}/first"
                self.node("Transpose", [self.tensor(index)], [name], perm=_TO_FIRST)
            else:
                whole = values.reshape((1,) * (4 - values.ndim) + values.shape)
                name = self.constant(np.ascontiguousarray(whole.transpose(_TO_FIRST)))
            self._first[index] = name
        return self._first[index]

    def make_first(self, index: int) -> str:
        """The name for a tensor that is made with its channels first."""
        self._only_first.add(index)
        self._first[index] = f"{self.name}/{index}/first"
        return self._first[index]

    def finish(self, outputs: Sequence[int]) -> None:
        """Brings the graph's results into TFLite's order."""
        for index in outputs:
            self.tensor(index)

    def shape(self, index: int) -> tuple[int, ...]:
        """The fixed shape of a tensor."""
        return self._graph.tensors[index].shape

    def values(self, index: int) -> NDArray[Any] | None:
        """A copy of a constant tensor's values; None where it is not a constant."""
        values = self._graph.tensors[index].data
        return None if values is None else values.copy()

    def fresh(self) -> str:
        """A name that no other tensor has."""
        self._count += 1
        return f"{self.name}/made{self._count}"

    def constant(self, values: NDArray[Any] | np.generic) -> str:
        """Writes a constant and returns its name."""
        name = self.fresh()
        self.constants.append(numpy_helper.from_array(np.asarray(values), name))
        return name

    def node(
        self, kind: str, inputs: Sequence[str], outputs: Sequence[str], **attributes: Any
    ) -> None:
        """Writes one ONNX node."""
        self.nodes.append(
            helper.make_node(
                kind, inputs, outputs, f"{self.name}/{kind}{len(self.nodes)}", **attributes
            )
        )
