"""The network's gradients, its steps, and its file against itself."""

import hashlib

import numpy as np
import onnxruntime
import pytest

from sensorium.inference import card as cards
from sensorium.perception.softmax import softmax
from sensorium.perception.viseme import AHEAD, INPUT, OUTPUT, SPAN
from sensorium.perception.viseme_features import BANDS
from sensorium.records.voice import VISEME_FRAMES
from sensorium_tools.progress import Progress
from sensorium_tools.samples import espeak_library
from sensorium_tools.train import viseme, viseme_fit
from sensorium_tools.train.temporal_export import onnx_file
from sensorium_tools.train.temporal_network import Adam, Network
from sensorium_tools.train.viseme_data import Frames, windows
from sensorium_tools.train.viseme_fit import CLASSES, PORTS, SHAPE


def exact(width):
    """A network in double precision."""
    network = Network(SHAPE, width, np.random.default_rng(0))
    network.weights = [weight.astype(np.float64) for weight in network.weights]
    network.biases = [bias + 0.1 for bias in network.biases]
    return network


def test_gradients_are_finite_differences():
    noise = np.random.default_rng(1)
    network = exact(6)
    features = noise.normal(size=(2, SPAN + 7, BANDS)) * 0.3
    truth = noise.integers(0, CLASSES, (2, 7))
    share = np.linspace(0.5, 2, CLASSES)
    _, gradients = network.gradients(features, truth, share[truth])
    for array, gradient in zip(network.parameters, gradients, strict=True):
        for _ in range(4):
            at = tuple(noise.integers(0, size) for size in array.shape)
            kept, losses = array[at], []
            for step in (1e-5, -1e-5):
                array[at] = kept + step
                losses.append(network.gradients(features, truth, share[truth])[0])
            array[at] = kept
            assert gradient[at] == pytest.approx((losses[0] - losses[1]) / 2e-5, rel=1e-3, abs=1e-7)


def test_adam_takes_the_papers_first_steps():
    value = np.array([1.0, -2.0], np.float32)
    optimiser = Adam([value])
    # With one gradient over and over, each step is the rate in its direction.
    for _ in range(3):
        optimiser.step([np.array([5.0, -0.01], np.float32)], 0.1)
    assert value == pytest.approx([0.7, -1.7], abs=1e-4)


def test_an_output_hears_what_its_span_says():
    network = exact(4)
    features = np.random.default_rng(2).normal(size=(1, SPAN + 9, BANDS))
    before = network.scores(features)
    features[0, 30] += 1.0
    changed = np.flatnonzero(np.abs(network.scores(features) - before).max(-1)[0] > 1e-12)
    assert changed[0] >= 30 - SPAN
    assert changed[-1] <= 30


def test_the_file_is_the_network():
    network = Network(SHAPE, 8, np.random.default_rng(3))
    data = onnx_file(network, PORTS)
    assert data == onnx_file(network, PORTS)
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    features = np.random.default_rng(4).random((1, SPAN + VISEME_FRAMES, BANDS), np.float32)
    told = session.run([OUTPUT], {INPUT: features})[0]
    assert np.allclose(told, softmax(network.scores(features)), atol=1e-6)


def test_windows_hold_the_truth_of_the_frames_that_are_told():
    frames = np.arange(200)
    data = Frames(np.repeat(frames[:, None], BANDS, 1).astype(np.float32), frames)
    piece = windows(data, 5, 10, AHEAD, np.random.default_rng(5))
    assert piece.features.shape == (5, SPAN + 10, BANDS)
    assert (piece.truth[:, 0] - piece.features[:, 0, 0] == SPAN - AHEAD).all()
    assert (piece.features[:, -1, 0] - piece.truth[:, -1] == AHEAD).all()


def test_training_learns_what_can_be_learned():
    noise = np.random.default_rng(6)
    truth = np.repeat(noise.integers(0, CLASSES, 200), 10)
    features = np.zeros((len(truth), BANDS), np.float32)
    features[np.arange(len(truth)), truth] = 1.0
    network = viseme_fit.fit(Frames(features, truth), 30, 1, Progress())
    told = network.scores(features[None])[0].argmax(-1)
    assert np.mean(told == truth[SPAN - AHEAD : len(truth) - AHEAD]) > 0.5


def test_a_rare_viseme_counts_for_more():
    share = viseme_fit.shares(np.array([0] * 90 + [1] * 10))
    assert share[1] > share[0]
    assert np.isfinite(share).all()


def test_a_trained_engine_is_a_folder_whose_card_pins_its_weights(tmp_path):
    if espeak_library.missing():
        pytest.skip(espeak_library.missing())
    report = viseme.train(Progress(), room=tmp_path, steps=1, limit=3)
    card = cards.read(tmp_path / "viseme")
    weights = (tmp_path / "viseme" / "viseme.onnx").read_bytes()
    assert hashlib.sha256(weights).hexdigest() == card.weights[0].sha256 == report["sha256"]
    assert report["sounds"] == 3
    assert len(weights) == report["bytes"] < 300_000
    assert report["folder"] in viseme.page(report)
