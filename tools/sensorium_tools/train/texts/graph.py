"""A fitted classifier as an ONNX file: logits that are already divided by the temperature."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import onnxruntime
from onnx import TensorProto, helper

from sensorium.errors import EngineError
from sensorium.inference.text_metadata import WORDS
from sensorium.perception.text_classifier import EMBEDDING, LOGITS
from sensorium_tools.train import graph_file

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray
    from onnx import NodeProto, ValueInfoProto

    Array = NDArray[np.float32]

TOKENS = "tokens"
"""The axis of an LSTM's input."""
_TOLERANCE = 1e-4


def of_lstm(parameters: Sequence[Array], temperature: float, words: str) -> bytes:
    """Words [1, tokens] to logits [1, classes].

    Args:
        parameters: Those of `lstm.Lstm`, in its order.
        temperature: The last layer is divided by it.
        words: The word list, which travels with the graph.
    """
    table, into, recurrent, bias, out, out_bias = parameters
    node = helper.make_node
    constants: dict[str, NDArray[np.generic]] = {
        "table": table, "input": into.T[None], "recurrent": recurrent.T[None],
        # ONNX has a second bias, of the recurrent half.
        "bias": np.concatenate((bias, np.zeros_like(bias)))[None],
        "flat": np.array([1, -1, recurrent.shape[0]], np.int64), "time": np.array([1], np.int64),
        **_last(out, out_bias, temperature),
    }
    nodes = [
        node("Gather", ["table", WORDS], ["rows"]),
        node("Transpose", ["rows"], ["steps"], perm=[1, 0, 2]),
        node("LSTM", ["steps", "input", "recurrent", "bias"], ["states"],
             hidden_size=recurrent.shape[0]),
        node("Reshape", ["states", "flat"], ["path"]),
        node("ReduceMax", ["path", "time"], ["text"], keepdims=0),
        node("Gemm", ["text", "out", "out.bias"], [LOGITS]),
    ]
    given = helper.make_tensor_value_info(WORDS, TensorProto.INT64, [1, TOKENS])
    return _file("text-lstm", nodes, given, constants, len(out_bias), {WORDS: words})


def of_head(parameters: Sequence[Array], temperature: float) -> bytes:
    """A sentence embedding [1, width] to logits [1, classes]; see `of_lstm`."""
    dense, bias, out, out_bias = parameters
    node = helper.make_node
    nodes = [
        node("Gemm", [EMBEDDING, "dense", "dense.bias"], ["hidden"]),
        node("Relu", ["hidden"], ["active"]),
        node("Gemm", ["active", "out", "out.bias"], [LOGITS]),
    ]
    given = helper.make_tensor_value_info(EMBEDDING, TensorProto.FLOAT, [1, len(dense)])
    constants = {"dense": dense, "dense.bias": bias, **_last(out, out_bias, temperature)}
    return _file("text-head", nodes, given, constants, len(out_bias), {})


def check(data: bytes, feeds: Sequence[NDArray[np.generic]], wanted: NDArray[np.float64]) -> None:
    """Holds a file against the network that was fitted.

    Args:
        data: The file.
        feeds: One input each.
        wanted: [feeds, classes], the network's logits divided by the temperature.

    Raises:
        EngineError: When they differ.
    """
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    made = np.concatenate([np.asarray(session.run([LOGITS], {name: feed})[0]) for feed in feeds])
    apart = float(np.abs(made - wanted).max() / max(1.0, float(np.abs(wanted).max())))
    if apart > _TOLERANCE:
        raise EngineError(
            f"the exported graph is {apart:.1e} apart from the network that was trained",
            "another version of onnxruntime may compute it rightly",
        )


def _last(out: Array, bias: Array, temperature: float) -> dict[str, Array]:
    divisor = np.float32(temperature)
    return {"out": out / divisor, "out.bias": bias / divisor}


def _file(
    name: str, nodes: Sequence[NodeProto], given: ValueInfoProto,
    constants: Mapping[str, NDArray[np.generic]], classes: int, metadata: Mapping[str, str],
) -> bytes:
    made = helper.make_tensor_value_info(LOGITS, TensorProto.FLOAT, [1, classes])
    return graph_file.written(name, nodes, given, made, constants, metadata)
