"""The trained network as an ONNX file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from sensorium.perception.viseme import INPUT, OUTPUT, SPAN
from sensorium.perception.viseme_features import BANDS
from sensorium.records.voice import VISEME_FRAMES, VISEMES
from sensorium_tools.convert.graph_builder import IR_VERSION, OPSET
from sensorium_tools.train.viseme_network import LAYERS

if TYPE_CHECKING:
    from sensorium_tools.train.viseme_network import Network


def onnx_file(network: Network) -> bytes:
    """The file: frames [1, 24 + 4, bands] to chances [1, 4, 15].

    The same weights give the same bytes.
    """
    constants = {}
    for at, (weight, bias) in enumerate(zip(network.weights, network.biases, strict=True)):
        taps = LAYERS[at][0] if at < len(LAYERS) else 1
        # [taps * in, out] to ONNX's [out, in, taps].
        shaped = weight.reshape(taps, -1, weight.shape[1]).transpose(2, 1, 0)
        constants[f"layer{at}.weight"] = np.ascontiguousarray(shaped)
        constants[f"layer{at}.bias"] = bias
    node = helper.make_node
    nodes = [node("Transpose", [INPUT], ["bands"], perm=[0, 2, 1])]
    now = "bands"
    left = SPAN + VISEME_FRAMES
    for at, (taps, apart) in enumerate(LAYERS):
        reach = (taps - 1) * apart
        left -= reach
        made = f"layer{at}"
        nodes += [
            node("Conv", [now, f"{made}.weight", f"{made}.bias"], [f"{made}.sum"],
                 kernel_shape=[taps], dilations=[apart]),
            node("Relu", [f"{made}.sum"], [f"{made}.active"]),
        ]
        if at:
            constants[f"{made}.from"] = np.array([reach // 2], np.int64)
            constants[f"{made}.to"] = np.array([reach // 2 + left], np.int64)
            nodes += [
                node("Slice", [now, f"{made}.from", f"{made}.to", "time"], [f"{made}.heard"]),
                node("Add", [f"{made}.active", f"{made}.heard"], [f"{made}.added"]),
            ]
        now = f"{made}.added" if at else f"{made}.active"
    constants["time"] = np.array([2], np.int64)
    last = f"layer{len(LAYERS)}"
    nodes += [
        node("Conv", [now, f"{last}.weight", f"{last}.bias"], ["scores"], kernel_shape=[1]),
        node("Transpose", ["scores"], ["score.frames"], perm=[0, 2, 1]),
        node("Softmax", ["score.frames"], [OUTPUT], axis=-1),
    ]
    for one in nodes:
        one.name = one.output[0]
    graph = helper.make_graph(
        nodes, "viseme",
        [helper.make_tensor_value_info(
            INPUT, TensorProto.FLOAT, [1, SPAN + VISEME_FRAMES, BANDS])],
        [helper.make_tensor_value_info(
            OUTPUT, TensorProto.FLOAT, [1, VISEME_FRAMES, len(VISEMES)])],
        [numpy_helper.from_array(values, name) for name, values in constants.items()],
    )
    model = helper.make_model(
        graph, producer_name="sensorium-engines",
        opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION,
    )
    made_bytes: bytes = model.SerializeToString(deterministic=True)
    return made_bytes
