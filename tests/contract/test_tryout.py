"""`sensorium-engines try` on the real engines, and on what it cannot be tried on."""

from __future__ import annotations

import io
import json
import os
import struct
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from fixtures import engines, pictures
from fixtures.encoded_sound import encoded
from fixtures.task_server import wav
from PIL import Image

from sensorium_tools import cli

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def tried(capsys: pytest.CaptureFixture[str]) -> Callable[..., dict[str, Any]]:
    """The row of a try that succeeds; each engine that is named is built first."""

    def run(*words: str, built: tuple[str, ...] = ()) -> dict[str, Any]:
        for name in built:
            engines.ensure_built(name)
        capsys.readouterr()
        assert cli.main(["try", *words, "--json"]) == 0, capsys.readouterr().err
        (row,) = json.loads(capsys.readouterr().out)["engines"]
        return row

    return run


def saved(folder: Path, name: str, picture: str) -> str:
    path = folder / name
    path.write_bytes(pictures.picture(picture))
    return str(path)


def changed(picture: str, drawn: str) -> np.ndarray:
    """Where the picture that was drawn differs, [height, width]."""
    before, after = (np.array(Image.open(path).convert("RGB")) for path in (picture, drawn))
    assert before.shape == after.shape
    return (before != after).any(2)


def test_objects_are_told_and_drawn_by_the_detector_that_ships(tried, tmp_path: Path) -> None:
    engines.ensure_built("yolov3-tiny")
    bus = saved(tmp_path, "bus.jpg", pictures.BUS)
    row = tried(bus)
    assert row["name"] == "yolov3-tiny"
    assert {entry["label"] for entry in row["outputs"][0]["objects"]} >= {"person", "bus"}
    assert row["page"].splitlines()[1].split() == ["object", "confidence", "box", "in", "pixels"]
    assert row["drawn"] == str(tmp_path / "bus-yolov3-tiny.png")
    assert 0.005 < changed(bus, row["drawn"]).mean() < 0.2
    again = tried(bus, "--threshold", "0.95", "--output", str(tmp_path / "sure.PNG"))
    assert [entry["score"] > 0.95 for entry in again["outputs"][0]["objects"]] == [True]
    assert again["drawn"] == str(tmp_path / "sure.PNG")


def test_a_face_is_shown_with_its_points_and_what_moves(tried, tmp_path: Path) -> None:
    face = saved(tmp_path, "face.png", pictures.ASTRONAUT)
    parts = ("face-detector", "face-landmarks", "face-blendshapes")
    row = tried("face-blendshapes", face, built=parts)
    assert "mouthSmile" in row["page"]
    assert "478 landmarks" in row["page"]
    left, top, right, bottom = pictures.FACE
    inside = changed(face, row["drawn"])[top + 30 : bottom, left:right]
    # The points, and not the words, which stand beside the face.
    assert 0.02 < inside.mean() < 0.5
    assert "emotion" not in row["outputs"][0]["faces"][0]
    row = tried("face-emotion", face, built=("face-emotion",))
    assert row["outputs"][0]["faces"][0]["emotion"][0]["label"] == "happy"
    assert "happy" in row["page"]


def test_what_a_picture_shows_is_written_into_its_corner(tried, tmp_path: Path) -> None:
    cup = saved(tmp_path, "cup.png", pictures.COFFEE)
    row = tried("efficientnet-lite0", cup, built=("efficientnet-lite0",))
    assert "espresso" in row["page"].splitlines()[2]
    where = changed(cup, row["drawn"])
    assert where[:40, :60].mean() > 0.5
    assert not where[200:].any()


def test_texts_are_tried_without_a_picture(tried) -> None:
    row = tried("text-emotion", "I am so happy today", "I am afraid of the dark",
                built=("text-emotion",))  # fmt: skip
    assert [output["labels"][0]["label"] for output in row["outputs"]] == ["joy", "fear"]
    assert "drawn" not in row
    row = tried("minilm", "a dog barks", "dim the lights", "the dog is barking", built=("minilm",))
    alike = row["page"].splitlines()[2]
    assert "a dog barks" in alike
    assert "the dog is barking" in alike


def test_a_sound_is_tried_and_silence_is_called_so(tried, tmp_path: Path) -> None:
    (tmp_path / "silence.wav").write_bytes(wav(np.zeros(32_000)))
    row = tried("silero-vad", str(tmp_path / "silence.wav"), built=("silero-vad",))
    assert row["task"] == "transcribe"
    assert "2.0 s, and nobody speaks" in row["page"]
    (tmp_path / "silence.flac").write_bytes(encoded(np.zeros(32_000), "flac"))
    assert "nobody speaks" in tried("silero-vad", str(tmp_path / "silence.flac"))["page"]


@pytest.fixture
def refused(capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """What is said of a try that fails, the remedy too; nothing is on stdout."""

    def run(*words: str) -> str:
        capsys.readouterr()
        assert cli.main(["try", *words]) == 1
        said = capsys.readouterr()
        assert not said.out
        return " ".join(said.err.split())

    return run


def bomb(side: int) -> bytes:
    """A PNG of a few bytes that says it has `side` x `side` pixels."""
    head = b"IHDR" + struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk))
        for chunk in (head, b"IDAT" + zlib.compress(bytes(1000)), b"IEND")
    )


def test_what_is_no_picture_is_refused_with_the_reason(refused, tmp_path: Path) -> None:
    engines.ensure_built("efficientnet-lite0")
    whole = io.BytesIO()
    Image.new("RGB", (64, 64), "red").save(whole, "PNG")
    files = {"text.png": b"hello", "empty.png": b"", "cut.png": whole.getvalue()[:90]}
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
        said = refused("efficientnet-lite0", str(tmp_path / name))
        assert "takes a picture, and this cannot be read" in said
        assert "give a whole PNG, JPEG or WebP file" in said
    (tmp_path / "bomb.png").write_bytes(bomb(100_000))
    said = refused("efficientnet-lite0", str(tmp_path / "bomb.png"))
    assert "100000 x 100000 pixels are too many" in said
    assert "there is no such file" in refused("efficientnet-lite0", str(tmp_path / "gone.png"))
    assert "is no file" in refused("efficientnet-lite0", str(tmp_path))
    assert "nothing to try it on" in refused("efficientnet-lite0")
    (tmp_path / "whole.png").write_bytes(whole.getvalue())
    one = str(tmp_path / "whole.png")
    assert "takes one picture, not 2" in refused("efficientnet-lite0", one, one)
    assert "parameters.threshold: 2.0 is not allowed" in refused(
        "efficientnet-lite0", one, "--threshold", "2"
    )
    assert not list(tmp_path.glob("*-efficientnet-lite0.png"))


def test_the_input_is_never_written_over(refused, tmp_path: Path) -> None:
    engines.ensure_built("efficientnet-lite0")
    path = tmp_path / "a.png"
    Image.new("RGB", (64, 64), "red").save(path)
    before = path.read_bytes()
    os.link(path, tmp_path / "hard.png")
    (tmp_path / "soft.png").symlink_to(path)
    for name in ("a.png", "hard.png", "soft.png", "../" + tmp_path.name + "/a.png"):
        said = refused("efficientnet-lite0", str(path), "--output", str(tmp_path / name))
        assert "is the picture itself" in said
    assert path.read_bytes() == before
    assert "PNG" in refused("efficientnet-lite0", str(path), "--output", str(tmp_path / "a.jpg"))
    assert "no such folder" in refused(
        "efficientnet-lite0", str(path), "--output", str(tmp_path / "gone" / "a.png")
    )
    assert sorted(each.name for each in tmp_path.iterdir()) == ["a.png", "hard.png", "soft.png"]


def test_an_engine_of_another_kind_is_named_as_such(refused, tmp_path: Path) -> None:
    for name in ("text-emotion", "silero-vad", "minilm"):
        engines.ensure_built(name)
    path = tmp_path / "a.png"
    Image.new("RGB", (64, 64), "red").save(path)
    said = refused("gtcrn", str(path))
    assert "no task shows by itself what it does" in said
    assert "yolov3-tiny" in said
    assert "is a file, and text-emotion takes texts" in refused("text-emotion", str(path))
    said = refused("silero-vad", str(path))
    assert "silero-vad takes a sound, and this is not a WAV file" in said
    assert "there is no engine card nothing" in refused("nothing", str(path))
    assert "this is one" in refused("minilm", "a text")
    assert "draws no picture" in refused("minilm", "a", "b", "--output", "c.png")
    assert "this task has none" in refused("minilm", "a", "b", "--threshold", "0.5")
