"""A head as an ONNX file, with what the sense must know of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from sensorium.perception.speech_embedding import WIDTH
from sensorium.perception.wake_trigger import WINDOW
from sensorium.perception.wake_word import INPUT, OUTPUT
from sensorium_tools.convert.graph_builder import IR_VERSION, OPSET
from sensorium_tools.train.network import CHANNELS, TAPS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sensorium_tools.train.network import Array, Weights


def onnx_file(weights: Weights, about: Mapping[str, str]) -> bytes:
    """The file: embeddings [1, 16, 96] to a probability [1, 1].

    Args:
        weights: Those that take embeddings as they are; see `network.folded`.
        about: Its metadata.
    """
    constants = {
        "conv1.weight": _kernel(weights["conv1"], WIDTH), "conv1.bias": weights["conv1.bias"],
        "conv2.weight": _kernel(weights["conv2"], CHANNELS), "conv2.bias": weights["conv2.bias"],
        "dense.weight": weights["dense"], "dense.bias": weights["dense.bias"],
        "out.weight": weights["out"], "out.bias": weights["out.bias"],
        "flat": np.array([1, -1], np.int64),
    }
    node = helper.make_node
    nodes = [
        node("Transpose", [INPUT], ["wide"], perm=[0, 2, 1]),
        node("Conv", ["wide", "conv1.weight", "conv1.bias"], ["one"], kernel_shape=[TAPS]),
        node("Relu", ["one"], ["one.active"]),
        node("Conv", ["one.active", "conv2.weight", "conv2.bias"], ["two"], kernel_shape=[TAPS]),
        node("Relu", ["two"], ["two.active"]),
        node("Transpose", ["two.active"], ["two.steps"], perm=[0, 2, 1]),
        node("Reshape", ["two.steps", "flat"], ["two.flat"]),
        node("Gemm", ["two.flat", "dense.weight", "dense.bias"], ["dense"]),
        node("Relu", ["dense"], ["dense.active"]),
        node("Gemm", ["dense.active", "out.weight", "out.bias"], ["logit"]),
        node("Sigmoid", ["logit"], [OUTPUT]),
    ]
    for one in nodes:
        one.name = one.output[0]
    graph = helper.make_graph(
        nodes, "wake_word",
        [helper.make_tensor_value_info(INPUT, TensorProto.FLOAT, [1, WINDOW, WIDTH])],
        [helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, [1, 1])],
        [numpy_helper.from_array(np.ascontiguousarray(value), name)
         for name, value in constants.items()],
    )
    model = helper.make_model(
        graph, producer_name="sensorium-engines",
        opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION,
    )
    helper.set_model_props(model, dict(about))
    made: bytes = model.SerializeToString(deterministic=True)
    return made


def _kernel(weight: Array, wide: int) -> Array:
    """[taps * in, out] to ONNX's [out, in, taps]."""
    return weight.reshape(TAPS, wide, -1).transpose(2, 1, 0)
