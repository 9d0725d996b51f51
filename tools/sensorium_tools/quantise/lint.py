"""Checks a graph with Q/DQ against what its target computes wrongly or not at all.

Each rule was reproduced on the target, or follows from its documents:

- tensorrt: a zero point that is not 0 and an int32 bias behind DQ are refused; uint8 is taken with
  a warning and clips; a Q between Conv and Relu keeps them from becoming one INT8 kernel.
- cpu: int8 activations take ONNX Runtime's slow path, and saturate its 16-bit sums on a CPU with
  AVX2 and no VNNI.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from onnx import TensorProto, numpy_helper

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray
    from onnx import ModelProto, NodeProto

WEIGHTED = ("Conv", "ConvTranspose", "Gemm", "MatMul")
"""Operators with weights: the inputs of these are what INT8 is for."""


@dataclass(frozen=True)
class Finding:
    """One place where a graph breaks a rule.

    Attributes:
        rule: Its short name.
        node: Name of the node.
        says: What is wrong there.
    """

    rule: str
    node: str
    says: str


def lint(model: ModelProto, target: str) -> list[Finding]:
    """What of a graph its target would compute wrongly, slowly or not at all.

    Args:
        model: With Q/DQ.
        target: cpu or tensorrt.
    """
    graph = _Graph(model)
    rules = _CPU if target == "cpu" else _TENSORRT
    return [finding for rule in rules for finding in rule(graph)]


def weighted_in_int8(model: ModelProto) -> tuple[list[str], list[str]]:
    """Names of the weighted nodes whose data and weights come out of DQ, and of all others."""
    graph = _Graph(model)
    quantised: list[str] = []
    others: list[str] = []
    for node in model.graph.node:
        if node.op_type in WEIGHTED:
            whole = all(graph.is_dequantised(name) for name in node.input[:2])
            (quantised if whole else others).append(node.name)
        elif node.op_type in _DYNAMIC:
            quantised.append(node.name)
    return quantised, others


_DYNAMIC = ("MatMulInteger", "ConvInteger", "DynamicQuantizeMatMul", "DynamicQuantizeLSTM")


class _Graph:
    def __init__(self, model: ModelProto) -> None:
        self.model = model
        self.constants: dict[str, Any] = {
            tensor.name: tensor for tensor in model.graph.initializer
        }
        self.maker = {name: node for node in model.graph.node for name in node.output}
        self.readers: dict[str, list[NodeProto]] = defaultdict(list)
        for node in model.graph.node:
            for name in node.input:
                self.readers[name].append(node)

    def values(self, name: str) -> NDArray[Any] | None:
        tensor = self.constants.get(name)
        return None if tensor is None else numpy_helper.to_array(tensor)

    def is_dequantised(self, name: str) -> bool:
        maker = self.maker.get(name)
        return maker is not None and maker.op_type == "DequantizeLinear"

    def is_stored(self, name: str) -> bool:
        """Whether a tensor is a constant behind a DQ."""
        return self.is_dequantised(name) and self.maker[name].input[0] in self.constants

    def pairs(self) -> Iterator[tuple[NodeProto, int, NDArray[Any] | None]]:
        """Each Q and DQ with the type that it goes to or comes from, and its zero point."""
        for node in self.model.graph.node:
            if node.op_type not in ("QuantizeLinear", "DequantizeLinear"):
                continue
            zero = self.constants.get(node.input[2]) if len(node.input) > 2 else None
            stored = self.constants.get(node.input[0])
            if zero is not None:
                kind = zero.data_type
            elif stored is not None:
                kind = stored.data_type
            else:
                kind = TensorProto.UINT8
            yield node, kind, None if zero is None else numpy_helper.to_array(zero)


def _zero_points(graph: _Graph) -> Iterator[Finding]:
    for node, kind, zero in graph.pairs():
        if zero is not None and np.any(zero != 0) and kind != TensorProto.UINT8:
            yield Finding("zero-point", node.name, f"its zero point is {zero.reshape(-1)[0]}")


def _unsigned(graph: _Graph) -> Iterator[Finding]:
    for node, kind, _ in graph.pairs():
        if kind == TensorProto.UINT8:
            yield Finding("uint8", node.name, "quantises to uint8, which TensorRT clips to int8")


def _biases(graph: _Graph) -> Iterator[Finding]:
    for node, kind, _ in graph.pairs():
        if kind == TensorProto.INT32:
            yield Finding("int32-bias", node.name, "a bias in int32, which TensorRT refuses")


def _split_relu(graph: _Graph) -> Iterator[Finding]:
    for node in graph.model.graph.node:
        if node.op_type != "Relu":
            continue
        dequantise = graph.maker.get(node.input[0])
        if dequantise is None or dequantise.op_type != "DequantizeLinear":
            continue
        quantise = graph.maker.get(dequantise.input[0])
        if quantise is None or quantise.op_type != "QuantizeLinear":
            continue
        conv = graph.maker.get(quantise.input[0])
        if conv is not None and conv.op_type in WEIGHTED:
            yield Finding("split-relu", node.name, f"a Q stands between it and {conv.name}")


def _half_quantised(graph: _Graph) -> Iterator[Finding]:
    for node in graph.model.graph.node:
        if node.op_type not in WEIGHTED:
            continue
        data, weight = node.input[:2]
        if graph.is_stored(weight) and not graph.is_dequantised(data):
            yield Finding("half", node.name, "only its weights are quantised: it runs in fp32")


def _signed_activations(graph: _Graph) -> Iterator[Finding]:
    for node, kind, _ in graph.pairs():
        if node.op_type == "QuantizeLinear" and kind == TensorProto.INT8:
            yield Finding("int8-activation", node.name, "quantises to int8: saturates without VNNI")


_TENSORRT = (_zero_points, _unsigned, _biases, _split_relu, _half_quantised)
_CPU = (_signed_activations, _half_quantised)
