"""The file that keeps the wearer's voice: whole, private, refused where it is broken."""

from __future__ import annotations

import json
import os
import stat
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest

from sensorium.errors import EnrolmentError
from sensorium.perception import enrolment, private_file
from sensorium.perception.enrolling import agreement
from sensorium.perception.enrolment import Enrolment, Own

if TYPE_CHECKING:
    from pathlib import Path


def unit(seed: int) -> np.ndarray:
    vector = np.abs(np.random.default_rng(seed).normal(size=256))
    return (vector / np.linalg.norm(vector)).astype(np.float32)


def example(**changed: object) -> Enrolment:
    given = {
        "made": "2026-11-25T08:00:00+00:00", "model": "m" * 64, "engine": "e" * 64,
        "sentences": 6, "seconds": 23.5, "voice": unit(0),
        "own": (Own(1.0, 0.74, 0.04), Own(2.0, 0.84, 0.03), Own(4.0, 0.88, 0.02)),
    }
    return Enrolment(**(given | changed))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "enrolments" / "speaker.json"


def test_what_was_written_is_read_again(path: Path) -> None:
    written = example()
    before = private_file.stamp(path)
    enrolment.write(path, written)
    found = enrolment.read(path)
    np.testing.assert_allclose(found.voice, written.voice, atol=1e-6)
    assert (found.made, found.model, found.engine) == (written.made, written.model, written.engine)
    assert (found.own, found.sentences, found.seconds) == (written.own, 6, 23.5)
    assert before is None
    first = private_file.stamp(path)
    enrolment.write(path, example(sentences=7))
    assert private_file.stamp(path) != first
    assert os.listdir(path.parent) == [path.name]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such rights")
def test_it_is_the_users_alone(path: Path) -> None:
    enrolment.write(path, example())
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_deleting_it_leaves_nobody(path: Path) -> None:
    assert not private_file.delete(path)
    enrolment.write(path, example())
    assert private_file.delete(path)
    with pytest.raises(EnrolmentError, match="nobody is enrolled") as caught:
        enrolment.read(path)
    assert caught.value.remedy == "sensorium enrol"


def changed(**values: object) -> bytes:
    document = {
        "format": 1, "made": "", "model": "m", "engine": "e", "sentences": 6, "seconds": 20.0,
        "voice": unit(0).tolist(), "own": [{"seconds": 1.0, "mean": 0.7, "deviation": 0.1}],
    }
    return json.dumps(document | values).encode()


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "damaged"), (b"\x00\xff\x80", "damaged"), (b"[]", "damaged"), (b"{}", "damaged"),
        (b"[" * 50_000, "damaged"), (b" " * 70_000, "larger than 64000"),
        (changed()[:-40], "damaged"), (changed(format=2), "format 2, this version has 1"),
        (changed(voice=[1.0]), "no unit vector"), (changed(voice=[0.5] * 256), "no unit vector"),
        (changed(voice=[float("nan")] * 256), "no unit vector"), (changed(voice="x"), "damaged"),
        (changed(own=[]), "cannot be"), (changed(own=5), "damaged"),
        (changed(own=[{"seconds": 1.0, "mean": float("nan"), "deviation": 0.1}]), "cannot be"),
        (changed(sentences=0), "no sentences"), (changed(sentences=float("inf")), "damaged"),
        (changed(seconds=float("nan")), "no sentences"), (changed(model=7), "texts"),
    ],
)
def test_a_broken_file_is_refused_with_the_remedy(path: Path, data: bytes, said: str) -> None:
    path.parent.mkdir()
    path.write_bytes(data)
    with pytest.raises(EnrolmentError, match=said) as caught:
        enrolment.read(path)
    assert str(path) in caught.value.message
    assert caught.value.remedy == "enrol again: sensorium enrol"


def test_a_folder_in_its_place_is_an_error(path: Path) -> None:
    path.mkdir(parents=True)
    for action in (enrolment.read, private_file.delete):
        with pytest.raises(EnrolmentError, match="cannot be"):
            action(path)
    with pytest.raises(EnrolmentError, match="cannot be written"):
        enrolment.write(path, example())


def test_more_speech_and_a_steadier_voice_raise_the_threshold() -> None:
    found = example()
    thresholds = [found.threshold(seconds) for seconds in (0.5, 1.0, 1.5, 2.0, 4.0, 9.0)]
    assert thresholds == sorted(thresholds)
    assert thresholds[0] == thresholds[1]
    assert thresholds[-1] == thresholds[-2]
    assert thresholds[1] == pytest.approx(0.5 * (enrolment.OTHERS[1.0] + 0.74 - 1.5 * 0.04))
    steady = example(own=(Own(1.0, 0.9, 0.01),))
    assert steady.threshold(1.0) > found.threshold(1.0)


def test_a_score_is_the_cosine() -> None:
    found = example()
    assert found.score(found.voice) == pytest.approx(1.0)
    assert found.score(-found.voice) == pytest.approx(-1.0)
    assert found.score(unit(1)) == pytest.approx(float(np.dot(unit(0), unit(1))))


def test_agreement_is_that_of_the_worst_division() -> None:
    a, b = np.eye(256, dtype=np.float32)[:2]
    assert agreement([a, a, a]) == pytest.approx(1.0)
    for members in ([a, a, b], [b, a, a], [a, b, a, b]):
        assert agreement(members) == pytest.approx(0.0)
