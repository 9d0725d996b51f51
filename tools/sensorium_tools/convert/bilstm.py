"""A Keras text classifier (embedding, bidirectional LSTMs, one dense layer) to ONNX.

Weights are read from the SavedModel's checkpoint. Keras keeps an LSTM's gates in the order input,
forget, cell, output; ONNX wants input, output, forget, cell.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np

from sensorium.errors import EngineError
from sensorium.inference.text_metadata import WORDS
from sensorium_tools.convert.keras_tokenizer import read_words
from sensorium_tools.convert.network import Network
from sensorium_tools.convert.onnx_graph import check
from sensorium_tools.convert.tensor_bundle import TensorBundle

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sensorium.inference.card import Card

_GATES = (0, 3, 1, 2)
"""Where each of ONNX's gates stands among Keras's."""
_VALUE = "/.ATTRIBUTES/VARIABLE_VALUE"


def convert(card: Card, weights: Sequence[bytes]) -> bytes:
    """See `convert.Converter`.

    Weights: variables.index, variables.data-00000-of-00001 and tokenizer.pickle. The sizes and
    the number of LSTMs are those of the checkpoint; activations are Keras's own (tanh, sigmoid),
    the last one is a softmax.
    """
    if len(weights) != 3:
        raise EngineError(
            f"{card.name}: the converter bilstm takes variables.index, its data file and "
            f"tokenizer.pickle, not {len(weights)} files"
        )
    if len(card.inputs) != 1 or len(card.outputs) != 1 or len(card.outputs[0].shape) != 2:
        raise EngineError(
            f"{card.name}: the converter bilstm makes one input [1, tokens] and one output "
            f"[1, classes]"
        )
    vocabulary = read_words(weights[2], card.name)
    bundle = TensorBundle(weights[0], weights[1], card.name)
    network = Network(card)
    _write(card, network, bundle, len(vocabulary["words"]) + 1)
    network.metadata[WORDS] = json.dumps(vocabulary, ensure_ascii=False)
    data = network.serialise()
    check(card, data)
    return data


def _write(card: Card, network: Network, bundle: TensorBundle, words: int) -> None:
    table = bundle.take(f"layer_with_weights-0/embeddings{_VALUE}", None, None)
    if table.shape[0] < words:
        raise EngineError(
            f"{card.name}: {words} words, but the table holds {table.shape[0]}: the files are not "
            f"of one model"
        )
    classes = card.outputs[0].shape[-1]
    if not isinstance(classes, int):
        raise EngineError(f"{card.name}: the number of classes is {classes}, must be fixed")
    rows = network.node("Gather", network.constant(table, "words"), card.inputs[0].name)
    steps = network.node("Transpose", rows, perm=[1, 0, 2])
    layers = _layers(bundle)
    width = table.shape[1]
    for number in range(layers):
        steps, width = _lstm(network, bundle, number, steps, width, number == layers - 1)
    kernel = bundle.take(f"layer_with_weights-{layers + 1}/kernel{_VALUE}", width, classes)
    bias = bundle.take(f"layer_with_weights-{layers + 1}/bias{_VALUE}", classes)
    scores = network.node(
        "Gemm", steps, network.constant(kernel, "dense"), network.constant(bias)
    )
    network.node("Softmax", scores, axis=-1, output=card.outputs[0].name)


def _layers(bundle: TensorBundle) -> int:
    """How many LSTMs stand between the table and the dense layer."""
    layers = 0
    while _variable(layers, 0) in bundle and _variable(layers, 5) in bundle:
        layers += 1
    if not layers:
        raise EngineError(f"{bundle.name}: the checkpoint has no bidirectional LSTM")
    return layers


def _variable(layer: int, place: int) -> str:
    """Name of one of a layer's six: kernel, recurrent kernel and bias forward, then backward."""
    return f"trainable_variables/{1 + 6 * layer + place}{_VALUE}"


def _lstm(
    network: Network, bundle: TensorBundle, number: int, steps: str, width: int, is_last: bool
) -> tuple[str, int]:
    """Writes one LSTM in both directions.

    Returns:
        Its result, float [tokens, 1, 2 * units] or, for the last, [1, 2 * units]; and 2 * units.
    """
    units = bundle.take(_variable(number, 1), None, None).shape[0]
    kernels, recurrents, biases = [], [], []
    for place in (0, 3):
        kernel = bundle.take(_variable(number, place), width, 4 * units)
        recurrent = bundle.take(_variable(number, place + 1), units, 4 * units)
        bias = bundle.take(_variable(number, place + 2), 4 * units)
        kernels.append(_gates(kernel.T))
        recurrents.append(_gates(recurrent.T))
        # ONNX adds two biases, one for each product.
        biases.append(np.concatenate((_gates(bias), np.zeros_like(bias))))
    name = f"lstm{number}"
    inputs = (
        steps,
        network.constant(np.stack(kernels), f"{name}/kernel"),
        network.constant(np.stack(recurrents), f"{name}/recurrent"),
        network.constant(np.stack(biases), f"{name}/bias"),
    )
    attributes = {"direction": "bidirectional", "hidden_size": units}
    if is_last:
        states = network.node("LSTM", *inputs, place=1, **attributes)
        turned = network.node("Transpose", states, perm=[1, 0, 2])
        return network.node("Reshape", turned, network.sizes(1, 2 * units)), 2 * units
    states = network.node("LSTM", *inputs, **attributes)
    turned = network.node("Transpose", states, perm=[0, 2, 1, 3])
    return network.node("Reshape", turned, network.sizes(0, 0, 2 * units)), 2 * units


def _gates(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Keras's four gates, along the first axis, in ONNX's order."""
    parts = np.split(values, 4)
    return np.concatenate([parts[place] for place in _GATES])
