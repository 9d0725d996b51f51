"""Converts TFLite files to one ONNX graph, without TensorFlow."""

from __future__ import annotations

import json
import struct
from typing import TYPE_CHECKING

from onnx import TensorProto, helper

from sensorium.errors import EngineError
from sensorium_tools.convert import onnx_graph
from sensorium_tools.convert.onnx_writer import OnnxWriter
from sensorium_tools.convert.simplify import simplify
from sensorium_tools.convert.tflite_model import read
from sensorium_tools.convert.tflite_ops import emit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from onnx import ValueInfoProto

    from sensorium.inference.card import Card
    from sensorium.inference.card_tables import Port
    from sensorium_tools.convert.tflite_model import TfliteGraph

OPSET = 18
IR_VERSION = 10


def convert(card: Card, weights: Sequence[bytes]) -> bytes:
    """See `convert.Converter`: the outputs of each file are, in order, the inputs of the next.

    An input of the first file that none of its operators reads is left out, so that a caller
    need not compute it.
    """
    nodes, constants = [], []
    given: list[str] = []
    for place, data in enumerate(weights):
        name = f"{card.name}/{place}"
        graph = read(data, name)
        inputs = _inputs(card, graph) if place == 0 else _chain(name, graph, given)
        last = place == len(weights) - 1
        given = (
            [port.name for port in card.outputs]
            if last
            else [f"{name}/out{index}" for index in range(len(graph.outputs))]
        )
        if len(given) != len(graph.outputs):
            raise EngineError(
                f"{name}: has {len(graph.outputs)} outputs, the card states {len(given)}"
            )
        writer = OnnxWriter(name, graph, {**inputs, **dict(zip(graph.outputs, given, strict=True))})
        _write(writer, graph)
        nodes += writer.nodes
        constants += writer.constants
    made = helper.make_graph(
        nodes,
        card.name,
        [_value(port) for port in card.inputs],
        [_value(port) for port in card.outputs],
        constants,
    )
    model = helper.make_model(
        made,
        producer_name="sensorium-engines",
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
    )
    helper.set_model_props(model, {"labels": json.dumps(card.engine.labels)})
    serialised: bytes = simplify(model).SerializeToString(deterministic=True)
    onnx_graph.check(card, serialised)
    return serialised


def _write(writer: OnnxWriter, graph: TfliteGraph) -> None:
    """Writes all operators; what a damaged file makes of their options is an error of its."""
    try:
        for operator in graph.operators:
            emit(writer, operator)
        writer.finish(graph.outputs)
    except (
        struct.error, IndexError, ValueError, TypeError, AttributeError, KeyError, OverflowError,
        MemoryError,
    ) as error:
        raise EngineError(
            f"{writer.name}: a damaged TFLite file: {str(error)[:200]}", "fetch the file again"
        ) from error


def _inputs(card: Card, graph: TfliteGraph) -> dict[int, str]:
    """Index to name of the inputs that are read: by order the card's, of the same shapes."""
    read_indices = {index for operator in graph.operators for index in operator.inputs}
    indices = [index for index in graph.inputs if index in read_indices]
    found = [(graph.tensors[index].name, graph.tensors[index].shape) for index in indices]
    stated = [(port.name, port.shape) for port in card.inputs]
    if [shape for _, shape in found] != [shape for _, shape in stated]:
        raise EngineError(
            f"{card.name}: the card states the inputs {stated}, the file reads {found}"
        )
    return {index: port.name for index, port in zip(indices, card.inputs, strict=True)}


def _chain(name: str, graph: TfliteGraph, given: Sequence[str]) -> dict[int, str]:
    if len(given) != len(graph.inputs):
        raise EngineError(
            f"{name}: takes {len(graph.inputs)} inputs, the file before it gives {len(given)}"
        )
    return dict(zip(graph.inputs, given, strict=True))


def _value(port: Port) -> ValueInfoProto:
    return helper.make_tensor_value_info(port.name, TensorProto.FLOAT, port.shape)
