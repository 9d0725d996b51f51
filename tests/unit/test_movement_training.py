"""The training of the movement engine: labels, its file, its folder; and how it is scored."""

from __future__ import annotations

import hashlib

import numpy as np
import onnxruntime
import pytest

from sensorium.inference import card as cards
from sensorium.perception.hand_motion import FEATURES, WINDOW
from sensorium.perception.movement import CLASSES, INPUT, OUTPUT
from sensorium.perception.softmax import softmax
from sensorium.records.hands import MOVEMENTS
from sensorium_tools.evaluate.movement import Outcome, Told, counts, f1
from sensorium_tools.progress import Progress
from sensorium_tools.samples import loading
from sensorium_tools.train import movement, movement_fit
from sensorium_tools.train.temporal_export import onnx_file
from sensorium_tools.train.temporal_network import Network


def test_a_movement_is_to_be_told_after_its_end_and_not_before() -> None:
    truth, weight = movement_fit.labelled(40, np.array([[10.0, 20.0, MOVEMENTS.index("wave")]]))
    wave = CLASSES.index("wave")
    assert np.flatnonzero(truth == wave).tolist() == [20, 21, 22, 23]
    assert (truth[:20] == 0).all()
    assert np.flatnonzero(weight == 0).tolist() == [19, 24, 25, 26]


def test_the_file_is_the_network() -> None:
    network = Network(movement_fit.SHAPE, 8, np.random.default_rng(3))
    data = onnx_file(network, movement_fit.PORTS)
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    steps = np.random.default_rng(4).random((1, WINDOW, FEATURES), np.float32)
    told = session.run([OUTPUT], {INPUT: steps})[0]
    assert told.shape == (1, 1, len(CLASSES))
    assert np.allclose(told, softmax(network.scores(steps)), atol=1e-6)


def test_a_small_training_is_reproducible_and_writes_a_pinned_folder(tmp_path) -> None:
    made = [
        movement.train(Progress(), room=tmp_path / str(turn), rounds=2, limit=2) for turn in (1, 2)
    ]
    assert made[0]["sha256"] == made[1]["sha256"]
    folder = tmp_path / "1" / movement.NAME
    weights = (folder / movement.FILE).read_bytes()
    card = cards.read(folder)
    assert card.weights[0].sha256 == hashlib.sha256(weights).hexdigest() == made[0]["sha256"]
    assert card.engine.labels == CLASSES
    assert made[0]["folder"] in movement.page(made[0])


def test_wearers_of_the_evaluation_are_not_those_of_the_training() -> None:
    kept = {part: loading.origins("motions", part, Progress()) for part in
            ("calibration", "evaluation")}
    assert not kept["calibration"] & kept["evaluation"]
    sources = {one.name: one for one in loading.find("motions").sources}
    assert len({one.seed for one in sources.values()}) == len(sources)


def test_a_movement_counts_once_and_only_near_its_end() -> None:
    push, pull = MOVEMENTS.index("push"), MOVEMENTS.index("pull")
    truth = np.array([[10.0, 20.0, push], [50.0, 60.0, pull], [90.0, 100.0, push]])
    told = [Told(22, push), Told(24, push), Told(61, push), Told(112, push)]
    table = counts(Outcome(told, 200), truth)
    assert table[push].tolist() == [1, 3, 1]
    assert table[pull].tolist() == [0, 0, 1]
    assert f1(table)[push] == pytest.approx(2 / (2 + 4))
    assert f1(table)[MOVEMENTS.index("wave")] == 1.0
