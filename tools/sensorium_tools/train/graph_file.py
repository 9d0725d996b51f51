"""A trained network's nodes and weights as the bytes of an ONNX file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from onnx import helper, numpy_helper

from sensorium_tools.convert.graph_builder import IR_VERSION, OPSET

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray
    from onnx import NodeProto, ValueInfoProto


def written(
    name: str, nodes: Sequence[NodeProto], given: ValueInfoProto, made: ValueInfoProto,
    constants: Mapping[str, NDArray[np.generic]], metadata: Mapping[str, str],
) -> bytes:
    """The file; the same of the same on any machine.

    Args:
        name: Of the graph.
        nodes: In order; each is named after its first output.
        given: The input.
        made: The output.
        constants: Weights by name.
        metadata: What travels with it.
    """
    for one in nodes:
        one.name = one.output[0]
    graph = helper.make_graph(
        nodes, name, [given], [made],
        [numpy_helper.from_array(np.ascontiguousarray(values), key)
         for key, values in constants.items()],
    )
    model = helper.make_model(
        graph, producer_name="sensorium-engines",
        opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION,
    )
    helper.set_model_props(model, dict(metadata))
    data: bytes = model.SerializeToString(deterministic=True)
    return data
