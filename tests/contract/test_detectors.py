"""Detectors of others' exports by a card alone: built, asked over the local API, tried."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
import pytest
from fixtures import block_detectors as blocks
from fixtures.task_server import serving
from PIL import Image

from sensorium.errors import CardError
from sensorium.inference import store
from sensorium_tools import build
from sensorium_tools.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import httpx

CARD = """
[engine]
name = "{name}"
labels = ["red", "green", "blue"]
[[sources]]
kind = "file"
paths = ["model.onnx"]
[[weights]]
sha256 = ""
[objects]
head = "{head}"
"""
FREE = """
[[inputs]]
name = "images"
shape = [1, 3, 64, 96]
[[inputs]]
name = "orig_target_sizes"
shape = [1, 2]
type = "int64"
[[outputs]]
name = "labels"
shape = [1, 10]
type = "int64"
[[outputs]]
name = "boxes"
shape = [1, 10, 4]
[[outputs]]
name = "scores"
shape = [1, 10]
"""
MODELS = {
    "my-yolov8": ("yolov8", blocks.yolov8, ""),
    "my-yolox": ("yolox", blocks.yolox, ""),
    "my-rtdetr": ("rtdetr", blocks.rtdetr_raw, ""),
    "my-dfine": ("rtdetr", blocks.rtdetr_ready, FREE),
}
SIZE = {"my-rtdetr": (96, 192), "my-dfine": (96, 192)}
"""Height and width of the picture: such that a block is a cell of the input, stretched."""


def add(data: Path, name: str, head: str, model: bytes, more: str = "") -> None:
    folder = data / "engines" / name
    folder.mkdir(parents=True)
    (folder / "model.onnx").write_bytes(model)
    (folder / "card.toml").write_text(CARD.format(name=name, head=head) + more)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folders of a user with detectors of his own, built as `build --quick` does."""
    room = tmp_path_factory.mktemp("user")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SENSORIUM_DATA_DIR", str(room / "data"))
        patch.setenv("SENSORIUM_CACHE_DIR", str(room / "cache"))
        for name, (head, model, more) in MODELS.items():
            add(room / "data", name, head, model().SerializeToString(), more)
            build.build(store.find_card(name), Progress(), quick=True)
        yield room / "data"


@pytest.fixture(scope="module")
def service(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    assert data.is_dir()
    with serving(tmp_path_factory.mktemp("detectors")) as client:
        yield client


def scene(name: str) -> tuple[np.ndarray, dict[str, list[float]]]:
    """A picture of three blocks, each a cell of the detector's input, and where they are."""
    across, down = 16, 16
    if "rtdetr" in name or "dfine" in name:
        # 96 rows are stretched to 64.
        down = 12
    places = {"red": (2, 1), "green": (5, 4), "blue": (11, 5)}
    found = {
        label: [column * across, row * down, (column + 1) * across, (row + 1) * down]
        for label, (column, row) in places.items()
    }
    return blocks.scene(96, 192, [(label, *box) for label, box in found.items()]), found


def png(pixels: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize("name", MODELS)
def test_a_detector_of_ones_own_finds_what_is_there(service: httpx.Client, name: str) -> None:
    pixels, expected = scene(name)
    response = service.post(
        "/v1/tasks/detect_objects", content=png(pixels), params={"model": name},
        headers={"Content-Type": "image/png"},
    )
    assert response.status_code == 200, response.text
    answer = response.json()
    assert [engine["name"] for engine in answer["engines"]] == [name]
    found = {entry["label"]: entry for entry in answer["outputs"][0]["objects"]}
    assert len(answer["outputs"][0]["objects"]) == 3
    assert set(found) == set(expected)
    for label, box in expected.items():
        np.testing.assert_allclose(list(found[label]["box"].values()), box, atol=0.11)
        assert found[label]["score"] > 0.85


def test_the_task_lists_the_detectors_and_refuses_what_is_none(service: httpx.Client) -> None:
    tasks = {task["name"]: task for task in service.get("/v1/tasks").json()["tasks"]}
    task = tasks["detect_objects"]
    listed = {engine["name"]: engine["built"] for engine in task["engines"]}
    assert listed == {"yolov3-tiny": False, **dict.fromkeys(MODELS, True)}
    pixels, _ = scene("my-yolox")
    for name in ("silero-vad", "nothing", "../my-yolox", ""):
        response = service.post(
            "/v1/tasks/detect_objects", content=png(pixels), params={"model": name},
            headers={"Content-Type": "image/png"},
        )
        assert response.status_code == 422
        assert "no such detector" in response.json()["detail"]
        assert "my-yolox" in response.json()["remedy"]


def test_the_builder_refuses_a_head_that_does_not_fit(data: Path) -> None:
    add(data, "wrong", "yolox", blocks.yolov8().SerializeToString())
    with pytest.raises(CardError) as caught:
        build.build(store.find_card("wrong"), Progress(), quick=True)
    assert "output float32 [1, boxes, 8]" in caught.value.message
    assert "output0 float32 [1, 7, 96]" in caught.value.message
    assert not store.built_folder("wrong").exists()
