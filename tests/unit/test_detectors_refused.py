"""Detectors that do not fit, numbers that are none, and how a detector is judged."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from fixtures import sets
from fixtures.detecting import (
    PICTURE,
    READY,
    SHAPES,
    SIZES,
    by_label,
    card,
    drawn,
    picture,
    same,
    whole,
)
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
