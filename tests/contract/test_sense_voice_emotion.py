"""Voice emotion with a model of the user's own: here a tiny one that only weighs loud and soft."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from fixtures import engines, graphs
from fixtures.senses import Desk
from fixtures.voices import OTHERS, WEARER, spoken
from onnx import helper, numpy_helper

from sensorium import records
from sensorium.errors import CardError, EngineError
from sensorium.health import Reason
from sensorium.inference import manifest as manifests
from sensorium.inference import store
from sensorium.perception.voice_emotion import (
    EmotionOptions,
    VoiceEmotion,
    ports,
    probabilities,
)
from sensorium_tools import build, sources
from sensorium_tools.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NAME = "voice-emotion"
LABELS = ("neutral", "happy", "angry", "sad")


def tiny_model(scale: float = 1.0) -> bytes:
    """[1, samples] -> [1, 4]: logits that grow with the sound's mean square."""
    node = helper.make_node
    constants = [
        numpy_helper.from_array(np.array([[0.0, 0.5, 20.0 * scale, -1.0]], np.float32), "w"),
        numpy_helper.from_array(np.array([[0.2, 0.0, 0.0, 0.0]], np.float32), "b"),
        numpy_helper.from_array(np.array([1], np.int64), "axis"),
    ]
    nodes = [
        node("Mul", ["input_values", "input_values"], ["square"]),
        node("ReduceMean", ["square", "axis"], ["power"], keepdims=1),
        node("MatMul", ["power", "w"], ["weighted"]),
        node("Add", ["weighted", "b"], ["logits"]),
    ]
    made = graphs.model(nodes, {"input_values": [1, "samples"]}, {"logits": [1, 4]}, constants)
    return made.SerializeToString()


@pytest.fixture(scope="module")
def placed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The shipped card with the user's file, built as the README says."""
    data = tmp_path_factory.mktemp("data")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SENSORIUM_DATA_DIR", str(data))
        patch.setenv("SENSORIUM_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        path = data / "engines" / NAME / "model.onnx"
        path.parent.mkdir(parents=True)
        path.write_bytes(tiny_model())
        build.build(store.find_card(NAME), Progress())
        yield path


@pytest.fixture
def desk(placed: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setattr(engines, "load", store.load)
    return Desk({VoiceEmotion: EmotionOptions(normalise=False)})


def say(desk: Desk, sound: np.ndarray) -> None:
    """An utterance as voice activity tells of it."""
    first = 512 * desk.rings.latest("audio")
    desk.sound(sound, take=False)
    record = records.UTTERANCE.zeros()
    record["utterance"] = 1 << 40 | first
    record["event"], record["ending"] = 4, 1
    record["first"] = record["onset"] = first
    record["last"] = record["offset"] = first + len(sound) // 512 * 512
    desk.publish("utterance", record, 1_000)
    desk.drain()


def test_an_utterance_gets_an_estimate_by_the_cards_labels(desk: Desk) -> None:
    voice = spoken(WEARER, OTHERS[0])
    say(desk, 0.01 * voice)
    say(desk, np.clip(4 * voice, -1, 1))
    soft, loud = desk.all("emotion")
    for record in (soft, loud):
        assert (record["source"], record["label_count"]) == (2, len(LABELS))
        assert float(record["scores"].sum()) == pytest.approx(1.0, abs=1e-5)
        assert record["score"] == record["scores"].max()
        assert record["name"] == LABELS[int(record["label"])].encode()
        assert 70 < record["pitch"] < 180
        assert 2 < record["tempo"] < 7
    assert (soft["name"], loud["name"]) == (b"neutral", b"angry")
    assert loud["loudness"] > soft["loudness"] + 40


def test_a_model_that_wants_its_sound_normalised_gets_it_so(
    placed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "load", store.load)
    desk = Desk({VoiceEmotion: EmotionOptions()})
    say(desk, 0.001 * spoken(WEARER, OTHERS[0]))
    (record,) = desk.all("emotion")
    assert record["name"] == b"angry"


@pytest.mark.parametrize("sound", [
    np.zeros(32_000, np.float32), np.full(32_000, 0.3, np.float32), np.ones(4_096, np.float32),
], ids=["silence", "offset", "short"])
def test_what_cannot_be_judged_is_not(desk: Desk, sound: np.ndarray) -> None:
    say(desk, sound)
    assert desk.all("emotion") == []


def test_long_speech_is_judged_by_its_begin(desk: Desk) -> None:
    voice = np.tile(spoken(WEARER, OTHERS[0]), 4)
    say(desk, voice)
    assert len(desk.all("emotion")) == 1


def test_a_lost_input_is_told(desk: Desk) -> None:
    desk.publish("utterance", records.UTTERANCE.zeros(), 5, valid=False, reason=Reason.MUTED)
    desk.drain()
    newest = desk.rings.at("emotion", desk.rings.latest("emotion"))
    assert (newest.valid, newest.reason) == (False, Reason.MUTED)


def test_without_a_file_the_builder_says_where_it_goes(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SENSORIUM_DATA_DIR", str(tmp_path))
    with pytest.raises(EngineError, match=str(tmp_path / "engines" / NAME / "model.onnx")):
        sources.fetch(store.find_card(NAME), Progress())
    assert sources.fetched(store.find_card(NAME)) == ()


def test_another_file_makes_another_engine(placed: Path) -> None:
    before = store.sha256(store.built_folder(NAME) / "engine.json")
    kept = placed.read_bytes()
    placed.write_bytes(tiny_model(0.5))
    try:
        build.build(store.find_card(NAME), Progress())
        assert store.sha256(store.built_folder(NAME) / "engine.json") != before
    finally:
        placed.write_bytes(kept)
        build.build(store.find_card(NAME), Progress())
    store.load(NAME).close()


def manifest(inputs, outputs, labels=LABELS) -> manifests.Manifest:
    tensor = manifests.Tensor
    return manifests.Manifest(
        NAME, "", "", "onnxruntime", "fp32", "", "", tuple(labels),
        tuple(tensor(name, shape, "float32") for name, shape in inputs),
        tuple(tensor(name, shape, "float32") for name, shape in outputs),
        {"samples": manifests.Range(8000, 48000, 160000)}, "", {}, {},
    )


SOUND, SCORES = ("x", (1, "samples")), ("y", (1, 4))


@pytest.mark.parametrize(
    ("inputs", "outputs", "labels", "said"),
    [
        ([("x", (1, 40, 100))], [SCORES], LABELS, "[1, samples] is wanted"),
        ([SOUND, SOUND], [SCORES], LABELS, "[1, samples] is wanted"),
        ([SOUND], [SCORES], (), "0 labels, 1 to 16"),
        ([SOUND], [("y", (1, 17))], ["x"] * 17, "17 labels"),
        ([SOUND], [("y", (1, 3))], LABELS, "not [1, 4]"),
        ([SOUND], [("y", (1, 9, 4))], LABELS, "not [1, 4]"),
    ],
)
def test_a_model_of_another_kind_is_refused(inputs, outputs, labels, said: str) -> None:
    with pytest.raises(CardError) as caught:
        ports(manifest(inputs, outputs, labels))
    assert said in caught.value.message


def test_a_fixed_length_is_taken_too() -> None:
    found = ports(manifest([("x", (1, 32_000))], [SCORES]))
    assert (found.shortest, found.longest) == (32_000, 32_000)


def test_logits_become_probabilities_and_probabilities_stay() -> None:
    np.testing.assert_allclose(
        probabilities(np.array([0.0, np.log(3.0)], np.float32)), [0.25, 0.75], atol=1e-6
    )
    np.testing.assert_allclose(probabilities(np.array([0.1, 0.9], np.float32)), [0.1, 0.9])
    assert np.isfinite(probabilities(np.array([1e4, -1e4], np.float32))).all()
