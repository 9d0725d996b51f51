"""Brings an fp32 graph into the form that is quantised: constants folded, every node named."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import onnx
import onnxruntime

from sensorium.errors import EngineError
from sensorium.inference.onnxruntime_engine import PROVIDER, session_options

if TYPE_CHECKING:
    from onnx import ModelProto


def prepare(name: str, data: bytes) -> ModelProto:
    """The graph with batch norms and constants folded, in standard operators.

    Args:
        name: Of the engine, in messages.
        data: The serialised graph.

    Raises:
        EngineError: When ONNX Runtime refuses it.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "prepared.onnx"
        options = session_options(1)
        # Basic optimisations are the ones that use no operators of ONNX Runtime's own.
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
        options.optimized_model_filepath = str(path)
        try:
            onnxruntime.InferenceSession(data, options, providers=[PROVIDER])
        except Exception as error:
            first = str(error).strip().partition("\n")[0]
            raise EngineError(f"{name}: ONNX Runtime refuses the graph: {first}") from error
        model = onnx.load(path)
    taken = {node.name for node in model.graph.node}
    for place, node in enumerate(model.graph.node):
        if not node.name:
            node.name = f"{node.op_type}_{place}"
            while node.name in taken:
                node.name += "_"
            taken.add(node.name)
    return onnx.shape_inference.infer_shapes(model)
