"""The file of own gestures that move, and both files of own gestures together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from sensorium.errors import EnrolmentError
from sensorium.perception import own_files, own_gestures, own_movements
from sensorium.perception.free_motion import kept
from sensorium.perception.hand_motion import Head
from sensorium.perception.movement_enrolling import moved
from sensorium.perception.movement_pieces import MovementPieces
from sensorium.perception.movement_span import Span
from sensorium.perception.own_gestures import FRAMES, OwnGesture, OwnGestures
from sensorium.perception.own_gestures import WIDTH as SHAPE_WIDTH
from sensorium.perception.own_movements import OwnMovement, OwnMovements, Recording
from sensorium_tools.hand_poses import POSES, RIGHT
from sensorium_tools.hands import hand

if TYPE_CHECKING:
    from pathlib import Path

FRAME_NS = 1_000_000_000 // 60
HEAD = Head.of((0.0, 1.6, 0.0), (0.0, 0.0, 0.0, 1.0))
WRIST, MIDDLE_PROXIMAL = 1, 12


def glitch() -> list[np.ndarray]:
    """4 s of a hand whose wrist lies for two frames on its middle knuckle."""
    made, points = MovementPieces(RIGHT), hand(POSES["open"], RIGHT).positions
    for at in range(240):
        seen = points + np.array([0.0, 1.4, -0.4 + 0.1 * np.sin(at / 10)])
        if at in (100, 101):
            seen[WRIST] = seen[MIDDLE_PROXIMAL]
        made.push((1 + at) * FRAME_NS, seen.tolist(), HEAD)
    return made.whole()


def moving(*names: str) -> OwnMovements:
    noise = np.random.default_rng(0)
    shown = noise.normal(size=(3, 90, own_movements.WIDTH)).astype(np.float32)
    recordings = tuple(Recording(own_movements.rounded(steps), Span(20, 60)) for steps in shown)
    return OwnMovements(
        tuple(OwnMovement(1 + at, name, "", 1.0, recordings) for at, name in enumerate(names)), (),
    )


def held(*names: str) -> OwnGestures:
    noise = np.random.default_rng(0)
    recordings = tuple(noise.normal(0.0, 0.1, (FRAMES, SHAPE_WIDTH)).round(2) for _ in range(3))
    return OwnGestures(
        tuple(OwnGesture(101 + at, name, "", 1.0, recordings) for at, name in enumerate(names)),
        np.zeros((30, SHAPE_WIDTH)),
    )


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SENSORIUM_DATA_DIR", str(tmp_path))
    return tmp_path / "enrolments"


def test_joints_that_fall_together_do_not_spoil_the_file() -> None:
    seen = glitch()
    assert max(np.abs(one).max() for one in seen) > 1e3
    taken = moved(seen, 2.0)
    known = moving("letter")
    shown = Recording(taken.steps if taken else own_movements.rounded(seen[0]), Span(0, 30))
    first = known.gestures[0]
    spoilt = OwnMovement(1, "letter", "", 1.0, (shown, *first.recordings))
    own_movements.write(own_movements.place(), OwnMovements((spoilt,), kept(seen, [])))
    found = own_movements.read(own_movements.place())
    np.testing.assert_array_equal(found.gestures[0].recordings[0].steps, shown.steps)
    assert sum(map(len, found.free)) > 90


def test_a_name_in_both_files_is_forgotten_in_both() -> None:
    own_gestures.write(own_gestures.place(), held("twice", "horns"))
    own_movements.write(own_movements.place(), moving("twice", "letter"))
    changed = own_files.forget("twice", own_files.whole())
    assert changed == [own_gestures.place(), own_movements.place()]
    left = own_files.whole()
    assert [one.name for one in left.held.gestures] == ["horns"]
    assert [one.name for one in left.moving.gestures] == ["letter"]
    with pytest.raises(EnrolmentError, match="there is no gesture 'twice'") as caught:
        own_files.forget("twice", left)
    assert caught.value.remedy == "there are: horns, letter"


def test_a_damaged_file_does_not_keep_the_other_from_being_used(folder: Path) -> None:
    own_gestures.write(own_gestures.place(), held("horns"))
    own_movements.place().write_text("{")
    found = own_files.read()
    (fault,) = found.damaged
    assert "movements.json: is damaged" in fault.message
    with pytest.raises(EnrolmentError, match="is damaged"):
        own_files.whole()
    with pytest.raises(EnrolmentError, match=r"no gesture 'letter' .*movements\.json: is damaged"):
        own_files.forget("letter", found)
    assert own_files.forget("horns", found) == [own_gestures.place()]
    assert [one.name for one in folder.iterdir()] == ["movements.json"]
