"""Detectors' heads against plain formulas of their makers' code, OpenCV and Pillow."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from fixtures import sets, small_models
from onnx import helper
from PIL import Image

from sensorium.errors import CardError, EngineError, OutputError
from sensorium.inference import card as cards
from sensorium.inference.card_objects import Objects
from sensorium.inference.card_tables import Port
from sensorium.perception.detectors import candidates
from sensorium.perception.object_detection import ObjectDetection, is_detector
from sensorium_tools import evaluate, keys
from sensorium_tools.progress import Progress
from sensorium_tools.samples import Sample
from sensorium_tools.verify.trial import Trial

if TYPE_CHECKING:
    from pathlib import Path

cv2 = pytest.importorskip("cv2")
LABELS = ("cat", "dog", "bird")
PICTURE = Port("images", (1, 3, 96, 160))
"""An input of 160 x 96 pixels."""
SHAPES = {
    "darknet": {"boxes": (1, 300, 4), "scores": (1, 300, 3)},
    "yolov8": {"output0": (1, 7, 300)},
    "yolox": {"output": (1, 20 * 12 + 10 * 6 + 5 * 3, 8)},
    "rtdetr": {"logits": (1, 300, 3), "pred_boxes": (1, 300, 4)},
}


def card(head: str, *, inputs=(PICTURE,), outputs=None, labels=LABELS, **said):
    """A card of a head; outputs are name to shape, all of float32, or ports."""
    empty = helper.make_model(helper.make_graph([], "none", [], []))
    made = small_models.card(empty, "mine")
    ports = SHAPES[head] if outputs is None else outputs
    if isinstance(ports, dict):
        ports = tuple(Port(name, shape) for name, shape in ports.items())
    return replace(
        made, inputs=tuple(inputs), outputs=tuple(ports), objects=Objects(head, **said),
        engine=replace(made.engine, labels=labels),
    )


def picture(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (height, width, 3), dtype=np.uint8)


def drawn(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Boxes of centre, width and height in pixels of the input, and scores of each label."""
    noise = np.random.default_rng(seed)
    centres = noise.uniform([0, 0], [160, 96], (n, 2))
    boxes = np.concatenate([centres, noise.uniform(10, 60, (n, 2))], axis=1)
    return boxes.astype(np.float32), noise.uniform(0, 1, (n, 3)).astype(np.float32) ** 4


def whole(detection: ObjectDetection, results, **options):
    """What is found in a picture that fills the input: boxes in its pixels."""
    _, placement = detection.feeds(np.zeros((96, 160, 3), np.uint8))
    found = detection.found({name: value[None] for name, value in results.items()}, placement,
                            **options)
    return found.boxes * [160, 96, 160, 96], found.labels, found.scores


def rectangles(boxes: np.ndarray) -> list[list[float]]:
    """Left, top, width and height, as OpenCV takes them."""
    return np.concatenate([boxes[:, :2] - boxes[:, 2:] / 2, boxes[:, 2:]], axis=1).tolist()


def same(found, expected) -> None:
    """Whether what was found is, in any order, (label, score, centre box) of what is expected."""
    boxes, labels, scores = found
    assert len(labels) == len(expected) > 3
    assert (np.diff(scores) <= 0).all()
    expected = sorted(expected, key=lambda entry: -entry[1])
    assert labels.tolist() == [label for label, _, _ in expected]
    np.testing.assert_allclose(scores, [score for _, score, _ in expected], rtol=1e-5)
    centres = np.array([box for _, _, box in expected])
    corners = np.concatenate(
        [centres[:, :2] - centres[:, 2:] / 2, centres[:, :2] + centres[:, 2:] / 2], axis=1
    )
    np.testing.assert_allclose(boxes, np.clip(corners, 0, [160, 96, 160, 96]), atol=1e-3)


def by_label(boxes, scores, threshold, limit, *, best: bool):
    """OpenCV's suppression of each label by itself."""
    kept = []
    for label in range(3):
        sure = scores[:, label]
        if best:
            sure = np.where(scores.argmax(1) == label, sure, 0)
        kept += [
            (label, sure[at], boxes[at])
            for at in np.ravel(cv2.dnn.NMSBoxes(rectangles(boxes), sure.tolist(), threshold, limit))
        ]
    return kept


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


READY = (
    Port("labels", (1, 300), type="int64"), Port("boxes", (1, 300, 4)), Port("scores", (1, 300))
)
SIZES = Port("orig_target_sizes", (1, 2), type="int64")


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


UNFITTING = {
    "boxes before labels": ("yolov8", {"outputs": {"output0": (1, 300, 7)}}, "[1, 7, boxes]"),
    "another count of labels": ("yolov8", {"labels": ("cat",)}, "output0 float32 [1, 5, boxes]"),
    "chosen in the graph": (
        "yolov8", {"outputs": {"output0": (1, 300, 6)}}, "output0 float32 [1, 300, 6]"
    ),
    "no such output": ("yolov8", {"said": {"outputs": ("boxes",)}}, "output0 float32 [1, 7, 300]"),
    "two names": ("yolov8", {"said": {"outputs": ("output0", "output0")}}, "[1, 7, boxes]"),
    "two pictures": (
        "yolox", {"inputs": (PICTURE, replace(PICTURE, name="b"))}, "b float32 [1, 3, 96"
    ),
    "no colours": (
        "yolox", {"inputs": (Port("images", (1, 1, 96, 160)),)}, "images float32 [1, 1,"
    ),
    "two at a time": ("yolox", {"inputs": (Port("images", (2, 3, 96, 160)),)}, "[2, 3, 96, 160]"),
    "bytes": (
        "yolox", {"inputs": (Port("images", (1, 3, 96, 160), type="uint8"),)}, "images uint8"
    ),
    "half of a grid": ("yolox", {"outputs": {"output": (1, 240, 8)}}, "needs 315 boxes"),
    "no sizes": ("rtdetr", {"outputs": READY}, "logits float32 [1, boxes, 3]"),
    "sizes of another kind": (
        "rtdetr", {"inputs": (PICTURE, replace(SIZES, shape=(2,))), "outputs": READY},
        "orig_target_sizes int64 [1, 2]",
    ),
    "one box more than scores": (
        "darknet", {"outputs": {"boxes": (1, 300, 4), "scores": (1, 301, 3)}},
        "scores float32 [1, 301, 3]",
    ),
    "no labels": ("darknet", {"labels": ()}, "needs labels in the card"),
}  # fmt: skip


@pytest.mark.parametrize("what", UNFITTING)
def test_a_head_that_does_not_fit_is_refused_with_what_is_needed_and_what_there_is(what) -> None:
    head, changes, says = UNFITTING[what]
    made = card(head, **{key: value for key, value in changes.items() if key != "said"})
    made = replace(made, objects=replace(made.objects, **changes.get("said", {})))
    with pytest.raises(CardError) as caught:
        ObjectDetection(made)
    assert says in caught.value.message
    assert f"mine: the head {head}" in caught.value.message
    assert caught.value.remedy


def test_numbers_that_are_no_probabilities_are_an_error_and_no_objects() -> None:
    detection = ObjectDetection(card("yolov8"))
    values = np.full((7, 300), 7.5, np.float32)
    with pytest.raises(EngineError, match=r"mine: its scores reach from 7.5 to 7.5") as caught:
        whole(detection, {"output0": values})
    assert 'scores = "logit"' in caught.value.remedy


def sure_of(head: str, ready: bool) -> tuple[ObjectDetection, dict[str, np.ndarray]]:
    """A detector and numbers by which every box is an object."""
    if ready:
        made = card(head, inputs=(PICTURE, SIZES), outputs=READY)
        results = {"labels": np.zeros(300, int), "boxes": np.ones((300, 4)), "scores": np.ones(300)}
        return ObjectDetection(made), results
    return ObjectDetection(card(head)), {
        name: np.ones(shape[1:], np.float32) for name, shape in SHAPES[head].items()
    }


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize(
    ("head", "ready"), [*((head, False) for head in SHAPES), ("rtdetr", True)]
)
def test_one_number_that_is_none_is_an_error_and_never_an_object(head, ready, bad) -> None:
    for name in sure_of(head, ready)[1]:
        detection, results = sure_of(head, ready)
        values = results[name]
        if values.dtype.kind != "f":
            continue
        assert len(whole(detection, results)[2])
        for place in (0, -1):
            was = values.ravel()[place]
            values.ravel()[place] = bad
            with pytest.raises(OutputError, match="mine: gives numbers that are NaN or infinite"):
                whole(detection, results)
            values.ravel()[place] = was


def test_numbers_of_boxes_that_are_no_objects_do_not_count() -> None:
    boxes, scores = drawn(300)
    values = np.concatenate([boxes, scores], axis=1).T.copy()
    values[:4, 100:] = np.nan
    values[4:, 100:] = 0
    same(whole(ObjectDetection(card("yolov8")), {"output0": values}),
         by_label(boxes[:100], scores[:100], 0.25, 0.7, best=True))


def test_boxes_larger_than_a_number_can_be_are_left_out() -> None:
    raw = np.zeros((315, 8), np.float32)
    raw[:, 4:] = 1.0
    raw[:, 2:4] = 1000.0
    assert not len(whole(ObjectDetection(card("yolox")), {"output": raw})[2])


def test_of_more_candidates_than_can_be_compared_the_surest_are() -> None:
    scores = np.random.default_rng(0).uniform(0.5, 1, (5000, 2)).astype(np.float32)
    chosen = candidates.choose(scores, 0.1, "every-label")
    assert len(chosen.rows) == candidates.MOST
    assert chosen.scores.min() == np.sort(scores.ravel())[-candidates.MOST]


def test_a_detector_of_any_head_is_judged_by_what_it_finds() -> None:
    made = card("rtdetr")
    assert is_detector(made)
    assert not is_detector(replace(made, objects=Objects()))
    # What it was judged by is a part of its key.
    other = replace(made, objects=replace(made.objects, threshold=0.6))
    assert keys.recipe(made) != keys.recipe(other)
    judge = evaluate.task("objects")(made)
    logits = np.full((1, 300, 3), -9, np.float32)
    logits[0, 5, 1], logits[0, 6, 2], logits[0, 7, 0] = 2.0, -0.35, -0.5
    boxes = np.full((1, 300, 4), 0.5, np.float32)
    outcome = judge.perform(
        lambda _: {"logits": logits, "pred_boxes": boxes},
        Sample("one", "image", picture(40, 60), {}),
    )
    # From 0.8 of its own threshold, 0.5, on: 0.88 and 0.413, not 0.378.
    assert outcome.labels.tolist() == [1, 2]
    np.testing.assert_allclose(outcome.boxes[0], [0.25, 0.25, 0.75, 0.75])


def test_a_precision_that_gives_numbers_that_are_none_is_refused_and_the_trial_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SENSORIUM_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("SENSORIUM_CACHE_DIR", str(tmp_path / "cache"))
    file = io.BytesIO()
    Image.fromarray(picture(40, 60)).save(file, "PNG")
    more = 'reader = "image"\npaths = ["*.png"]\n'
    sets.write(tmp_path / "data", "mine", "image", [sets.source(part="evaluation", more=more)],
               {"one.png": file.getvalue()})
    made = card("rtdetr")
    made = replace(made, evaluation=replace(made.evaluation, task="objects", sets=("mine",)))
    good = {
        name: np.ones((1, *shape[1:]), np.float32) for name, shape in SHAPES["rtdetr"].items()
    }
    bad = {name: values * np.nan for name, values in good.items()}
    trial = Trial(made, lambda _: good, Progress())
    found = trial.judge("int8", lambda _: bad)
    assert not found.passed
    assert found.why == (
        "its results cannot be used: mine: gives numbers that are NaN or infinite"
    )
    assert trial.judge("fp16", lambda _: good).agreement.value == 1
    with pytest.raises(OutputError):
        Trial(made, lambda _: bad, Progress()).judge("int8", lambda _: good)


TABLES = {
    'head = "yolov9"': "objects.head",
    'threshold = 0.5': "threshold has no meaning without head",
    'head = "yolov8"\nstrides = [8]': "only with yolox",
    'head = "yolox"\nmean = [1.0]': "needs three numbers",
    'head = "yolox"\ndeviation = [1.0, 0.0, 1.0]': "above 0",
    'head = "yolox"\npad = 256': "objects.pad",
    'head = "yolox"\nfitt = "middle"': "did you mean fit?",
}
CARD = """
[engine]
name = "mine"
[[sources]]
kind = "file"
paths = ["model.onnx"]
[[weights]]
sha256 = ""
[objects]
"""


@pytest.mark.parametrize("table", TABLES)
def test_a_wrong_table_is_named_with_file_and_remedy(table: str, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "card.toml").write_text(CARD + table)
    with pytest.raises(CardError) as caught:
        cards.read(folder)
    assert TABLES[table] in str(caught.value)
    assert str(folder / "card.toml") in caught.value.message
    (folder / "card.toml").write_text(CARD + 'head = "yolox"\nmean = [1, 2, 3]\nstrides = [8, 16]')
    assert cards.read(folder).objects.strides == (8, 16)

