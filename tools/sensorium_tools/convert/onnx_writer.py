"""Collects the nodes and constants of one ONNX graph, named by counting: the same each time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from onnx import helper, numpy_helper

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from sensorium_tools.convert.tflite_model import TfliteGraph


class OnnxWriter:
    """Writes the nodes of one TFLite graph.

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
        self._count = 0

    def tensor(self, index: int) -> str:
        """The ONNX name of a tensor; a constant is written when it is first named."""
        if index in self._given:
            return self._given[index]
        name = f"{self.name}/{index}"
        values = self._graph.tensors[index].data
        if values is not None and name not in self._written:
            self._written.add(name)
            self.constants.append(numpy_helper.from_array(values, name))
        return name

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
