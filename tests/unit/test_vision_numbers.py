"""What a sense of pictures tells when its engine gives numbers that are none: nothing, and why."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
import pytest
from fixtures.senses import Desk, Player, no_rings

from sensorium import records
from sensorium.health import Device, Precision, Reason
from sensorium.inference import store
from sensorium.perception.face import BLENDSHAPES, DETECTOR, LANDMARKS, Face, FaceOptions
from sensorium.perception.face_emotion import FaceEmotion, FaceEmotionOptions
from sensorium.perception.image_class import ImageClass, ImageClassOptions
from sensorium.perception.objects import Objects, ObjectsOptions

S = 1_000_000_000


class Given:
    """An engine of a shipped card, whose outputs are given: all of them numbers of one value."""

    precision, device, file_hash, note = Precision.FP32, Device.CPU, 0, ""
    is_steady = False

    def __init__(self, name: str) -> None:
        self.name = name
        self._card = store.find_card(name)
        self.labels = self._card.engine.labels
        self.values = {port.name: 0.5 for port in self._card.outputs}

    def run(self, _feeds: object) -> dict[str, np.ndarray]:
        return {
            port.name: np.full(self._card.sizes(port), self.values[port.name], np.float32)
            for port in self._card.outputs
        }


def picture(sequence: int) -> np.ndarray:
    record = records.PICTURE.zeros()
    record["sequence"], record["width"], record["height"] = sequence, 64, 48
    record["format"] = 1
    return record


SENSES: dict[str, tuple[type[Any], Any, tuple[str, ...]]] = {
    "objects": (Objects, ObjectsOptions(threshold=0.1), ("yolov3-tiny",)),
    "image_class": (ImageClass, ImageClassOptions(), ("efficientnet-lite0",)),
    "face": (Face, FaceOptions(), (DETECTOR, LANDMARKS, BLENDSHAPES)),
}


def outputs() -> list[tuple[str, str, str]]:
    """Sense, engine and output: all of which the senses read."""
    return [
        (sense, name, port.name)
        for sense, (_, _, names) in SENSES.items() for name in names
        for port in store.find_card(name).outputs[:2]
    ]


def stream(sense: str) -> tuple[Player, dict[str, Given]]:
    kind, options, names = SENSES[sense]
    engines = {name: Given(name) for name in names}
    return Player(kind(options, engines, no_rings()).streams()[0]), engines


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize(("sense", "engine", "output"), outputs())
def test_of_one_picture_there_is_no_result_and_of_the_next_there_is(
    sense: str, engine: str, output: str, bad: float, caplog: pytest.LogCaptureFixture
) -> None:
    player, engines = stream(sense)
    player.valid(picture(1), S)
    good = engines[engine].values[output]
    engines[engine].values[output] = bad
    with caplog.at_level(logging.WARNING):
        player.valid(picture(2), 3 * S)
        player.valid(picture(3), 5 * S)
    engines[engine].values[output] = good
    player.valid(picture(4), 7 * S)
    assert [(one.valid, one.reason) for one in player.said] == [
        (True, Reason.NONE), *[(False, Reason.ENGINE_FAILED)] * 2, (True, Reason.NONE)
    ]
    assert [record.message for record in caplog.records] == [
        f"no {sense}: {engine}: gives numbers that are NaN or infinite "
        f"(sensorium-engines verify {engine} tries each precision of it)"
    ]


@pytest.mark.parametrize(("value", "edge"), [(-1e5, 0.0), (1e5, 1.0)])
def test_the_points_of_a_face_beyond_the_edge_lie_on_it(value: float, edge: float) -> None:
    player, engines = stream("face")
    engines[LANDMARKS].values[store.find_card(LANDMARKS).outputs[0].name] = value
    player.valid(picture(1), S)
    face = player.said[0].record[0]["faces"][0]
    assert face["keypoints"].tolist() == [edge] * 12
    assert face["box"].tolist() == [edge] * 4


def test_no_expression_is_made_of_numbers_that_are_none() -> None:
    desk = Desk({})
    engine = Given("face-emotion")
    player = Player(
        FaceEmotion(FaceEmotionOptions(), {"face-emotion": engine}, desk.rings).streams()[0]
    )
    face = records.FACES_SEEN.zeros()
    face["count"], face["faces"]["box"][0, 0] = 1, (0.2, 0.2, 0.8, 0.8)
    for number, value in enumerate((0.5, np.nan, np.inf, 0.5), 1):
        engine.values["scores"] = value
        desk.publish("frame", picture(number), number * S)
        face["frame"] = number
        player.valid(face, number * S)
    assert [(one.valid, one.reason) for one in player.said] == [
        (True, Reason.NONE), *[(False, Reason.ENGINE_FAILED)] * 2, (True, Reason.NONE)
    ]
