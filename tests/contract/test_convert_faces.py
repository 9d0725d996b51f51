"""The face engines compute what Google's own interpreter computes on the original files."""

from __future__ import annotations

import contextlib

import numpy as np
import onnx
import onnxruntime
import pytest
from fixtures import engines

from sensorium.errors import EngineError
from sensorium.inference import store
from sensorium_tools.convert import converter

NAMES = ("face-detector", "face-landmarks", "face-blendshapes")
FINE = {"face-detector": 2e-3, "face-landmarks": 2e-3, "face-blendshapes": 1e-5}
"""Largest difference: of regressors and points in pixels, of weights in shares."""


def feeds(name: str, count: int):
    """Patches of colour as pictures have them; for the blendshapes points of a face's size."""
    noise = np.random.default_rng(8)
    for _ in range(count):
        if name == "face-blendshapes":
            yield noise.normal(300, noise.uniform(5, 80), (1, 146, 2)).astype(np.float32)
            continue
        side = 128 if name == "face-detector" else 256
        coarse = noise.random((1, side // 16, side // 16, 3)).repeat(16, 1).repeat(16, 2)
        image = np.clip(coarse + noise.normal(0, 0.05, (1, side, side, 3)), 0, 1)
        yield (image * 2 - 1 if name == "face-detector" else image).astype(np.float32)


@pytest.mark.parametrize("name", NAMES)
def test_results_are_those_of_litert(name: str) -> None:
    interpreter = pytest.importorskip("ai_edge_litert.interpreter", exc_type=ImportError)
    theirs = interpreter.Interpreter(model_content=engines.weights(name)[0])
    theirs.allocate_tensors()
    ours = onnxruntime.InferenceSession(
        engines.graph(name), providers=["CPUExecutionProvider"]
    )
    port = ours.get_inputs()[0].name
    worst = 0.0
    for values in feeds(name, 8):
        theirs.set_tensor(theirs.get_input_details()[0]["index"], values)
        theirs.invoke()
        expected = [theirs.get_tensor(port["index"]) for port in theirs.get_output_details()]
        for one, other in zip(ours.run(None, {port: values}), expected, strict=True):
            assert one.shape == other.shape
            worst = max(worst, float(np.abs(one - other).max()))
    print(f"{name}: largest difference {worst:.1e}")
    assert worst < FINE[name]


@pytest.mark.parametrize(("name", "most"), [("face-detector", 5), ("face-landmarks", 4)])
def test_pictures_are_turned_only_where_they_come_in_and_go_out(name: str, most: int) -> None:
    kinds = [node.op_type for node in onnx.load_from_string(engines.graph(name)).graph.node]
    assert kinds.count("Transpose") <= most
    assert "PRelu" not in kinds


@pytest.mark.parametrize("name", NAMES)
def test_weights_are_float32_constants(name: str) -> None:
    graph = onnx.load_from_string(engines.graph(name)).graph
    assert {tensor.data_type for tensor in graph.initializer} <= {
        onnx.TensorProto.FLOAT, onnx.TensorProto.INT64
    }
    assert not {"Cast", "DequantizeLinear"} & {node.op_type for node in graph.node}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("seed", range(10))
def test_a_garbled_file_is_an_engine_error_or_another_model(name: str, seed: int) -> None:
    noise = np.random.default_rng(seed)
    data = bytearray(engines.weights(name)[0])
    # Tables stand at the ends of these files, numbers in the middle.
    places = np.concatenate([np.arange(8, 2000), np.arange(len(data) - 60_000, len(data))])
    for place in noise.choice(places, 12):
        data[place] = noise.integers(0, 256)
    card = store.find_card(name)
    with contextlib.suppress(EngineError):
        converter("tflite")(card, [bytes(data)])


@pytest.mark.parametrize("name", NAMES)
def test_a_file_that_is_cut_off_says_so(name: str) -> None:
    data = engines.weights(name)[0]
    for length in (0, 4, 100, len(data) // 2):
        with pytest.raises(EngineError) as caught:
            converter("tflite")(store.find_card(name), [data[:length]])
        assert name in caught.value.message
