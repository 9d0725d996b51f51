"""Which nodes of a graph multiply by weights, under the names that TensorRT's parser gives."""

from __future__ import annotations

import onnx

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
            found.add(node.name or f"node_of_{node.output[0]}")
    return frozenset(found)
