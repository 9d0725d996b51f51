"""Converts a Keras HDF5 model (.h5, .hdf5) to ONNX; its lambdas and pickles are never read."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np

from sensorium.errors import EngineError
from sensorium_tools.convert.graph_builder import GraphBuilder
from sensorium_tools.convert.keras_layers import LAYERS, Tensor, Weights

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sensorium.inference.card import Card

_MAX_NUMBERS = 1 << 28
_REMEDY = "check that it is a functional Keras model saved as HDF5, or fetch it again"


@dataclass(frozen=True)
class _Layer:
    """One layer of the configuration.

    Attributes:
        name: Unique.
        kind: Its class.
        options: What the class was made with.
        inputs: Names of the layers that it reads.
    """

    name: str
    kind: str
    options: dict[str, Any]
    inputs: tuple[str, ...]


def convert(card: Card, weights: Sequence[bytes]) -> bytes:
    """See `convert.Converter`: one HDF5 file; pictures keep Keras's order, channels last."""
    if len(weights) != 1:
        raise EngineError(f"{card.name}: the converter keras takes one file, not {len(weights)}")
    where = f"{card.name}: {card.weights[0].name}"
    try:
        with h5py.File(io.BytesIO(weights[0]), "r") as file:
            layers, result = _layers(file)
            group = file["model_weights"]
            if not isinstance(group, h5py.Group):
                raise EngineError("model_weights is not a group")
            numbers = {layer.name: _numbers(group, layer.name) for layer in layers}
        return _graph(card, layers, result, numbers)
    except EngineError as error:
        raise EngineError(f"{where}: {error.message}", error.remedy or _REMEDY) from error
    except (
        OSError, KeyError, ValueError, TypeError, AttributeError, RuntimeError, IndexError,
        OverflowError, MemoryError, RecursionError,
    ) as error:
        raise EngineError(
            f"{where}: a damaged Keras file: {str(error)[:200]}", _REMEDY
        ) from error


def _layers(file: h5py.File) -> tuple[list[_Layer], str]:
    """The layers in an order in which they can run, and the name of the last."""
    if "model_config" not in file.attrs or "model_weights" not in file:
        raise EngineError("not a whole Keras model: model_config or model_weights is missing")
    text: Any = file.attrs["model_config"]
    config = json.loads(text)["config"]
    made = []
    for entry in config["layers"]:
        nodes = entry["inbound_nodes"]
        if len(nodes) > 1:
            raise EngineError(f"the layer {entry['name']} is used {len(nodes)} times")
        inputs = tuple(str(node[0]) for node in nodes[0]) if nodes else ()
        made.append(_Layer(str(entry["name"]), str(entry["class_name"]), entry["config"], inputs))
    outputs = config["output_layers"]
    if len(outputs) != 1 or len(config["input_layers"]) != 1:
        raise EngineError("can convert one input and one output")
    return made, str(outputs[0][0])


def _numbers(group: h5py.Group, layer: str) -> dict[str, NDArray[np.float32]]:
    """The weights of a layer by the last word of their names, as `kernel`."""
    found: dict[str, NDArray[np.float32]] = {}
    inside = group[layer]
    if not isinstance(inside, h5py.Group):
        raise EngineError(f"{layer} is not a group")
    names: Any = inside.attrs["weight_names"]
    for raw in names:
        name = raw.decode() if isinstance(raw, bytes) else str(raw)
        data: Any = inside[name]
        if not isinstance(data, h5py.Dataset) or data.external or data.is_virtual:
            raise EngineError(f"{name} is not a plain array of this file")
        if data.dtype != np.float32 or int(data.size or 0) > _MAX_NUMBERS:
            raise EngineError(f"{name} is {data.size} numbers of {data.dtype}")
        found[name.rpartition("/")[2].partition(":")[0]] = data[()]
    return found


def _graph(
    card: Card, layers: list[_Layer], result: str, numbers: dict[str, dict[str, NDArray[Any]]]
) -> bytes:
    graph = GraphBuilder(card)
    port = card.inputs[0]
    made: dict[str, Tensor] = {}
    normalised = _foldable(layers)
    for layer in layers:
        if layer.kind == "InputLayer":
            if tuple(layer.options["batch_input_shape"][1:]) != port.shape[1:]:
                raise EngineError(
                    f"the input is {layer.options['batch_input_shape']}, the card states "
                    f"{port.shape}"
                )
            _, height, width, channels = card.sizes(port)
            turned = graph.node("Transpose", [port.name], "channels_first", perm=[0, 3, 1, 2])
            made[layer.name] = Tensor(turned, (channels, height, width))
            continue
        if layer.name in normalised.values():
            made[layer.name] = made[layer.inputs[0]]
            continue
        if layer.kind not in LAYERS:
            raise EngineError(
                f"the layer {layer.name} is a {layer.kind}, which has no conversion",
                "add a function for it to sensorium_tools/convert/keras_layers.py",
            )
        norm = normalised.get(layer.name)
        weights = Weights(layer.name, numbers[layer.name], layer.options)
        if norm is not None:
            options = next(each.options for each in layers if each.name == norm)
            weights = weights.normalised(Weights(norm, numbers[norm], options))
        made[layer.name] = LAYERS[layer.kind](
            graph, weights, [made[name] for name in layer.inputs]
        )
    return graph.finish([made[result].name])


def _foldable(layers: list[_Layer]) -> dict[str, str]:
    """Convolution to the batch normalisation that alone reads it, so that it can be folded in."""
    readers: dict[str, list[_Layer]] = {}
    for layer in layers:
        for name in layer.inputs:
            readers.setdefault(name, []).append(layer)
    return {
        layer.name: readers[layer.name][0].name
        for layer in layers
        if layer.kind in ("Conv2D", "SeparableConv2D")
        and layer.options["activation"] == "linear"
        and [reader.kind for reader in readers.get(layer.name, ())] == ["BatchNormalization"]
    }
