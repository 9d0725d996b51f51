"""The wearer's own gestures in the sense `hand_gesture`, from enrolled to forgotten."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import numpy as np
import pytest
from fixtures.hand_desk import FRAME_NS, HandDesk, joints
from fixtures.own_hands import OwnWearer

from sensorium.perception import own_gestures
from sensorium.perception.followed_file import LOOK_NS
from sensorium.perception.gesture_enrolling import enrol, recording, without
from sensorium.perception.hand_embedding import embed
from sensorium.perception.hand_gesture import HandOptions
from sensorium.records.hands import OWN
from sensorium_tools.hand_poses import LEFT, RIGHT

if TYPE_CHECKING:
    from pathlib import Path

    from sensorium.perception.own_gestures import OwnGestures

BEGIN, END = 1, 2
HOLD = 2
NAMES = ("horns", "three")


class Made:
    """One wearer's enrolment of two gestures, and what that wearer shows later."""

    def __init__(self) -> None:
        self.wearer = OwnWearer(np.random.default_rng(7))
        free = [embed(points.tolist(), RIGHT) for points in self.wearer.free(360)[::4]]
        self.own: OwnGestures = own_gestures.none()
        for name in NAMES:
            shown = [
                recording([embed(one.tolist(), RIGHT) for one in self.wearer.holds(name, 15)])
                for _ in range(4)
            ]
            self.enrolled = enrol(name, shown, free, self.own, {})
            self.own = self.enrolled.own
        self.later = {name: self.wearer.holds(name, 12) for name in (*NAMES, "rest", "fist")}


@functools.cache
def made() -> Made:
    return Made()


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SENSORIUM_DATA_DIR", str(tmp_path))
    return own_gestures.place()


def show(desk: HandDesk, name: str, side: int = RIGHT, count: int = 12, **options) -> list[np.void]:
    """Frames of what the wearer shows later; with the left hand its mirror image."""
    told = []
    for points in made().later[name][:count]:
        placed = points * (-1.0, 1.0, 1.0) if side == LEFT else points
        told += desk.frame({side: joints(placed, side)}, **options)
    return [one for one in told if one["action"] == OWN]


def keep(desk: HandDesk, path: Path, own: OwnGestures) -> None:
    """Writes the file; time goes on until it is looked at again."""
    own_gestures.write(path, own)
    desk.now_ns += LOOK_NS


def state(desk: HandDesk, side: int = RIGHT) -> np.void:
    return desk.newest(("hand_gesture_left", "hand_gesture_right")[side - 1]).record[0]


def desk() -> HandDesk:
    return HandDesk(HandOptions(movements=False))


@pytest.mark.parametrize("side", [LEFT, RIGHT], ids=["left", "right"])
@pytest.mark.parametrize("name", NAMES)
def test_it_begins_holds_and_ends_under_its_own_name(path: Path, name: str, side: int) -> None:
    own_gestures.write(path, made().own)
    at = desk()
    assert show(at, "rest", side) == []
    first_ns = at.now_ns + FRAME_NS
    (begin,) = show(at, name, side)
    number = 1 + NAMES.index(name)
    assert (begin["event"], begin["side"], begin["own"]) == (BEGIN, side, number)
    assert (begin["name"], begin["own_name"]) == (name.encode(), name.encode())
    assert begin["chance"] >= 0.7
    assert (begin["own_begins"], begin["own_ends"], begin["own_begin_ns"]) == (1, 0, first_ns)
    held = state(at, side)
    assert (held["own"], held["own_name"], held["own_phase"]) == (number, name.encode(), HOLD)
    assert held["own_score"] > 0.7
    assert held["own_known"] == 2
    (end,) = show(at, "rest", side)
    assert (end["event"], end["own"], end["lost"], end["own_ends"]) == (END, number, 0, 1)
    after = state(at, side)
    assert (after["own"], after["own_name"], after["own_phase"]) == (0, b"", 0)


def test_nothing_is_told_of_what_the_hands_do_otherwise(path: Path) -> None:
    own_gestures.write(path, made().own)
    at = desk()
    for points in made().wearer.free(270):
        at.frame({RIGHT: joints(points, RIGHT)})
    assert [one["name"] for one in at.events if one["action"] == OWN] == []


def test_it_is_told_as_soon_as_it_is_enrolled_and_no_more_once_deleted(path: Path) -> None:
    at = desk()
    assert show(at, "horns") == []
    assert state(at)["own_known"] == 0
    keep(at, path, made().own)
    (begin,) = show(at, "horns")
    assert begin["name"] == b"horns"
    keep(at, path, without("horns", made().own))
    (end,) = show(at, "horns")
    assert (end["event"], end["name"], end["lost"]) == (END, b"horns", 1)
    assert state(at)["own_known"] == 1
    assert [one["name"] for one in show(at, "three")] == [b"three"]
    keep(at, path, without("three", without("horns", made().own)))
    show(at, "three")
    assert not path.exists()
    assert state(at)["own_known"] == 0


def test_a_damaged_file_ends_what_is_told_and_is_named(path: Path, caplog) -> None:
    own_gestures.write(path, made().own)
    at = desk()
    show(at, "horns")
    path.write_text("{")
    at.now_ns += LOOK_NS
    assert [one["event"] for one in show(at, "horns")] == [END]
    assert "own gestures cannot be used" in caplog.text
    assert "enrol again" in caplog.text
    keep(at, path, made().own)
    assert [one["event"] for one in show(at, "horns")] == [BEGIN]


def test_a_lost_hand_ends_it_marked_so(path: Path) -> None:
    own_gestures.write(path, made().own)
    at = desk()
    show(at, "horns")
    (end,) = [one for one in at.frame({RIGHT: None}) if one["action"] == OWN]
    assert (end["event"], end["name"], end["lost"]) == (END, b"horns", 1)
    assert not at.newest("hand_gesture_right").valid
    broken = joints(made().later["horns"][0], RIGHT)
    show(at, "horns")
    broken["joints"]["position"][0, 9] = np.nan
    assert [one["lost"] for one in at.frame({RIGHT: broken}) if one["action"] == OWN] == [1]


def test_a_glimpse_is_none_and_neither_are_frames_with_a_gap_between(path: Path) -> None:
    own_gestures.write(path, made().own)
    at = desk()
    show(at, "rest")
    assert show(at, "horns", count=6) == []
    assert show(at, "horns", count=1, after_ns=300_000_000) == []
    assert show(at, "horns", count=5) == []
    assert len(show(at, "horns", count=2)) == 1


def test_how_long_it_must_be_held_is_a_choice(path: Path) -> None:
    own_gestures.write(path, made().own)
    for hold_ms, frames in ((0, 3), (30, 4), (100, 10)):
        at = HandDesk(HandOptions(movements=False, own_hold_ms=hold_ms))
        show(at, "rest")
        assert show(at, "horns", count=frames - 1) == []
        assert len(show(at, "horns", count=3)) == 1


def test_time_that_goes_back_ends_it_and_it_begins_anew(path: Path) -> None:
    own_gestures.write(path, made().own)
    at = desk()
    show(at, "horns")
    told = show(at, "horns", count=1, after_ns=-1_000_000_000) + show(at, "horns")
    assert [(one["event"], one["lost"]) for one in told] == [(END, 1), (BEGIN, 0)]


@pytest.mark.parametrize("rate_hz", [30, 144])
def test_it_is_told_at_any_frame_rate(path: Path, rate_hz: int) -> None:
    own_gestures.write(path, made().own)
    at = desk()
    span_ns = 1_000_000_000 // rate_hz
    show(at, "rest", after_ns=span_ns)
    assert len(show(at, "three", after_ns=span_ns)) == 1


def test_each_hand_tells_its_own(path: Path) -> None:
    own_gestures.write(path, made().own)
    at = desk()
    for one, other in zip(made().later["horns"], made().later["three"], strict=True):
        at.frame({LEFT: joints(one * (-1.0, 1.0, 1.0), LEFT), RIGHT: joints(other, RIGHT)})
    told = [(int(one["side"]), one["name"]) for one in at.events if one["action"] == OWN]
    assert sorted(told) == [(LEFT, b"horns"), (RIGHT, b"three")]


def test_the_figures_of_two_gestures_that_are_apart_are_good() -> None:
    assert {name: one.f1 for name, one in made().enrolled.judged.items()} == {
        "horns": pytest.approx(1.0, abs=0.1), "three": pytest.approx(1.0, abs=0.1),
    }
    assert made().enrolled.gesture.id == 2
