"""The file of own gestures: whole, private, refused where broken; and what cannot be enrolled."""

from __future__ import annotations

import json
import stat
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from sensorium.errors import EnrolmentError
from sensorium.perception import own_gestures
from sensorium.perception.gesture_enrolling import enrol, recording, without
from sensorium.perception.own_gestures import FRAMES, WIDTH, OwnGesture, OwnGestures

if TYPE_CHECKING:
    from pathlib import Path

FREE = np.random.default_rng(0).normal(0.0, 0.08, (90, WIDTH))


def shown(mean: float, count: int = 4, seed: int = 0) -> list[np.ndarray]:
    noise = np.random.default_rng([seed, 100 + int(100 * mean)])
    return [mean + noise.normal(0.0, 0.08, (FRAMES, WIDTH)) for _ in range(count)]


def example() -> OwnGestures:
    known = own_gestures.none()
    for name, mean in (("horns", 0.3), ("né", -0.3)):
        known = enrol(name, shown(mean), FREE, known, {}).own
    return known


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "enrolments" / "gestures.json"


def test_what_was_written_is_read_again(path: Path) -> None:
    written = example()
    assert own_gestures.read(path).gestures == ()
    own_gestures.write(path, written)
    found = own_gestures.read(path)
    for one, other in zip(found.gestures, written.gestures, strict=True):
        assert (one.id, one.name, one.made) == (other.id, other.name, other.made)
        assert one.limit == pytest.approx(other.limit, abs=1e-4)
        np.testing.assert_array_equal(one.recordings, other.recordings)
    np.testing.assert_array_equal(found.free, written.free)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such rights")
def test_it_is_the_users_alone(path: Path) -> None:
    own_gestures.write(path, example())
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_without_the_last_gesture_nothing_is_kept(path: Path) -> None:
    known = example()
    own_gestures.write(path, known)
    known = without("horns", known)
    assert [(one.id, one.name) for one in known.gestures] == [(2, "né")]
    known = without("né", known)
    own_gestures.write(path, known)
    assert not path.exists()
    with pytest.raises(EnrolmentError, match="there is no gesture 'horns'"):
        without("horns", known)


def changed(**values: object) -> bytes:
    gesture = {
        "id": 1, "name": "a", "made": "", "limit": 1.5,
        "recordings": np.zeros((3, FRAMES, WIDTH)).tolist(),
    }
    document = {"format": 1, "gestures": [gesture], "free": []}
    for name, value in values.items():
        (document if name in document else gesture)[name] = value
    return json.dumps(document).encode()


def test_the_smallest_file_is_read(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(changed())
    assert own_gestures.read(path).gestures[0].name == "a"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "damaged"), (b"\x00\xff", "damaged"), (b"[]", "damaged"), (b"{}", "damaged"),
        (b"[" * 50_000, "damaged"), (b" " * 4_000_001, "larger than"),
        (changed()[:-9], "damaged"), (changed(format=2), "format 2, this version has 1"),
        (changed(gestures=[]), "rising ids"), (changed(gestures=5), "damaged"),
        (changed(id=0), "rising ids"), (changed(id=1 << 31), "rising ids"),
        (changed(name=7), "texts"), (changed(name="x" * 32), "longer than 31"),
        (changed(name="grab"), "known already"), (changed(limit=float("nan")), "limit"),
        (changed(limit=0), "limit"), (changed(recordings=[]), "too few"),
        (changed(recordings=[[[0.0] * WIDTH] * FRAMES]), "too few"),
        (changed(recordings=[[[0.0] * WIDTH]] * 3), "no embeddings"),
        (changed(recordings=np.full((3, FRAMES, WIDTH), np.nan).tolist()), "no embeddings"),
        (changed(free=[[0.0]]), "damaged"), (changed(free=[[9.0] * WIDTH]), "no embeddings"),
    ],
)
def test_a_broken_file_is_refused_with_the_remedy(path: Path, data: bytes, said: str) -> None:
    path.parent.mkdir()
    path.write_bytes(data)
    with pytest.raises(EnrolmentError, match=said) as caught:
        own_gestures.read(path)
    assert str(path) in caught.value.message
    assert "enrol again" in caught.value.remedy


@pytest.mark.parametrize("count", [0, 1, 2, 13])
def test_one_recording_is_no_enrolment(count: int) -> None:
    with pytest.raises(EnrolmentError, match=f"^{count} recordings .* 3 to 12 are needed"):
        enrol("horns", shown(0.3, count), FREE, own_gestures.none(), {})


def test_the_same_gesture_under_another_name_is_refused_and_named() -> None:
    known = example()
    with pytest.raises(EnrolmentError, match="it is the same as 'horns'") as caught:
        enrol("again", shown(0.3, seed=5), FREE, known, {})
    assert "delete 'horns' first" in caught.value.remedy


def test_under_its_own_name_it_is_enrolled_anew_and_keeps_its_id() -> None:
    made = enrol("horns", shown(0.3, 5, seed=5), FREE, example(), {})
    assert [(one.id, one.name) for one in made.own.gestures] == [(1, "horns"), (2, "né")]
    assert len(made.gesture.recordings) == 5
    assert made.warnings == []


def test_recordings_of_many_things_are_refused() -> None:
    mixed = [shown(mean, 1)[0] for mean in (0.3, -0.3, 0.6, -0.6)]
    with pytest.raises(EnrolmentError, match="not of one gesture"):
        enrol("horns", mixed, FREE, own_gestures.none(), {})


def test_what_the_hands_do_anyway_is_refused() -> None:
    with pytest.raises(EnrolmentError, match="the hands do this otherwise"):
        enrol("horns", shown(0.0), FREE, own_gestures.none(), {})


def test_free_motion_that_was_not_seen_is_refused() -> None:
    with pytest.raises(EnrolmentError, match="29 frames of free motion"):
        enrol("horns", shown(0.3), FREE[:29], own_gestures.none(), {})


def test_a_gesture_that_a_sense_tells_by_itself_is_warned_of() -> None:
    made = enrol("horns", shown(0.3), FREE, own_gestures.none(), {"grab": 0.9, "point": 0.1})
    assert made.warnings == ["'horns' is told as 'grab', too, in 90% of the recordings"]


def test_a_slip_is_warned_of() -> None:
    slip = shown(0.3, 1, seed=9)[0]
    slip[:, :9] -= 0.8
    made = enrol("horns", [*shown(0.3, 7), slip], FREE, own_gestures.none(), {})
    assert "recording 8 is not known from the others: enrol again if it was a slip" in made.warnings


def test_gestures_that_are_sometimes_taken_for_one_another_are_warned_of() -> None:
    between = [*shown(0.3, 1, seed=9), *shown(0.36, 5, seed=9)]
    known = enrol("horns", shown(0.3, 6), FREE, own_gestures.none(), {}).own
    made = enrol("near", between, FREE, known, {})
    assert any("'near' and 'horns' may be confused" in one for one in made.warnings)


def test_there_is_a_most() -> None:
    one = OwnGesture(1, "0", "", 1.5, tuple(shown(0.3)))
    many = tuple(replace(one, id=1 + at, name=str(at)) for at in range(own_gestures.MOST))
    with pytest.raises(EnrolmentError, match="32 own gestures that are held already"):
        enrol("more", shown(-0.3), FREE, OwnGestures(many, FREE), {})


@pytest.mark.parametrize(
    "name", ["", " a", "a\n", "x" * 32, "ü" * 16, "grab", "swipe_left", "\x1b[2J"]
)
def test_a_name_that_cannot_be_is_refused(name: str) -> None:
    with pytest.raises(EnrolmentError, match="the name"):
        enrol(name, shown(0.3), FREE, own_gestures.none(), {})


def test_a_hand_that_is_not_seen_or_not_held_is_no_recording() -> None:
    still = shown(0.3, 15)
    frames = np.concatenate(still)
    assert recording(frames.tolist()).shape == (FRAMES, WIDTH)
    with pytest.raises(EnrolmentError, match="seen in 14 frames, 15 are needed"):
        recording(frames[:14].tolist())
    with pytest.raises(EnrolmentError, match="moved meanwhile"):
        recording([*frames[:20].tolist(), *(frames[:20] + 0.8).tolist()])
