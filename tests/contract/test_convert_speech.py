"""The speech features with fixed sizes are those of the original graphs, computed otherwise."""

from __future__ import annotations

import functools
import io

import numpy as np
import onnx
import onnxruntime
import pytest
from fixtures import engines
from scipy.signal.windows import hann

from sensorium.inference import store
from sensorium_tools.convert import converter

RATE = 16_000


@functools.cache
def converted(name: str) -> bytes:
    return converter("onnx")(store.find_card(name), engines.weights(name))


def run(data: bytes, values: np.ndarray) -> np.ndarray:
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    return session.run(None, {session.get_inputs()[0].name: values})[0]


def sound(seed: int, samples: int = 1760) -> np.ndarray:
    """Something like a voice in noise, at the scale of 16 bit."""
    noise = np.random.default_rng(seed)
    time = np.arange(samples) / RATE
    pitch = noise.uniform(80, 300)
    made = sum(np.sin(2 * np.pi * pitch * k * time + k) / k for k in range(1, 20))
    loud = noise.uniform(10, 5_000)
    return (made * loud + noise.normal(0, loud / 50, samples)).astype(np.float32)[None]


def hertz(mel: np.ndarray) -> np.ndarray:
    """Slaney's scale (Auditory Toolbox, 1998): straight up to 1 kHz, then logarithmic."""
    return np.where(mel < 15, mel * 200 / 3, 1000 * np.exp((mel - 15) * np.log(6.4) / 27))


def mel(frequency: float) -> float:
    straight = frequency * 3 / 200
    return straight if straight < 15 else 15 + 27 * np.log(frequency / 1000) / np.log(6.4)


def filters() -> np.ndarray:
    """32 triangles of area 1 from 60 to 3800 Hz, over 257 frequencies."""
    edges = hertz(np.linspace(mel(60), mel(3800), 34))
    at = np.arange(257) * RATE / 512
    made = []
    for low, middle, high in zip(edges, edges[1:], edges[2:], strict=False):
        rise, fall = (at - low) / (middle - low), (high - at) / (high - middle)
        made.append(np.maximum(0, np.minimum(rise, fall)) * 2 / (high - low))
    return np.array(made)


def spectrogram(values: np.ndarray) -> np.ndarray:
    """25 ms windows of Hann, 10 ms apart; power in dB, at most 80 below the loudest."""
    window = np.pad(hann(400, sym=False), 56)
    frames = (len(values) - 512) // 160 + 1
    power = np.array(
        [
            np.abs(np.fft.rfft(values[160 * at : 160 * at + 512] * window)) ** 2
            for at in range(frames)
        ]
    )
    decibels = 10 * np.log10(np.maximum(power @ filters().T, 1e-10))
    return np.maximum(decibels, decibels.max() - 80)


def test_mel_frames_are_those_of_the_formulas() -> None:
    errors = []
    for seed in range(20):
        values = sound(seed)
        ours = run(converted("speech-mel"), values)
        assert ours.shape == (1, 1, 8, 32)
        errors.append(np.abs(ours[0, 0] - spectrogram(values[0].astype(np.float64))).max())
    print(f"largest error: {max(errors):.1e} dB")
    assert max(errors) < 0.01


def test_silence_is_the_floor() -> None:
    ours = run(converted("speech-mel"), np.zeros((1, 1760), np.float32))
    np.testing.assert_allclose(ours, -100, atol=1e-3)


@pytest.mark.parametrize("name", ["speech-mel", "speech-embedding"])
def test_fixed_sizes_change_no_result(name: str) -> None:
    (original,) = engines.weights(name)
    for seed in range(10):
        values = sound(seed) if name == "speech-mel" else frames(seed)
        np.testing.assert_array_equal(run(converted(name), values), run(original, values))


def frames(seed: int) -> np.ndarray:
    made = spectrogram(sound(seed, 12_672)[0]) / 10 + 2
    return np.ascontiguousarray(made[None, :76, :, None], np.float32)


def test_embeddings_are_those_of_openvino() -> None:
    openvino = pytest.importorskip("openvino")
    (original,) = engines.weights("speech-embedding")
    core = openvino.Core()
    model = core.read_model(io.BytesIO(original))
    model.reshape([1, 76, 32, 1])
    compiled = core.compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    errors = []
    for seed in range(10):
        theirs = compiled(frames(seed))[compiled.output(0)]
        ours = run(converted("speech-embedding"), frames(seed))
        assert ours.shape == (1, 1, 1, 96)
        errors.append(np.abs(ours - theirs).max() / np.abs(theirs).max())
    print(f"largest error: {max(errors):.1e} of the largest value")
    assert max(errors) < 1e-4


@pytest.mark.parametrize("name", ["speech-mel", "speech-embedding"])
def test_nothing_but_the_function_is_kept(name: str) -> None:
    model = onnx.load_from_string(converted(name))
    sizes = [
        size.dim_value
        for value in (*model.graph.input, *model.graph.output)
        for size in value.type.tensor_type.shape.dim
    ]
    assert all(sizes)
    assert [entry.domain for entry in model.opset_import] == [""]
    assert not model.metadata_props
    assert not model.graph.doc_string


def test_a_graph_with_the_cards_shapes_keeps_its_bytes() -> None:
    assert converted("silero-vad") == engines.weights("silero-vad")[0]
