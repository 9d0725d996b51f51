"""Takes an ONNX file as it is, or with its free sizes set to what the card says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import onnx

from sensorium.errors import EngineError
from sensorium_tools.convert.graph_rules import check_rules
from sensorium_tools.convert.onnx_shapes import impose

if TYPE_CHECKING:
    from collections.abc import Sequence

    from onnx import ModelProto

    from sensorium.inference.card import Card
    from sensorium.inference.card_tables import Port


def convert(card: Card, weights: Sequence[bytes]) -> bytes:
    """See `convert.Converter`: one file.

    Its bytes are not changed where its shapes are the card's, or the card states none. Else the
    card's shapes are imposed on it, and what is no part of the function (documentation, metadata)
    is left out.
    """
    if len(weights) != 1:
        raise EngineError(f"{card.name}: the converter onnx takes one file, not {len(weights)}")
    data = weights[0]
    model = _load(card, data)
    if not card.inputs:
        check_rules(card.name, model)
        return data
    if not _matches(card.inputs, model.graph.input) or not _matches(
        card.outputs, model.graph.output
    ):
        check_rules(card.name, model)
        data = impose(card, model).SerializeToString(deterministic=True)
    check(card, data)
    return data


def check(card: Card, data: bytes) -> None:
    """Checks an ONNX file against the standard and against a card.

    Raises:
        EngineError: When it is damaged, has control flow, operators of another domain, an
            unsupported opset, weights that are not finite or in other files, sizes that vary
            without an axis in the card, or other inputs and outputs than the card states.
    """
    model = _load(card, data)
    check_rules(card.name, model)
    _check_ports(card, "input", card.inputs, model.graph.input)
    _check_ports(card, "output", card.outputs, model.graph.output)


def _load(card: Card, data: bytes) -> ModelProto:
    try:
        model = onnx.load_from_string(data)
        onnx.checker.check_model(model, full_check=True)
    except Exception as error:
        first = str(error).strip().partition("\n")[0]
        raise EngineError(
            f"{card.name}: not an ONNX model, or damaged: {first}", "fetch or export it again"
        ) from error
    return model


def _matches(ports: tuple[Port, ...], values: Sequence[Any]) -> bool:
    return [(port.name, port.shape) for port in ports] == [
        (value.name, sizes(value)) for value in values
    ]


def sizes(value: Any) -> tuple[int | str, ...]:
    """The shape of an input or output: sizes, names of axes, "?" where it says nothing."""
    return tuple(
        size.dim_value if size.HasField("dim_value") else size.dim_param or "?"
        for size in value.type.tensor_type.shape.dim
    )


def _check_ports(card: Card, what: str, ports: tuple[Port, ...], values: Sequence[Any]) -> None:
    known = {axis.name for axis in card.axes}
    for value in values:
        unnamed = [size for size in sizes(value) if isinstance(size, str) and size not in known]
        if unnamed:
            raise EngineError(
                f"{card.name}: the {what} {value.name} is {sizes(value)}: dynamic shapes without "
                f"a profile",
                f"write [[axes]] with their min, typical and max, or a fixed size for "
                f"{', '.join(unnamed)}",
            )
    if not _matches(ports, values):
        said = [(port.name, port.shape) for port in ports]
        found = [(value.name, sizes(value)) for value in values]
        raise EngineError(f"{card.name}: the card states the {what}s {said}, the graph has {found}")
