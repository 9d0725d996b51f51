"""Detectors of others' exports by a card alone: built, asked over the local API, tried."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import onnxruntime
import pytest
from fixtures import block_detectors as blocks
from fixtures import pinned
from fixtures.senses import Player, no_rings
from fixtures.task_server import serving
from PIL import Image, ImageDraw, ImageFont

from sensorium import folders, records
from sensorium.errors import CardError
from sensorium.inference import store
from sensorium.perception.objects import Objects, ObjectsOptions
from sensorium_tools import build, cli, fetch
from sensorium_tools.progress import Progress
from sensorium_tools.tryout.canvas import colour_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import httpx

cv2 = pytest.importorskip("cv2")
ROOT = folders.data_room("engines").parent
CODE = "import sys; from sensorium_tools.cli import main; sys.exit(main())"
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
    room, downloads = tmp_path_factory.mktemp("user"), folders.cache_dir() / "downloads"
    downloads.mkdir(parents=True, exist_ok=True)
    (room / "cache").mkdir()
    (room / "cache" / "downloads").symlink_to(downloads)
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


@pytest.mark.parametrize("name", MODELS)
def test_the_sense_takes_a_detector_whose_card_states_no_inputs(data: Path, name: str) -> None:
    assert (data / "engines" / name).is_dir()
    pixels, expected = scene(name)
    engine = store.load(name)
    sense = Objects(ObjectsOptions(engine=name), {name: engine}, no_rings())
    player = Player(sense.streams()[0])
    record = records.PICTURE.zeros()
    record["height"], record["width"], record["format"] = *pixels.shape[:2], 1
    record["pixels"][0, : pixels.size] = pixels.ravel()
    player.valid(record, 1)
    engine.close()
    (said,) = player.said
    found = said.record[0]["objects"][: said["count"]]
    assert {one["name"].decode(): one["box"].tolist() for one in found} == {
        label: pytest.approx(np.divide(box, [192, 96] * 2), abs=0.01)
        for label, box in expected.items()
    }


def test_the_task_lists_the_detectors_and_refuses_what_is_none(service: httpx.Client) -> None:
    tasks = {task["name"]: task for task in service.get("/v1/tasks").json()["tasks"]}
    task = tasks["detect_objects"]
    listed = {engine["name"]: engine["built"] for engine in task["engines"]}
    assert listed.items() >= {"yolov3-tiny": False, **dict.fromkeys(MODELS, True)}.items()
    assert "silero-vad" not in listed
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


def test_a_detector_is_tried_as_a_command_and_its_boxes_are_drawn(
    data: Path, tmp_path: Path
) -> None:
    pixels, expected = scene("my-yolox")
    picture = tmp_path / "blocks.png"
    picture.write_bytes(png(pixels))
    path = os.pathsep.join(str(ROOT / room) for room in ("runtime", "tools"))
    done = subprocess.run(
        [sys.executable, "-c", CODE, "try", "my-yolox", str(picture), "--json"],
        env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True, check=False,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    (row,) = json.loads(done.stdout)["engines"]
    assert data.is_dir()
    assert (row["name"], row["state"], row["task"]) == ("my-yolox", "tried", "detect_objects")
    assert row["drawn"] == str(tmp_path / "blocks-my-yolox.png")
    assert picture.read_bytes() == png(pixels)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["blocks-my-yolox.png", "blocks.png"]
    drawn = np.array(Image.open(row["drawn"]))
    assert drawn.shape == pixels.shape
    for entry in row["outputs"][0]["objects"]:
        left, _, right, bottom = expected[entry["label"]]
        right, bottom = min(right, 191), min(bottom, 95)
        assert tuple(drawn[bottom, left]) == colour_of(entry["label"])
        assert tuple(drawn[bottom, right]) == colour_of(entry["label"])
        assert tuple(drawn[bottom - 4, left + 4]) == tuple(pixels[bottom - 4, left + 4])


def test_a_list_says_which_head_a_detector_has(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert data.is_dir()
    assert cli.main(["list", "my-dfine", "silero-vad", "--json"]) == 0
    mine, other = json.loads(capsys.readouterr().out)["engines"]
    assert (mine["head"], mine["state"]) == ("rtdetr", "built")
    assert "head" not in other


def test_who_has_no_detector_is_told_how_to_build_one(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert data.is_dir()
    picture = tmp_path / "blocks.png"
    picture.write_bytes(png(scene("my-yolox")[0]))
    assert cli.main(["try", str(picture)]) == 1
    said = capsys.readouterr().err
    assert "the engine yolov3-tiny was not built" in said
    assert "only when it is named" in said
    assert "sensorium-engines build yolov3-tiny" in said


# A YOLOX of one class (characters of any script) that a package ships under MIT.
PACKAGE = """
[engine]
name = "characters"
labels = ["character"]
[[sources]]
kind = "package"
package = "ddddocr"
version = "1.6.1"
file = "ddddocr-1.6.1-py3-none-any.whl"
sha256 = "c7c70f4ae2d0335440ae8b272eea48c9f6888ecef46785fe2311f0c97a133935"
paths = ["ddddocr/common_det.onnx"]
[[weights]]
sha256 = "6faa8ea85a8c1a634e5050c4a138fca10f30194e0d7abbe9ade1fcd423af6ed6"
[upstream]
licence = "MIT"
[objects]
head = "yolox"
"""


def written() -> tuple[np.ndarray, list[tuple[int, int]]]:
    """Five large letters on a ground of soft spots, and the places that each covers."""
    ground = np.random.default_rng(0).integers(60, 200, (12, 18, 3), dtype=np.uint8)
    image = Image.fromarray(ground).resize((360, 240), Image.Resampling.BICUBIC)
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(48)
    places = [(30, 30), (150, 110), (280, 40), (70, 160), (250, 170)]
    for place, letter in zip(places, "KM7RX", strict=True):
        draw.text(place, letter, "white", font, stroke_width=3, stroke_fill=(20, 20, 20))
    return np.array(image), [(x + 18, y + 30) for x, y in places]


def by_the_demo(pixels: np.ndarray, model: bytes) -> list[tuple[float, list[float]]]:
    """Score and box, written after the text of YOLOX's demo, with OpenCV's suppression."""
    height, width = pixels.shape[:2]
    ratio = min(416 / height, 416 / width)
    size = int(width * ratio), int(height * ratio)
    square = np.full((416, 416, 3), 114, np.uint8)
    square[: size[1], : size[0]] = cv2.resize(
        pixels[:, :, ::-1], size, interpolation=cv2.INTER_LINEAR
    )
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    feeds = {session.get_inputs()[0].name: square.transpose(2, 0, 1)[None].astype(np.float32)}
    (rows,) = session.run(None, feeds)[0]
    boxes, scores, at = [], [], 0
    for stride in (8, 16, 32):
        for y in range(416 // stride):
            for x in range(416 // stride):
                wide, high = np.exp(rows[at, 2:4]) * stride
                centre = (rows[at, 0] + x) * stride, (rows[at, 1] + y) * stride
                boxes.append([centre[0] - wide / 2, centre[1] - high / 2, wide, high])
                scores.append(float(rows[at, 4] * rows[at, 5]))
                at += 1
    kept = np.ravel(cv2.dnn.NMSBoxes(np.array(boxes).tolist(), scores, 0.3, 0.45))
    return [
        (scores[at], [x / ratio, y / ratio, (x + wide) / ratio, (y + high) / ratio])
        for at in kept for x, y, wide, high in [boxes[at]]
    ]


def test_a_yolox_of_a_package_finds_what_its_makers_demo_finds(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pixels, places = written()
    (tmp_path / "letters.png").write_bytes(png(pixels))
    folder = data / "engines" / "characters"
    folder.mkdir()
    (folder / "card.toml").write_text(PACKAGE)
    source = store.find_card("characters").sources[0]
    model = pinned.read(
        fetch.Pinned("the test of detectors", source.package, source.file, source.sha256),
        source.paths[0],
    )
    assert cli.main(["build", "--quick", "characters"]) == 0
    capsys.readouterr()
    assert cli.main(["try", "characters", str(tmp_path / "letters.png"), "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)["engines"]
    found, expected = row["outputs"][0]["objects"], by_the_demo(pixels, model)
    assert len(found) == len(expected) == 5
    for entry, (score, box) in zip(found, expected, strict=True):
        assert entry["score"] == pytest.approx(score, abs=0.01)
        np.testing.assert_allclose(list(entry["box"].values()), box, atol=1.5)
    for x, y in places:
        assert any(
            entry["box"]["left"] < x < entry["box"]["right"]
            and entry["box"]["top"] < y < entry["box"]["bottom"] for entry in found
        )
