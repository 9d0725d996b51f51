"""The tasks on pictures, asked over a socket, on the real engines."""

from __future__ import annotations

import io
import json
import struct
import zlib
from typing import TYPE_CHECKING

import numpy as np
import pytest
from fixtures import engines, pictures
from fixtures.task_server import serving
from PIL import Image

from sensorium.inference import store

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

cv2 = pytest.importorskip("cv2")
PNG, JPEG = {"Content-Type": "image/png"}, {"Content-Type": "image/jpeg"}


NOISE = np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    with serving(tmp_path_factory.mktemp("pictures"), max_body_mib=4) as client:
        yield client


def saved(pixels: np.ndarray, kind: str = "PNG", **options: object) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind, **options)
    return file.getvalue()


def asked(service: httpx.Client, task: str, data: bytes, headers=PNG, **parameters) -> dict:
    response = service.post(f"/v1/tasks/{task}", content=data, headers=headers, params=parameters)
    assert response.status_code == 200, response.text
    answer = response.json()
    assert answer["task"] == task
    (output,) = answer["outputs"]
    return {**output, "engines": [engine["name"] for engine in answer["engines"]]}


def bomb(side: int) -> bytes:
    """A PNG of a few bytes that says it has `side` x `side` pixels."""
    head = b"IHDR" + struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk))
        for chunk in (head, b"IDAT" + zlib.compress(bytes(1000)), b"IEND")
    )


def reference(pixels: np.ndarray, threshold: float, limit: float) -> list[tuple]:
    """(label, score, box) by OpenCV's resizing and its suppression class by class."""
    height, width = pixels.shape[:2]
    scale = 416 / max(height, width)
    size = int(width * scale), int(height * scale)
    left, top = (416 - size[0]) // 2, (416 - size[1]) // 2
    square = np.full((416, 416, 3), 0.5, np.float32)
    square[top : top + size[1], left : left + size[0]] = cv2.resize(
        pixels.astype(np.float32) / 255, size, interpolation=cv2.INTER_LINEAR
    )
    results = store.load("yolov3-tiny").run(
        {"image": np.ascontiguousarray(square.transpose(2, 0, 1)[None])}
    )
    boxes, scores = results["boxes"][0].astype(float) * 416, results["scores"][0]
    found = []
    for label in range(scores.shape[1]):
        corners = [[x0, y0, x1 - x0, y1 - y0] for x0, y0, x1, y1 in boxes.tolist()]
        for at in np.ravel(cv2.dnn.NMSBoxes(corners, scores[:, label].tolist(), threshold, limit)):
            x0, y0, x1, y1 = boxes[int(at)]
            box = np.array([x0 - left, y0 - top, x1 - left, y1 - top]) / scale
            found.append((
                label, float(scores[int(at), label]), np.clip(box, 0, [width, height] * 2)
            ))
    return sorted(found, key=lambda entry: -entry[1])


def test_objects_are_those_that_opencv_makes_of_the_same_scores(service: httpx.Client) -> None:
    engines.ensure_built("yolov3-tiny")
    labels = store.find_card("yolov3-tiny").engine.labels
    data = pictures.picture(pictures.BUS)
    found = asked(service, "detect_objects", data, JPEG)
    expected = reference(np.array(Image.open(io.BytesIO(data))), 0.25, 0.45)
    assert (found["width"], found["height"]) == (810, 1080)
    assert [entry["label"] for entry in found["objects"]] == [labels[e[0]] for e in expected]
    for entry, (_, score, box) in zip(found["objects"], expected, strict=True):
        assert entry["score"] == pytest.approx(score, abs=0.01)
        np.testing.assert_allclose(list(entry["box"].values()), box, atol=4)
    assert {"person", "bus"} <= {entry["label"] for entry in found["objects"]}


def test_objects_can_be_chosen(service: httpx.Client) -> None:
    engines.ensure_built("yolov3-tiny")
    data = pictures.picture(pictures.BUS)
    persons = asked(service, "detect_objects", data, JPEG, labels=["person"], top_k=2)["objects"]
    assert [entry["label"] for entry in persons] == ["person"] * 2
    assert persons[0]["score"] > persons[1]["score"]
    assert not asked(service, "detect_objects", data, JPEG, threshold=1.0)["objects"]
    refused = service.post(
        "/v1/tasks/detect_objects", content=data, headers=JPEG, params={"labels": "persn"}
    )
    assert refused.status_code == 422
    assert refused.json()["remedy"] == "did you mean person?"


def test_a_picture_that_lies_on_its_side_has_the_same_objects(service: httpx.Client) -> None:
    engines.ensure_built("yolov3-tiny")
    pixels = np.array(Image.open(io.BytesIO(pictures.picture(pictures.COFFEE))).convert("RGB"))
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = saved(np.ascontiguousarray(np.rot90(pixels, 1)), exif=exif)
    upright = asked(service, "detect_objects", saved(pixels))
    assert asked(service, "detect_objects", turned) == upright
    assert [entry["label"] for entry in upright["objects"]] == ["cup"]


def test_what_a_picture_shows_is_told(service: httpx.Client) -> None:
    engines.ensure_built("efficientnet-lite0")
    found = asked(service, "classify_image", pictures.picture(pictures.COFFEE), top_k=3)
    assert found["labels"][0]["label"] == "espresso"
    assert len(found["labels"]) == 3
    assert found["labels"][0]["score"] > 0.5
    labels = store.find_card("efficientnet-lite0").engine.labels
    assert all(labels[entry["class"]] == entry["label"] for entry in found["labels"])


def test_the_regions_that_show_it_are_told(service: httpx.Client) -> None:
    engines.ensure_built("efficientnet-lite0")
    coffee = np.array(Image.open(io.BytesIO(pictures.picture(pictures.COFFEE))).convert("RGB"))
    # The same cup, small, at the left of what is looked at; all around it is grey.
    height, width = coffee.shape[:2]
    wide = np.full((height, width, 3), 127, np.uint8)
    cup = coffee[::3, ::3]
    top, left = height // 3, (width - int(height * 224 / 256)) // 2
    wide[top : top + cup.shape[0], left : left + cup.shape[1]] = cup
    found = asked(service, "classify_image", saved(wide), explain=True)
    explained = found["explanation"]
    assert explained["label"] == found["labels"][0]["label"]
    assert len(explained["regions"]) == 49
    crop = (width - int(height * 224 / 256)) / 2
    for region in explained["regions"]:
        box = region["box"]
        assert crop - 2 <= box["left"] < box["right"] <= width - crop + 2
        assert box["right"] - box["left"] == pytest.approx(height * 224 / 256 / 4, abs=2)
    most = max(explained["regions"], key=lambda region: region["score"])
    assert most["score"] > 0.05
    middle = (most["box"]["left"] + most["box"]["right"]) / 2
    assert left < middle < left + cup.shape[1]
    empty = [
        region["score"] for region in explained["regions"]
        if region["box"]["bottom"] <= top or region["box"]["top"] >= top + cup.shape[0]
        or region["box"]["left"] >= left + cup.shape[1]
    ]
    assert empty
    assert max(map(abs, empty)) < 0.01


def test_a_face_is_found_with_its_smile(service: httpx.Client) -> None:
    for name in ("face-detector", "face-landmarks", "face-blendshapes"):
        engines.ensure_built(name)
    found = asked(service, "face", pictures.picture(pictures.ASTRONAUT), landmarks=True)
    (face,) = found["faces"]
    left, top, right, bottom = pictures.FACE
    for name, (x, y) in face["keypoints"].items():
        assert left - 5 < x < right + 5, name
        assert top < y < bottom, name
    assert face["keypoints"]["right_eye"][0] < face["keypoints"]["left_eye"][0]
    assert len(face["landmarks"]) == 478
    assert len(face["blendshapes"]) == 52 - 1
    strongest = sorted(face["blendshapes"], key=face["blendshapes"].get)[-2:]
    assert sorted(strongest) == ["mouthSmileLeft", "mouthSmileRight"]
    assert face["presence"] > 0.9
    assert "emotion" not in face
    assert asked(service, "face", pictures.picture(pictures.COFFEE))["faces"] == []


def test_an_expression_is_told_where_it_is_asked_for(service: httpx.Client) -> None:
    for name in ("face-detector", "face-emotion"):
        engines.ensure_built(name)
    data = pictures.picture(pictures.ASTRONAUT)
    found = asked(service, "face", data, emotion=True, blendshapes=False)
    assert found["engines"] == ["face-detector", "face-emotion"]
    assert found["faces"][0]["emotion"][0]["label"] == "happy"


@pytest.mark.parametrize(
    ("data", "status", "said"),
    [
        (b"", 422, "cannot be read"), (b"hello", 422, "cannot be read"),
        (saved(NOISE)[:800], 422, "cannot be read"),
        (saved(np.zeros((64, 64, 3), np.uint8), "BMP"), 422, "PNG, JPEG, WEBP"),
        (bomb(100_000), 413, "100000 x 100000 pixels"),
        (bytes(5 << 20), 413, "more than 4194304 bytes"),
    ],
    ids=range(6),
)
def test_bad_pictures_are_refused(
    service: httpx.Client, data: bytes, status: int, said: str
) -> None:
    response = service.post("/v1/tasks/classify_image", content=data, headers=PNG)
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    assert said in response.json()["detail"]
    assert response.json()["remedy"]


@pytest.mark.parametrize("mode", ["L", "1", "P", "RGBA", "LA", "I;16"])
def test_every_kind_of_pixels_is_answered(service: httpx.Client, mode: str) -> None:
    engines.ensure_built("efficientnet-lite0")
    file = io.BytesIO()
    image = Image.fromarray(np.arange(256 * 256, dtype=np.uint16).reshape(256, 256))
    (image if mode == "I;16" else Image.new("RGB", (9, 500), "red").convert(mode)).save(file, "PNG")
    assert len(asked(service, "classify_image", file.getvalue())["labels"]) == 5


def test_another_media_type_is_refused(service: httpx.Client) -> None:
    for headers in ({}, {"Content-Type": "image/tiff"}, {"Content-Type": "application/json"}):
        response = service.post("/v1/tasks/classify_image", content=b"x", headers=headers)
        assert response.status_code == 415
        assert "image/png" in response.json()["remedy"]


def test_parameters_of_a_query_are_checked(service: httpx.Client) -> None:
    for query in ("top_k=0", "top_k=x", "threshold=nan", "more=1", "timeout_s=0"):
        response = service.post(f"/v1/tasks/classify_image?{query}", content=b"x", headers=PNG)
        assert response.status_code == 422, query
        assert "parameters." in json.dumps(response.json())
