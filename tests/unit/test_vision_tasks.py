"""The tasks of vision and voice, on engines that are arithmetic."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sensorium.inference import store
from sensorium.perception.boxes import Found
from sensorium_tools.evaluate import task
from sensorium_tools.evaluate.image_class import Seen
from sensorium_tools.evaluate.objects import match
from sensorium_tools.samples import Sample


def picture(**truth: object) -> Sample:
    noise = np.random.default_rng(0)
    return Sample("one", "image", noise.integers(0, 256, (60, 90, 3), dtype=np.uint8), truth)


def found(*objects: tuple[float, int, float]) -> Found:
    """Objects of half the picture's size: left edge, class, score."""
    boxes = [[left, 0.0, left + 0.5, 0.5] for left, _, _ in objects]
    return Found(
        np.array(boxes, np.float32).reshape(-1, 4),
        np.array([label for _, label, _ in objects], np.intp),
        np.array([score for _, _, score in objects], np.float32),
    )


def test_a_class_counts_where_one_is_sure_of_it() -> None:
    card = store.find_card("efficientnet-lite0")
    judge = task("image-class")(card)
    seen = []

    def run(feeds):
        seen.append(feeds["image"])
        scores = np.zeros((1, 1000), np.float32)
        scores[0, [7, 3, 5]] = 0.6, 0.3, 0.1
        return {"scores": scores}

    outcome = judge.perform(run, picture())
    assert seen[0].shape == (1, 3, 224, 224)
    assert np.abs(seen[0]).max() <= 1
    assert outcome.classes[:3] == (7, 3, 5)
    assert judge.agree(outcome, Seen((7, 1), 0.1)) == 1
    assert judge.agree(outcome, Seen((3, 7), 0.9)) == 0
    assert judge.agree(Seen((1,), 0.1), Seen((2,), 0.2)) is None
    labels = card.engine.labels
    known = [picture(**{"class": labels[7]}), picture(**{"class": labels[3]}), picture()]
    metric = judge.score([outcome] * 3, known)
    assert (metric.value, metric.n, metric.parts["among the first 5"]) == (0.5, 2, 1.0)
    several = picture(**{"class": labels[1], "classes": (labels[1], labels[7])})
    assert judge.score([outcome], [several]).value == 1
    assert judge.score([outcome], [picture()]) is None


def test_objects_agree_by_place_and_class() -> None:
    judge = task("objects")(store.find_card("yolov3-tiny"))
    one = found((0.0, 1, 0.9), (0.5, 2, 0.8))
    assert judge.agree(one, one) == 1
    assert judge.agree(one, found((0.05, 1, 0.7), (0.45, 2, 0.9))) == 1
    assert judge.agree(one, found((0.0, 2, 0.9), (0.5, 2, 0.8))) == pytest.approx(0.5)
    assert judge.agree(one, found((0.0, 1, 0.9))) == pytest.approx(2 / 3)
    assert judge.agree(found(), found()) is None
    assert match(one, found((0.5, 2, 0.3), (0.0, 1, 0.3))) == {0: 1, 1: 0}


def test_a_lost_object_counts_whatever_its_score_and_the_threshold_decides_nothing() -> None:
    judge = task("objects")(store.find_card("yolov3-tiny"))
    three = found((0.0, 1, 0.9), (0.5, 2, 0.3), (0.2, 5, 0.26))
    # Of three that one shows the other finds one: two are lost, however near the threshold.
    assert judge.agree(three, found((0.0, 1, 0.9))) == judge.agree(
        found((0.0, 1, 0.9)), three
    ) == pytest.approx(2 / 4)
    # What crosses the threshold by a little is shown by one and confirmed by the other.
    assert judge.agree(three, found((0.0, 1, 0.9), (0.5, 2, 0.3), (0.2, 5, 0.249))) == 1
    assert judge.agree(found((0.0, 1, 0.251)), found((0.0, 1, 0.249))) == 1
    assert judge.agree(found((0.0, 1, 0.251)), found((0.0, 1, 0.19))) == 0
    assert judge.agree(found((0.0, 1, 0.251)), found()) == 0
    # What neither shows says nothing, whether or not they share it.
    assert judge.agree(found((0.0, 1, 0.24)), found((0.0, 1, 0.24))) is None
    assert judge.agree(found((0.0, 1, 0.9), (0.5, 2, 0.24)), found((0.0, 1, 0.9))) == 1


def test_objects_come_back_as_shares_of_the_picture() -> None:
    judge = task("objects")(store.find_card("yolov3-tiny"))

    def run(feeds):
        boxes, scores = np.zeros((1, 2535, 4), np.float32), np.zeros((1, 2535, 80), np.float32)
        # The picture is 90 x 60: it fills the square's width and two thirds of its height.
        boxes[0, 4], scores[0, 4, 9] = (0.5, 1 / 6, 1.0, 0.5), 0.8
        # Not shown, and kept: the other engine may show it.
        boxes[0, 7], scores[0, 7, 3] = (0.0, 1 / 6, 0.5, 0.5), 0.21
        return {"boxes": boxes, "scores": scores}

    outcome = judge.perform(run, picture())
    np.testing.assert_allclose(outcome.boxes, [[0.5, 0, 1, 0.5], [0, 0, 0.5, 0.5]], atol=5e-3)
    assert outcome.labels.tolist() == [9, 3]


def test_an_expression_is_that_of_the_face_in_its_box() -> None:
    judge = task("face-emotion")(store.find_card("face-emotion"))
    seen = []

    def run(feeds):
        seen.append(feeds["face"])
        return {"scores": np.float32([[0, 0, 0, 1, 0, 0, 0]])}

    outcome = judge.perform(run, picture(face=np.array([20.0, 10.0, 50.0, 40.0])))
    judge.perform(run, picture())
    assert [face.shape for face in seen] == [(1, 64, 64, 1)] * 2
    assert not np.array_equal(*seen)
    assert judge.agree(outcome, outcome * 0.5) == 1
    assert judge.agree(outcome, outcome[::-1].copy() + np.eye(7, dtype=np.float32)[0] * 2) == 0


def test_landmarks_are_compared_in_distances_of_the_eyes() -> None:
    judge = task("face-landmarks")(store.find_card("face-landmarks"))
    points = np.zeros((478, 2), np.float32)
    points[263] = 100, 0
    assert judge.agree(points, points) == 1
    assert judge.agree(points, points + np.float32([0, 5])) == pytest.approx(0.95)
    assert judge.agree(points, points + np.float32([0, 500])) == 0


def test_speakers_are_told_apart_by_equal_error_rate() -> None:
    judge = task("speaker")(store.find_card("resemblyzer"))
    direction = np.eye(256, dtype=np.float32)

    def run(feeds):
        assert feeds["mel"].shape == (1, 160, 40)
        return {"embedding": direction[:1]}

    sound = Sample("s", "sound", np.zeros(48_000, np.float32))
    np.testing.assert_allclose(judge.perform(run, sound), direction[0])
    assert judge.agree(direction[0], direction[0]) == 1
    assert judge.agree(direction[0], direction[1]) == 0
    samples = [
        replace(sound, name=str(place), truth={"speaker": name})
        for place, name in enumerate("aabb")
    ]
    apart = [direction[0], direction[0], direction[1], direction[1]]
    metric = judge.score(apart, samples)
    assert (metric.value, metric.n, metric.more_is_better) == (0, 4, False)
    mixed = [direction[0], direction[1], direction[0], direction[1]]
    assert judge.score(mixed, samples).value > 0.4
    assert judge.score(apart[:2], samples[:2]) is None
