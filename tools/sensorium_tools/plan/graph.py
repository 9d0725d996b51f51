"""Which nodes of a graph multiply by weights, under the names that TensorRT's parser gives."""

from __future__ import annotations

from typing import TYPE_CHECKING

import onnx

if TYPE_CHECKING:
    from onnx import NodeProto

RECURRENT = frozenset({"GRU", "LSTM", "RNN"})
WEIGHTED = frozenset({"Conv", "ConvTranspose", "Gemm", "MatMul"})
_PASSING = frozenset({"DequantizeLinear", "QuantizeLinear", "Transpose", "Cast", "Reshape"})
"""Operators through which weights come to where they are used."""


def weighted_nodes(data: bytes) -> frozenset[str]:
    """Names of the nodes with weights; one without a name is `node_of_` its first output."""
    graph = onnx.load_from_string(data).graph
    constant = {tensor.name for tensor in graph.initializer}
    found = set()
    for node in graph.node:
        if node.op_type == "Constant" or (node.op_type in _PASSING and node.input[0] in constant):
            constant.update(node.output)
        elif node.op_type in WEIGHTED and any(name in constant for name in node.input[:2]):
            found.add(_name(node))
    return frozenset(found)


def recurrent_nodes(data: bytes) -> tuple[str, ...]:
    """Names of the nodes that are loops over a sequence, in the graph's order."""
    graph = onnx.load_from_string(data).graph
    return tuple(_name(node) for node in graph.node if node.op_type in RECURRENT)


def _name(node: NodeProto) -> str:
    return node.name or f"node_of_{next(filter(None, node.output))}"
