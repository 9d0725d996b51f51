"""Takes an ONNX file as it is, after checking that it is what the card says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import onnx

from sensorium.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sensorium.inference.card import Card, Port

CONTROL_FLOW = ("If", "Loop", "Scan")
"""Operators whose graph is not fixed: slower on the CPU, and refused by other backends."""


def convert(card: Card, weights: Sequence[bytes]) -> bytes:
    """See `convert.Converter`: one file, whose bytes are not changed."""
    if len(weights) != 1:
        raise EngineError(f"{card.name}: the converter onnx takes one file, not {len(weights)}")
    check(card, weights[0])
    return weights[0]


def check(card: Card, data: bytes) -> None:
    """Checks an ONNX file against the standard and against a card.

    Raises:
        EngineError: When it is damaged, has control flow, operators of another domain or data
            in other files, or other inputs and outputs than the card states.
    """
    try:
        model = onnx.load_from_string(data)
        onnx.checker.check_model(model, full_check=True)
    except Exception as error:
        first = str(error).strip().partition("\n")[0]
        raise EngineError(f"{card.name}: not an ONNX model: {first}") from error
    for node in model.graph.node:
        if node.op_type in CONTROL_FLOW:
            raise EngineError(f"{card.name}: the graph has the operator {node.op_type}")
        if node.domain not in ("", "ai.onnx"):
            raise EngineError(f"{card.name}: {node.domain}.{node.op_type} is not a standard one")
    _check_ports(card, "input", card.inputs, model.graph.input)
    _check_ports(card, "output", card.outputs, model.graph.output)


def _check_ports(card: Card, what: str, ports: tuple[Port, ...], values: Sequence[Any]) -> None:
    said = [(port.name, port.shape) for port in ports]
    found = [
        (
            value.name,
            tuple(size.dim_param or size.dim_value for size in value.type.tensor_type.shape.dim),
        )
        for value in values
    ]
    if said != found:
        raise EngineError(f"{card.name}: the card states the {what}s {said}, the graph has {found}")
