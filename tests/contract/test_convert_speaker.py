"""The speaker engine computes what PyTorch's LSTM does, written out step by step."""

from __future__ import annotations

import contextlib

import numpy as np
import onnxruntime
import pytest
from fixtures import engines
from fixtures.reference_layers import sigmoid

from sensorium.errors import EngineError
from sensorium.inference import store
from sensorium.perception.speaker_features import mel_spectra
from sensorium_tools.convert import converter, torch_file


def convert(data: bytes) -> bytes:
    return converter("resemblyzer")(store.find_card("resemblyzer"), [data])


def embedding(tensors: dict[str, np.ndarray], mel: np.ndarray) -> np.ndarray:
    sequence = list(mel.astype(np.float64))
    for layer in range(3):
        names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        into, back, one, other = (tensors[f"model_state.lstm.{name}_l{layer}"] for name in names)
        hidden, cell = np.zeros(256), np.zeros(256)
        for step, x in enumerate(sequence):
            gates = into @ x + one + back @ hidden + other
            enter, forget, new, out = gates.reshape(4, 256)
            cell = sigmoid(forget) * cell + sigmoid(enter) * np.tanh(new)
            hidden = sigmoid(out) * np.tanh(cell)
            sequence[step] = hidden
    linear, bias = (tensors[f"model_state.linear.{name}"] for name in ("weight", "bias"))
    positive = np.maximum(linear @ sequence[-1] + bias, 0)
    return positive / np.linalg.norm(positive)


def sounds(count: int):
    noise = np.random.default_rng(3)
    time = np.arange(159 * 160) / 16_000
    for _ in range(count):
        pitch = noise.uniform(80, 250)
        sound = sum(np.sin(2 * np.pi * pitch * k * time) / k for k in range(1, 30))
        yield (sound * 0.1 + noise.normal(0, 0.003, len(time))).astype(np.float32)


def test_embeddings_are_those_of_a_plain_lstm() -> None:
    tensors = torch_file.read(engines.weights("resemblyzer")[0], "test")
    engine = onnxruntime.InferenceSession(
        engines.graph("resemblyzer"), providers=["CPUExecutionProvider"]
    )
    made = []
    for sound in sounds(6):
        mel = mel_spectra(sound)
        made.append(engine.run(None, {"mel": mel[None]})[0][0])
        np.testing.assert_allclose(made[-1], embedding(tensors, mel), atol=2e-5)
        assert np.linalg.norm(made[-1]) == pytest.approx(1, abs=1e-5)
    assert min(one @ other for one in made for other in made) < 0.99


def test_a_file_that_is_cut_off_or_of_another_model_says_so() -> None:
    data = engines.weights("resemblyzer")[0]
    for bad in (b"", data[:5000], data[:-8], engines.weights("efficientnet-lite0")[0]):
        with pytest.raises(EngineError) as caught:
            convert(bad)
        assert "resemblyzer" in caught.value.message
        assert caught.value.remedy


@pytest.mark.parametrize("seed", range(20))
def test_a_garbled_file_is_an_engine_error_or_another_model(seed: int) -> None:
    noise = np.random.default_rng(seed)
    data = bytearray(engines.weights("resemblyzer")[0])
    for place in noise.integers(0, 7000, 20):
        data[place] = noise.integers(0, 256)
    with contextlib.suppress(EngineError):
        convert(bytes(data))
