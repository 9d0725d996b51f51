"""An ONNX model taken apart, to be changed and put together again."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
from onnx import ModelProto, helper, numpy_helper

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


class Draft:
    """The nodes and constants of a model without control flow.

    Attributes:
        model: As it was given; never changed.
        nodes: In an order in which they can run; those that no output needs are left out.
        constants: Name to values.
        maker: Name of a tensor to the node that computes it.
        uses: Name of a tensor to how often it is read, as an output of the model too.
    """

    def __init__(self, model: ModelProto) -> None:
        self.model = model
        self.nodes = _needed(model)
        self.constants: dict[str, NDArray[Any]] = {
            tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer
        }
        self.maker = {name: node for node in self.nodes for name in node.output}
        self.uses = Counter(name for node in self.nodes for name in node.input)
        self.uses.update(port.name for port in model.graph.output)
        self._made = 0

    def fresh(self, what: str) -> str:
        """A name that no other tensor has."""
        while True:
            self._made += 1
            name = f"{self.model.graph.name}/{what}{self._made}"
            if name not in self.maker and name not in self.constants:
                return name

    def constant(self, values: NDArray[Any], what: str = "constant") -> str:
        """Adds a constant and returns its name."""
        name = self.fresh(what)
        self.constants[name] = np.ascontiguousarray(values)
        return name

    def put_together(self, nodes: Sequence[Any]) -> ModelProto:
        """A model with the same inputs and outputs and these nodes; constants not read are dropped.

        Args:
            nodes: In an order in which they can run.
        """
        read = {name for node in nodes for name in node.input}
        old = self.model.graph
        graph = helper.make_graph(
            nodes, old.name, old.input, old.output,
            [
                numpy_helper.from_array(values, name)
                for name, values in self.constants.items() if name in read
            ],
        )
        made = ModelProto()
        made.CopyFrom(self.model)
        made.graph.CopyFrom(graph)
        return made


def _needed(model: ModelProto) -> list[Any]:
    needed = {port.name for port in model.graph.output}
    nodes = []
    for node in reversed(model.graph.node):
        if needed.intersection(node.output):
            needed.update(node.input)
            nodes.append(node)
    return nodes[::-1]
