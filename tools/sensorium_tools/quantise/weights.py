"""Which layers of a graph have weights, which of them go to INT8, and why the others do not."""

from __future__ import annotations

import fnmatch
from typing import TYPE_CHECKING

from sensorium_tools.quantise.lint import weighted_in_int8

if TYPE_CHECKING:
    from collections.abc import Mapping

    from onnx import ModelProto, NodeProto

    from sensorium.inference.card_tables import Quantisation

RECURRENT = ("GRU", "LSTM", "RNN")
FORMS = {
    "static": ("Conv", "ConvTranspose", "Gather", "Gemm", "MatMul"),
    "dynamic": ("Conv", "Gather", "Gemm", "LSTM", "MatMul"),
}
"""Operators of a card that have an INT8 form: `onnxruntime.quantization.registry`, QDQRegistry and
IntegerOpsRegistry."""
_PRODUCTS = ("Conv", "ConvTranspose", "Gemm", "MatMul")
_MADE = ("_quant", "_MatMul")
"""What `onnxruntime.quantization` puts behind the name of a node that it replaces, last first."""


def weighted(model: ModelProto) -> list[NodeProto]:
    """The nodes of a prepared graph that multiply by weights.

    A product of two activations, as in attention, is none of them.
    """
    constants = {tensor.name for tensor in model.graph.initializer}
    return [
        node for node in model.graph.node
        if node.op_type in (*_PRODUCTS, *RECURRENT)
        and any(name in constants for name in node.input[:2])
    ]


def chosen(model: ModelProto, recipe: Quantisation) -> list[str]:
    """Names of the nodes of a prepared graph that a recipe takes to INT8, in the graph's order."""
    with_weights = {node.name for node in weighted(model)}
    return [
        node.name for node in model.graph.node
        if node.op_type in recipe.operators
        and node.op_type in FORMS[recipe.scheme]
        and (node.name in with_weights or node.op_type not in _PRODUCTS)
        and not _is_excluded(node.name, recipe)
    ]


def coverage(
    model: ModelProto, quantised: ModelProto, recipe: Quantisation, kept: Mapping[str, float]
) -> dict[str, str]:
    """The layers with weights, and what became of them.

    Args:
        model: Prepared, in fp32.
        quantised: What was made of it.
        recipe: Of the card.
        kept: Nodes that INT8 hurts, with the signal to noise that it leaves of each alone.

    Returns:
        Name of a node to int8, or to why it is not.
    """
    inside = {_origin(name) for name in weighted_in_int8(quantised)[0]}
    return {
        node.name: "int8" if node.name in inside else _reason(node, recipe, kept)
        for node in weighted(model)
    }


def _reason(node: NodeProto, recipe: Quantisation, kept: Mapping[str, float]) -> str:
    if node.name in kept:
        return f"INT8 leaves it {kept[node.name]:.1f} dB"
    if node.op_type not in FORMS[recipe.scheme]:
        return f"{node.op_type} has no {recipe.scheme} INT8 form"
    if node.op_type not in recipe.operators:
        return f"its card's recipe does not name {node.op_type}"
    if _is_excluded(node.name, recipe):
        return "its card excludes it"
    return "the quantiser leaves it"


def _is_excluded(name: str, recipe: Quantisation) -> bool:
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in recipe.exclude)


def _origin(name: str) -> str:
    for suffix in _MADE:
        name = name.removesuffix(suffix)
    return name
