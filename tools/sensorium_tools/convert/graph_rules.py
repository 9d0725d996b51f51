"""What every graph must be before it is built: standard operators, a known opset, sane weights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from onnx import TensorProto, numpy_helper

from sensorium.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from onnx import ModelProto

CONTROL_FLOW = ("If", "Loop", "Scan")
"""Operators whose graph is not fixed: slower on the CPU, and refused by other backends."""
OPSETS = range(9, 22)
"""Versions of the standard's operators that all backends take: from 9 on TensorRT's parser says
that it does; 21 is the newest of ONNX Runtime 1.20, the oldest that Sensorium runs with."""
WEIGHTED = ("Conv", "ConvTranspose", "Gemm", "MatMul", "LSTM", "GRU", "RNN")
"""Operators that multiply their input by constants: an infinite one is no weight. Elsewhere, as in
the bound of a Clip, infinity has a meaning."""
_FLOATS = (TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.DOUBLE, TensorProto.BFLOAT16)
_STANDARD = ("", "ai.onnx")


def check_rules(name: str, model: ModelProto) -> None:
    """Checks what holds for all graphs, whatever their card says.

    Args:
        name: What errors call the model.
        model: Which passed the standard's own checker.

    Raises:
        EngineError: When an operator or the opset is one that not every backend has, or a weight
            is not a finite number.
    """
    _check_opset(name, model)
    if model.functions:
        raise EngineError(
            f"{name}: the graph has functions of its own, such as {model.functions[0].name}",
            "export it with its functions put into the graph (onnx.inliner)",
        )
    for node in model.graph.node:
        if node.domain not in _STANDARD:
            raise EngineError(
                f"{name}: {node.domain}.{node.op_type} is not a standard operator",
                "export the model with the operators of the ONNX standard",
            )
        if node.op_type in CONTROL_FLOW:
            raise EngineError(
                f"{name}: the graph has the operator {node.op_type}",
                "export the model with a fixed graph",
            )
    _check_weights(name, model)


def _check_opset(name: str, model: ModelProto) -> None:
    versions = [entry.version for entry in model.opset_import if entry.domain in _STANDARD]
    if len(versions) != 1 or versions[0] not in OPSETS:
        said = " and ".join(map(str, versions)) or "none"
        raise EngineError(
            f"{name}: the graph's opset is {said}, supported are {OPSETS[0]} to {OPSETS[-1]}",
            "convert it with onnx.version_converter",
        )


def _check_weights(name: str, model: ModelProto) -> None:
    multiplied = {
        tensor for node in model.graph.node if node.op_type in WEIGHTED for tensor in node.input
    }
    for label, tensor in _constants(model):
        if tensor.data_type not in _FLOATS:
            continue
        if tensor.data_location == TensorProto.EXTERNAL:
            raise EngineError(
                f"{name}: the weight {label} is in another file", "save the model as one file"
            )
        with np.errstate(invalid="ignore"):
            values = numpy_helper.to_array(tensor).astype(np.float32, copy=False)
        if np.isnan(values).any() or (label in multiplied and np.isinf(values).any()):
            raise EngineError(
                f"{name}: the weight {label} has values that are not finite numbers",
                "the model is broken: train or export it again",
            )


def _constants(model: ModelProto) -> Iterator[tuple[str, Any]]:
    for tensor in model.graph.initializer:
        yield tensor.name, tensor
    for node in model.graph.node:
        if node.op_type == "Constant":
            for attribute in node.attribute:
                if attribute.name == "value":
                    yield node.output[0], attribute.t
