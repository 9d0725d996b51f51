"""The trained network as an ONNX file."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from onnx import TensorProto, helper

from sensorium_tools.train import graph_file

if TYPE_CHECKING:
    from sensorium_tools.train.temporal_network import Network


class Ports(NamedTuple):
    """What the file is called, and its input and output.

    Attributes:
        name: Of the graph.
        input: [1, span + frames, inputs].
        output: [1, frames, classes], chances.
        frames: That are told in a run.
    """

    name: str
    input: str
    output: str
    frames: int


def onnx_file(network: Network, ports: Ports) -> bytes:
    """The file of a network.

    The same weights give the same bytes.
    """
    layers, classes = network.shape.layers, network.shape.classes
    heard = network.shape.span + ports.frames
    constants = {}
    for at, (weight, bias) in enumerate(zip(network.weights, network.biases, strict=True)):
        taps = layers[at][0] if at < len(layers) else 1
        # [taps * in, out] to ONNX's [out, in, taps].
        shaped = weight.reshape(taps, -1, weight.shape[1]).transpose(2, 1, 0)
        constants[f"layer{at}.weight"] = np.ascontiguousarray(shaped)
        constants[f"layer{at}.bias"] = bias
    node = helper.make_node
    nodes = [node("Transpose", [ports.input], ["bands"], perm=[0, 2, 1])]
    now = "bands"
    left = heard
    for at, (taps, apart) in enumerate(layers):
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
    last = f"layer{len(layers)}"
    nodes += [
        node("Conv", [now, f"{last}.weight", f"{last}.bias"], ["scores"], kernel_shape=[1]),
        node("Transpose", ["scores"], ["score.frames"], perm=[0, 2, 1]),
        node("Softmax", ["score.frames"], [ports.output], axis=-1),
    ]
    return graph_file.written(
        ports.name, nodes,
        helper.make_tensor_value_info(
            ports.input, TensorProto.FLOAT, [1, heard, network.shape.inputs]
        ),
        helper.make_tensor_value_info(ports.output, TensorProto.FLOAT, [1, ports.frames, classes]),
        constants, {},
    )
