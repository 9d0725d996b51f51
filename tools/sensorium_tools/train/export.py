"""A head as an ONNX file, with what the sense must know of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from onnx import TensorProto, helper

from sensorium.perception.speech_embedding import WIDTH
from sensorium.perception.wake_head import INPUT, OUTPUT
from sensorium.perception.wake_trigger import WINDOW
from sensorium_tools.train import graph_file
from sensorium_tools.train.network import CHANNELS, TAPS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray
    from onnx import NodeProto

    from sensorium_tools.train.network import Array, Weights


def onnx_file(heads: Sequence[Weights], about: Mapping[str, str]) -> bytes:
    """The file: embeddings [1, 16, 96] to a probability [1, 1], that of the heads' mean logit.

    Args:
        heads: Weights that take embeddings as they are; see `network.folded`.
        about: Its metadata.
    """
    constants: dict[str, Array | NDArray[np.int64]] = {"flat": np.array([1, -1], np.int64)}
    node = helper.make_node
    nodes = [node("Transpose", [INPUT], ["wide"], perm=[0, 2, 1])]
    for place, weights in enumerate(heads):
        name = f"head{place}"
        constants |= {
            f"{name}.conv1.weight": _kernel(weights["conv1"], WIDTH),
            f"{name}.conv2.weight": _kernel(weights["conv2"], CHANNELS),
            f"{name}.dense.weight": weights["dense"], f"{name}.out.weight": weights["out"],
            **{f"{name}.{key}": value for key, value in weights.items() if key.endswith(".bias")},
        }
        nodes += _head(name)
    nodes += [
        node("Mean", [f"head{place}" for place in range(len(heads))], ["logit"]),
        node("Sigmoid", ["logit"], [OUTPUT]),
    ]
    return graph_file.written(
        "wake_word", nodes,
        helper.make_tensor_value_info(INPUT, TensorProto.FLOAT, [1, WINDOW, WIDTH]),
        helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, [1, 1]),
        constants, about,
    )


def _head(name: str) -> list[NodeProto]:
    """One head, from `wide` to its logit."""

    def layer(kind: str, given: str, part: str, made: str, **how: Any) -> NodeProto:
        weights = [f"{name}.{part}.weight", f"{name}.{part}.bias"]
        return helper.make_node(kind, [given, *weights], [made], **how)

    node, one, two, dense = helper.make_node, f"{name}.one", f"{name}.two", f"{name}.hidden"
    return [
        layer("Conv", "wide", "conv1", one, kernel_shape=[TAPS]),
        node("Relu", [one], [f"{one}.active"]),
        layer("Conv", f"{one}.active", "conv2", two, kernel_shape=[TAPS]),
        node("Relu", [two], [f"{two}.active"]),
        node("Transpose", [f"{two}.active"], [f"{two}.steps"], perm=[0, 2, 1]),
        node("Reshape", [f"{two}.steps", "flat"], [f"{two}.flat"]),
        layer("Gemm", f"{two}.flat", "dense", dense),
        node("Relu", [dense], [f"{dense}.active"]),
        layer("Gemm", f"{dense}.active", "out", name),
    ]


def _kernel(weight: Array, wide: int) -> Array:
    """[taps * in, out] to ONNX's [out, in, taps]."""
    return weight.reshape(TAPS, wide, -1).transpose(2, 1, 0)
