"""Lets look-ups read the INT8 copy of a table that a quantised product reads, too.

A tied embedding is one matrix with two readers: a product, which `onnxruntime.quantization` makes
INT8, and a Gather, for which it then keeps the matrix in fp32 as well. Here the Gather takes the
INT8 columns and their scales, and the fp32 matrix is dropped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from onnx import ModelProto, TensorProto, helper, numpy_helper
from onnxruntime.quantization.quant_utils import TENSOR_NAME_QUANT_SUFFIX

if TYPE_CHECKING:
    from collections.abc import Mapping

_SCALE, _ZERO = "_scale", "_zero_point"
"""What `onnxruntime.quantization` puts behind a name, besides TENSOR_NAME_QUANT_SUFFIX."""


def tie(model: ModelProto) -> ModelProto:
    """The model with every such look-up tied; unchanged where there is none.

    Args:
        model: As `quantize_dynamic` leaves it: weights in integer products, symmetric, with one
            scale or one for each column.
    """
    constants = {tensor.name: tensor for tensor in model.graph.initializer}
    made = ModelProto()
    made.CopyFrom(model)
    nodes: list[Any] = []
    tied: set[str] = set()
    for node in made.graph.node:
        table = node.input[0] if node.op_type == "Gather" else ""
        if table and _can_tie(node, table, constants):
            nodes += _look_up(node, table, constants)
            tied.add(table)
        else:
            nodes.append(node)
    read = {name for node in nodes for name in node.input}
    kept = [tensor for tensor in made.graph.initializer if tensor.name not in tied - read]
    del made.graph.node[:], made.graph.initializer[:]
    made.graph.node.extend(nodes)
    made.graph.initializer.extend(kept)
    return made


def _can_tie(node: Any, table: str, constants: Mapping[str, Any]) -> bool:
    """Whether a Gather takes columns of a matrix that is there in INT8, too."""
    names = [table + suffix for suffix in (TENSOR_NAME_QUANT_SUFFIX, _SCALE, _ZERO)]
    if table not in constants or not all(name in constants for name in names):
        return False
    axis = next((each.i for each in node.attribute if each.name == "axis"), 0)
    whole, scale, zero = (constants[name] for name in names)
    return (
        len(whole.dims) == 2
        and axis in (1, -1)
        and whole.data_type == TensorProto.INT8
        and list(scale.dims) in ([], [1], [whole.dims[1]])
        and not np.any(numpy_helper.to_array(zero))
    )


def _look_up(node: Any, table: str, constants: Mapping[str, Any]) -> list[Any]:
    """Columns of the INT8 matrix, times their scales."""
    columns, numbers, scales = (f"{node.name}/{part}" for part in ("columns", "numbers", "scales"))
    scale, index = table + _SCALE, node.input[1]
    inputs = [table + TENSOR_NAME_QUANT_SUFFIX, index]
    made = [
        helper.make_node("Gather", inputs, [columns], columns, axis=1),
        helper.make_node("Cast", [columns], [numbers], numbers, to=TensorProto.FLOAT),
    ]
    if list(constants[scale].dims) == [constants[table].dims[1]]:
        made.append(helper.make_node("Gather", [scale, index], [scales], scales, axis=0))
        scale = scales
    made.append(helper.make_node("Mul", [numbers, scale], [node.output[0]], node.name))
    return made
