"""The built engines compute what the original models compute, run by other programs."""

from __future__ import annotations

import contextlib
import io
import zipfile

import numpy as np
import onnx
import onnxruntime
import pytest
from fixtures import engines

from sensorium.errors import EngineError
from sensorium.inference import store
from sensorium.perception.hand_landmarks import LANDMARKS, landmarks
from sensorium_tools import hand_poses, hands
from sensorium_tools.convert import converter
from sensorium_tools.convert.onnx_writer import OnnxWriter
from sensorium_tools.convert.tflite_model import TfliteGraph, TfliteOperator, read
from sensorium_tools.convert.tflite_ops import OPERATORS, emit
from sensorium_tools.quaternion import multiply, turn

LIMIT = 1e-4


class Litert:
    """Google's own interpreter on the original files, one after the other."""

    def __init__(self, files: tuple[bytes, ...]) -> None:
        interpreter = pytest.importorskip("ai_edge_litert.interpreter", exc_type=ImportError)
        self._models = [interpreter.Interpreter(model_content=data) for data in files]
        for model in self._models:
            model.allocate_tensors()

    def scores(self, **feeds: np.ndarray) -> np.ndarray:
        first, second = self._models
        for detail in first.get_input_details():
            first.set_tensor(detail["index"], feeds[detail["name"]])
        first.invoke()
        embedding = first.get_tensor(first.get_output_details()[0]["index"])
        second.set_tensor(second.get_input_details()[0]["index"], embedding)
        second.invoke()
        return second.get_tensor(second.get_output_details()[0]["index"])


@pytest.fixture(scope="module")
def litert() -> Litert:
    return Litert(engines.weights("gesture-recognizer"))


@pytest.fixture(scope="module")
def gestures():
    engine = engines.load("gesture-recognizer")
    yield engine
    engine.close()


def test_gesture_scores_of_noise_are_those_of_litert(litert: Litert, gestures) -> None:
    noise = np.random.default_rng(1)
    errors = []
    for _ in range(300):
        hand = noise.normal(0, noise.uniform(0.05, 3), (1, LANDMARKS, 3)).astype(np.float32)
        handedness = noise.random((1, 1)).astype(np.float32)
        unused = noise.normal(size=(1, LANDMARKS, 3)).astype(np.float32)
        ours = gestures.run({"hand": hand, "handedness": handedness})["scores"]
        theirs = litert.scores(hand=hand, handedness=handedness, world_hand=unused)
        errors.append(np.abs(ours - theirs).max())
    print(f"largest error on noise: {max(errors):.1e}")
    assert max(errors) < LIMIT


def test_gesture_scores_of_hands_are_those_of_litert(litert: Litert, gestures) -> None:
    noise = np.random.default_rng(2)
    out = np.zeros((1, LANDMARKS, 3), np.float32)
    errors = []
    for pose in hand_poses.POSES.values():
        for side in (hand_poses.LEFT, hand_poses.RIGHT) * 10:
            facing = multiply(turn((0, 0, 1), noise.uniform(-180, 180)), turn((1, 0, 0), 90))
            made = hands.hand(hand_poses.vary(pose, noise, 5.0), side, orientation=tuple(facing))
            landmarks(made.positions.tolist(), side, out)
            handedness = np.full((1, 1), float(side == hand_poses.RIGHT), np.float32)
            ours = gestures.run({"hand": out, "handedness": handedness})["scores"]
            theirs = litert.scores(
                hand=out, handedness=handedness, world_hand=np.zeros_like(out)
            )
            errors.append(np.abs(ours - theirs).max())
    print(f"largest error on hands: {max(errors):.1e}")
    assert max(errors) < LIMIT


def test_the_embedder_is_the_same_in_a_mirror(gestures) -> None:
    hand = np.random.default_rng(4).normal(size=(1, LANDMARKS, 3)).astype(np.float32)
    mirrored = hand * np.float32([-1, 1, 1])
    one = gestures.run({"hand": hand, "handedness": np.float32([[0.2]])})["scores"].copy()
    other = gestures.run({"hand": mirrored, "handedness": np.float32([[0.8]])})["scores"]
    np.testing.assert_allclose(one, other, atol=1e-5)


def test_the_two_looks_at_a_hand_are_one_run_of_the_embedder() -> None:
    manifest = engines.ensure_built("gesture-recognizer")
    model = onnx.load(store.built_folder("gesture-recognizer") / manifest.file)
    layers = sum(
        operator.kind == "FULLY_CONNECTED"
        for data in engines.weights("gesture-recognizer")
        for operator in read(data, "test").operators
    )
    gemms = sum(node.op_type == "Gemm" for node in model.graph.node)
    assert (layers, gemms) == (20, 11)


def test_voice_probabilities_are_those_of_the_combined_graph() -> None:
    with zipfile.ZipFile(io.BytesIO(engines.archive("silero-vad").read_bytes())) as archive:
        combined = archive.read("silero_vad/data/silero_vad.onnx")
    original = onnxruntime.InferenceSession(combined, providers=["CPUExecutionProvider"])
    engine = engines.load("silero-vad")
    noise = np.random.default_rng(5)
    time = np.arange(576) / 16_000
    ours = theirs = np.zeros((2, 1, 128), np.float32)
    for block in range(60):
        pitch = noise.uniform(80, 250)
        sound = sum(np.sin(2 * np.pi * pitch * k * time) / k for k in range(1, 12))
        sound = (sound * noise.uniform(0, 0.3) + noise.normal(0, 0.01, 576)).astype(np.float32)
        feeds = {"input": sound[None], "state": ours}
        results = engine.run(feeds)
        expected, theirs = original.run(
            None, {"input": sound[None], "state": theirs, "sr": np.array(16_000, np.int64)}
        )
        ours = results["stateN"].copy()
        assert abs(float(results["output"][0, 0]) - float(expected[0, 0])) < 1e-5, block
        np.testing.assert_allclose(ours, theirs, atol=1e-4)
    engine.close()


def test_every_operator_with_a_conversion_is_in_a_shipped_model() -> None:
    cards = [store.find_card(name) for name in store.names()]
    kinds = {
        operator.kind
        for card in cards
        if card.conversion.converter == "tflite"
        for data in engines.weights(card.name)
        for operator in read(data, "test").operators
    }
    assert kinds == set(OPERATORS)


def test_an_operator_without_a_conversion_is_named() -> None:
    writer = OnnxWriter("model", TfliteGraph((), (), (), ()), {})
    with pytest.raises(EngineError, match="UNIDIRECTIONAL_SEQUENCE_LSTM") as caught:
        emit(writer, TfliteOperator("UNIDIRECTIONAL_SEQUENCE_LSTM", (), (), None))
    assert "tflite_ops.py" in caught.value.remedy


@pytest.mark.parametrize("seed", range(40))
def test_a_garbled_tflite_file_is_an_engine_error_or_another_model(seed: int) -> None:
    """Whatever bytes are changed: an EngineError that says so, never another exception."""
    noise = np.random.default_rng(seed)
    data = bytearray(engines.weights("gesture-recognizer")[1])
    for place in noise.integers(8, len(data), 30):
        data[place] = noise.integers(0, 256)
    card = store.find_card("gesture-recognizer")
    with contextlib.suppress(EngineError):
        converter("tflite")(card, [engines.weights("gesture-recognizer")[0], bytes(data)])
