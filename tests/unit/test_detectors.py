"""Detectors' heads against plain formulas of their makers' code, OpenCV and Pillow."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from fixtures.detecting import (
    PICTURE,
    READY,
    SIZES,
    by_label,
    card,
    drawn,
    picture,
    rectangles,
    same,
    whole,
)
from PIL import Image

from sensorium.errors import CardError, EngineError
from sensorium.inference.card_tables import Port
from sensorium.perception.object_detection import ObjectDetection

cv2 = pytest.importorskip("cv2")


def test_yolov8_gives_the_surest_label_of_each_box_suppressed_by_label() -> None:
    boxes, scores = drawn(300)
    values = np.concatenate([boxes, scores], axis=1).T.copy()
    found = whole(ObjectDetection(card("yolov8")), {"output0": values})
    same(found, by_label(boxes, scores, 0.25, 0.7, best=True))


def test_darknet_gives_every_label_of_a_box() -> None:
    boxes, scores = drawn(300)
    corners = np.concatenate([boxes[:, :2] - boxes[:, 2:] / 2, boxes[:, :2] + boxes[:, 2:] / 2], 1)
    results = {"boxes": corners / np.array([160, 96, 160, 96], np.float32), "scores": scores}
    found = whole(ObjectDetection(card("darknet")), results)
    same(found, by_label(boxes, scores, 0.25, 0.45, best=False))


def grid() -> list[tuple[int, int, int]]:
    """(column, row, stride) of every box, as the demo of YOLOX counts them."""
    return [
        (column, row, stride) for stride in (8, 16, 32)
        for row in range(96 // stride) for column in range(160 // stride)
    ]


@pytest.mark.parametrize("decoded", [False, True])
def test_yolox_reads_its_grids_and_suppresses_across_labels(decoded: bool) -> None:
    noise = np.random.default_rng(2)
    raw = noise.normal(0, 0.6, (315, 4)).astype(np.float32)
    sure, classes = noise.uniform(0, 1, (315, 1)), noise.uniform(0, 1, (315, 3))
    boxes = np.float32([
        [(x + column) * stride, (y + row) * stride, np.exp(w) * stride, np.exp(h) * stride]
        for (x, y, w, h), (column, row, stride) in zip(raw, grid(), strict=True)
    ])
    scores = (sure.astype(np.float32) * classes.astype(np.float32))
    values = np.concatenate([boxes if decoded else raw, sure, classes], axis=1).astype(np.float32)
    detection = ObjectDetection(card("yolox", decoded=decoded))
    kept = cv2.dnn.NMSBoxes(rectangles(boxes), scores.max(1).tolist(), 0.3, 0.45)
    expected = [(int(scores[at].argmax()), scores[at].max(), boxes[at]) for at in np.ravel(kept)]
    same(whole(detection, {"output": values}), expected)


def test_rtdetr_gives_every_label_of_each_query_and_suppresses_nothing() -> None:
    boxes, scores = drawn(300)
    logits = np.log(scores + 1e-9) - np.log1p(-scores + 1e-9)
    shares = boxes / np.array([160, 96, 160, 96], np.float32)
    found = whole(ObjectDetection(card("rtdetr")), {"logits": logits, "pred_boxes": shares})
    same(found, [
        (int(label), scores[at, label], boxes[at]) for at, label in np.argwhere(scores > 0.5)
    ])


def test_rtdetr_that_chooses_its_boxes_is_told_the_inputs_size_and_is_read_back() -> None:
    detection = ObjectDetection(card("rtdetr", inputs=(PICTURE, SIZES), outputs=READY))
    feeds, placement = detection.feeds(picture(50, 70))
    assert feeds["orig_target_sizes"].tolist() == [[160, 96]]
    assert feeds["orig_target_sizes"].dtype == np.int64
    results = {
        "labels": np.arange(300)[None] % 3,
        "boxes": np.tile(np.array([16, 24, 80, 48], np.float32), (1, 300, 1)),
        "scores": np.linspace(0.99, 0, 300, dtype=np.float32)[None],
    }
    found = detection.found(results, placement, 0.9)
    assert found.labels.tolist() == [at % 3 for at in range(len(found.scores))]
    assert 26 <= len(found.scores) <= 28
    np.testing.assert_allclose(found.boxes[0], [0.1, 0.25, 0.5, 0.5])
    # By the card it gives shares and logits.
    said = card("rtdetr", inputs=(PICTURE, SIZES), outputs=READY, boxes="shares", scores="logit")
    shares = {
        "labels": results["labels"], "boxes": results["boxes"] / [160, 96, 160, 96],
        "scores": np.log(results["scores"] + 1e-9) - np.log1p(-results["scores"]),
    }
    told = ObjectDetection(said).found(shares, placement, 0.9)
    np.testing.assert_allclose(told.boxes, found.boxes, atol=1e-6)
    np.testing.assert_allclose(told.scores, found.scores, atol=1e-5)
    results["labels"] += 1
    with pytest.raises(EngineError, match="gives the label 3, its card has 3"):
        detection.found(results, placement)


def test_rtdetr_suppresses_where_a_card_says_which_and_how_much() -> None:
    boxes, scores = drawn(300)
    logits = np.log(scores + 1e-9) - np.log1p(-scores + 1e-9)
    results = {"logits": logits, "pred_boxes": boxes / np.array([160, 96, 160, 96], np.float32)}
    said = card("rtdetr", suppression="every-label", overlap=0.3)
    same(whole(ObjectDetection(said), results), by_label(boxes, scores, 0.5, 0.3, best=False))
    for options, says in (
        ({"overlap": 0.3}, "suppression none, as rtdetr has it"),
        ({"overlap": 0.3, "suppression": "none"}, "has no meaning"),
        ({"suppression": "every-label"}, "needs an overlap"),
    ):
        with pytest.raises(CardError, match=says) as caught:
            ObjectDetection(card("rtdetr", **options))
        assert "[objects]" in caught.value.remedy


@pytest.mark.parametrize("size", [(100, 50), (50, 100), (96, 160), (1, 200), (999, 3), (47, 91)])
def test_pictures_are_prepared_as_by_each_maker(size) -> None:
    image = picture(*size)
    height, width = size

    def fitted(whole_, pad: float) -> np.ndarray:
        scale = min(96 / height, 160 / width)
        wide, high = max(1, whole_(width * scale)), max(1, whole_(height * scale))
        resized = cv2.resize(image.astype(np.float32), (wide, high), interpolation=cv2.INTER_LINEAR)
        return resized, np.full((96, 160, 3), pad, np.float32)

    def middle(whole_, pad: float) -> np.ndarray:
        resized, square = fitted(whole_, pad)
        high, wide = resized.shape[:2]
        top, left = round((96 - high) / 2 - 0.1), round((160 - wide) / 2 - 0.1)
        square[top : top + high, left : left + wide] = resized
        return square / 255

    resized, corner = fitted(int, 114)
    corner[: resized.shape[0], : resized.shape[1]] = resized
    stretched = Image.fromarray(image).resize((160, 96), Image.Resampling.BILINEAR)
    expected = {
        "darknet": middle(int, 127.5), "yolov8": middle(round, 114), "yolox": corner[:, :, ::-1],
        "rtdetr": np.asarray(stretched, np.float32) / 255,
    }
    for head, wanted in expected.items():
        feeds, placement = ObjectDetection(card(head)).feeds(image)
        assert (feeds["images"].shape, feeds["images"].dtype) == ((1, 3, 96, 160), np.float32)
        limit = 0.02 if head == "yolox" else 1e-4
        np.testing.assert_allclose(feeds["images"][0].transpose(1, 2, 0), wanted, atol=limit)
        inside = np.array([[placement.left, placement.top, placement.left + placement.width,
                              placement.top + placement.height]], np.float32)
        np.testing.assert_allclose(placement.to_picture(inside), [[0, 0, 1, 1]], atol=1e-5)
        beyond = placement.to_picture(np.array([[-9, -9, 9, 9]], np.float32))
        np.testing.assert_array_equal(beyond, [[0, 0, 1, 1]])


def test_a_card_changes_how_a_picture_is_prepared() -> None:
    image = picture(96, 160)
    said = card(
        "yolov8", inputs=(Port("images", (1, 96, 160, 3)),), channels="bgr", divisor=2.0,
        mean=(10.0, 20.0, 30.0), deviation=(2.0, 4.0, 8.0),
    )
    feeds, _ = ObjectDetection(said).feeds(image)
    expected = (image[:, :, ::-1] / 2 - [10, 20, 30]) / [2, 4, 8]
    np.testing.assert_allclose(feeds["images"][0], expected, atol=1e-4)
    bytes_ = card("yolox", inputs=(Port("images", (1, 3, 96, 160), type="uint8"),), divisor=1.0,
                  channels="rgb", fit="stretch")
    feeds, _ = ObjectDetection(bytes_).feeds(image)
    assert feeds["images"].dtype == np.uint8
    np.testing.assert_array_equal(feeds["images"][0], image.transpose(2, 0, 1))


def test_a_card_changes_what_is_made_of_the_numbers() -> None:
    boxes, scores = drawn(300)
    shares = boxes / np.array([160, 96, 160, 96], np.float32)
    logits = np.log(scores + 1e-9) - np.log1p(-scores + 1e-9)
    values = np.concatenate([shares, logits], axis=1).T.copy()
    said = card(
        "yolov8", outputs={"other": (1, 2), "mine": (1, 7, 300)}, boxes="shares",
        scores="logit", suppression="every-label", threshold=0.4, overlap=0.3,
    )
    said = replace(said, objects=replace(said.objects, outputs=("mine",)))
    detection = ObjectDetection(said)
    assert (detection.threshold, detection.overlap) == (0.4, 0.3)
    same(whole(detection, {"mine": values}), by_label(boxes, scores, 0.4, 0.3, best=False))
    same(whole(detection, {"mine": values}, threshold=0.6, limit=0.5),
         by_label(boxes, scores, 0.6, 0.5, best=False))
