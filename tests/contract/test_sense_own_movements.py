"""The wearer's own moving gestures in the sense `hand_gesture`, from enrolled to forgotten."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import numpy as np
import pytest
from fixtures.hand_desk import FRAME_NS, HandDesk, head, joints
from fixtures.own_moves import MovingWearer, pieces

from sensorium.errors import EnrolmentError
from sensorium.perception import own_movements
from sensorium.perception.followed_file import LOOK_NS
from sensorium.perception.hand_gesture import HandOptions
from sensorium.perception.movement_enrolling import enrol, recording, without
from sensorium.records.hands import OWN

if TYPE_CHECKING:
    from pathlib import Path

    from sensorium.perception.own_movements import OwnMovements
    from sensorium_tools.motion.take import Take

MOVED = 3
NAMES = ("letter Z", "beckon")
RATE_HZ = 45


class Made:
    """One wearer's enrolment of two gestures, and what that wearer makes later."""

    def __init__(self) -> None:
        wearer = MovingWearer(np.random.default_rng(7))
        self.free = pieces(wearer.free(12.0, RATE_HZ))
        self.own: OwnMovements = own_movements.none()
        self.shown = {
            name: [recording(pieces(wearer.recording(name, 3.0, RATE_HZ)), 3.0) for _ in range(5)]
            for name in NAMES
        }
        for name in NAMES:
            self.enrolled = enrol(name, self.shown[name], self.free, self.own, {})
            self.own = self.enrolled.own
        self.later = {name: wearer.recording(name, 2.6, RATE_HZ) for name in NAMES}
        self.other = wearer.free(12.0, RATE_HZ)


@functools.cache
def made() -> Made:
    return Made()


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SENSORIUM_DATA_DIR", str(tmp_path))
    return own_movements.place()


def desk() -> HandDesk:
    return HandDesk(HandOptions(movements=False))


def show(at: HandDesk, take: Take) -> list[tuple[int, np.void]]:
    """Plays a take; each own gesture that is told, with the take's time at which it was."""
    told, before = [], int(take.times_ns[0]) - FRAME_NS
    for number, time_ns in enumerate(take.times_ns.tolist()):
        events = at.frame(
            {take.side: joints(take.joints[number], take.side)}, after_ns=time_ns - before,
            seen=head(take.heads[number], take.turns[number]),
        )
        told += [(time_ns, one) for one in events if one["action"] == OWN]
        before = time_ns
    return told


def names(told: list[tuple[int, np.void]]) -> list[str]:
    return [one["own_name"].decode() for _, one in told]


def state(at: HandDesk, take: Take) -> np.void:
    return at.newest(("hand_gesture_left", "hand_gesture_right")[take.side - 1]).record[0]


@pytest.mark.parametrize("name", NAMES)
def test_it_is_told_at_its_end_under_its_own_name(path: Path, name: str) -> None:
    own_movements.write(path, made().own)
    at, take = desk(), made().later[name]
    ((time_ns, told),) = show(at, take)
    number = 1 + NAMES.index(name)
    assert (told["event"], told["side"], told["own"]) == (MOVED, take.side, number)
    assert (told["name"], told["own_name"]) == (name.encode(), name.encode())
    assert 0.7 <= told["chance"] <= 1.0
    (done,) = take.done
    # It is told within 150 ms of its end; a frame comes on top.
    assert -0.1 <= time_ns / 1e9 - done.end <= 0.15 + 1 / RATE_HZ
    apart_ns = at.now_ns - int(take.times_ns[-1])
    for field, true in (("movement_begin_ns", done.begin), ("movement_end_ns", done.end)):
        assert (int(told[field]) - apart_ns) / 1e9 == pytest.approx(true, abs=0.15)
    after = state(at, take)
    assert (after["movements"], after["action"], after["name"]) == (1, OWN, name.encode())
    assert (after["own"], after["own_name"], after["own_known"]) == (0, b"", 2)
    assert after["movements_judged"] == 1


def test_nothing_is_told_of_what_the_hands_do_otherwise(path: Path) -> None:
    own_movements.write(path, made().own)
    assert names(show(desk(), made().other)) == []


def test_it_is_told_as_soon_as_it_is_enrolled_and_no_more_once_deleted(path: Path) -> None:
    at, take = desk(), made().later["letter Z"]
    assert show(at, take) == []
    own_movements.write(path, made().own)
    at.now_ns += LOOK_NS
    assert names(show(at, take)) == ["letter Z"]
    own_movements.write(path, without("letter Z", made().own))
    at.now_ns += LOOK_NS
    assert show(at, take) == []
    assert names(show(at, made().later["beckon"])) == ["beckon"]
    own_movements.write(path, without("beckon", without("letter Z", made().own)))
    at.now_ns += LOOK_NS
    assert show(at, take) == []
    assert not path.exists()
    assert state(at, take)["own_known"] == 0


def test_a_damaged_file_is_named_and_a_whole_one_counts_again(path: Path, caplog) -> None:
    path.parent.mkdir()
    path.write_text("{")
    at, take = desk(), made().later["beckon"]
    assert show(at, take) == []
    assert "own moving gestures cannot be used" in caplog.text
    assert "enrol again" in caplog.text
    own_movements.write(path, made().own)
    at.now_ns += LOOK_NS
    assert names(show(at, take)) == ["beckon"]


def test_a_hand_that_is_lost_in_the_middle_tells_nothing(path: Path) -> None:
    own_movements.write(path, made().own)
    at, take = desk(), made().later["letter Z"]
    (done,) = take.done
    middle = int(np.searchsorted(take.times_ns, (done.begin + done.end) / 2 * 1e9))

    def part(begin: int, end: int) -> Take:
        kept = slice(begin, end)
        return take._replace(
            times_ns=take.times_ns[kept], joints=take.joints[kept], heads=take.heads[kept],
            turns=take.turns[kept],
        )

    count = len(take.times_ns)
    told = show(at, part(0, middle))
    at.frame({take.side: None})
    assert told + show(at, part(middle, count)) == []
    assert names(show(at, take)) == ["letter Z"]


def test_without_a_head_none_is_told_and_the_record_says_so(path: Path) -> None:
    own_movements.write(path, made().own)
    at, take = desk(), made().later["beckon"]
    for points in take.joints:
        at.frame({take.side: joints(points, take.side)}, after_ns=1_000_000_000 // RATE_HZ)
    assert [one for one in at.events if one["action"] == OWN] == []
    assert state(at, take)["movements_judged"] == 0


def test_the_figures_of_two_gestures_that_are_apart_are_good() -> None:
    judged = made().enrolled.judged
    assert {name: one.f1 > 0.7 for name, one in judged.items()} == dict.fromkeys(NAMES, True)
    assert [one.free for one in judged.values()] == [0.0, 0.0]
    assert made().enrolled.gesture.id == 2


def test_the_same_movement_under_another_name_is_refused_and_named() -> None:
    with pytest.raises(EnrolmentError, match="it is the same as 'beckon'") as caught:
        enrol("again", made().shown["beckon"], made().free, made().own, {})
    assert "delete 'beckon' first" in caught.value.remedy


def test_recordings_of_many_things_are_refused() -> None:
    mixed = [*made().shown["beckon"][:2], *made().shown["letter Z"][:2]]
    with pytest.raises(EnrolmentError, match="not of one movement|do this otherwise"):
        enrol("mixed", mixed, made().free, own_movements.none(), {})


def test_a_movement_that_the_sense_tells_by_itself_is_warned_of() -> None:
    done = enrol(
        "letter Z", made().shown["letter Z"], made().free, made().own,
        {"swipe_right": 0.8, "wave": 0.1}, above=7,
    )
    assert "'letter Z' is told as 'swipe_right', too, in 80% of the recordings" in done.warnings
    assert not any("wave" in one for one in done.warnings)
    assert [(one.id, one.name) for one in done.own.gestures] == [(1, "letter Z"), (2, "beckon")]


@pytest.mark.parametrize("count", [0, 1, 2, 13])
def test_one_recording_is_no_enrolment(count: int) -> None:
    with pytest.raises(EnrolmentError, match=f"^{count} recordings .* 3 to 12 are needed"):
        enrol("x", [made().shown["beckon"][0]] * count, made().free, own_movements.none(), {})


def test_a_hand_that_is_still_or_not_seen_is_no_recording() -> None:
    steps = made().shown["beckon"][0].steps
    with pytest.raises(EnrolmentError, match="did not move"):
        recording([np.repeat(steps[:1], 90, axis=0)], 3.0)
    with pytest.raises(EnrolmentError, match=r"1\.0 s without a break, 2\.4 are needed"):
        recording([steps[:30]], 3.0)
    with pytest.raises(EnrolmentError, match="free motion"):
        enrol("x", made().shown["beckon"], [steps[:30]], own_movements.none(), {})
