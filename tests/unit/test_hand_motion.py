"""The steps of a moving hand: what changes nothing must not, and what breaks them does."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sensorium.perception.hand_motion import (
    FEATURES,
    RATE_HZ,
    STEP_NS,
    HandMotion,
    Head,
    Step,
    speed,
)
from sensorium.perception.movement import (
    AWAKE,
    CLASSES,
    INPUT,
    QUIET_STEPS,
    SETTLE_STEPS,
    MovementGate,
    Window,
    span,
)
from sensorium.records.hands import MOVEMENTS
from sensorium_tools.hand_poses import LEFT, POSES, RIGHT
from sensorium_tools.hands import hand

SECOND = 1_000_000_000
AHEAD = (0.0, 0.0, 0.0, 1.0)


def about_up(degrees: float) -> tuple[float, float, float, float]:
    half = math.radians(degrees) / 2
    return (0.0, math.sin(half), 0.0, math.cos(half))


def turned(points: np.ndarray, degrees: float) -> np.ndarray:
    angle = math.radians(degrees)
    sine, cosine = math.sin(angle), math.cos(angle)
    x, y, z = np.moveaxis(points, -1, 0)
    return np.stack([cosine * x + sine * z, y, -sine * x + cosine * z], axis=-1)


OPEN = hand(POSES["open"], RIGHT).positions


def moved(time_s: float, scale: float = 1.0) -> np.ndarray:
    """A hand that sways by 20 cm once in two seconds."""
    place = np.array([0.2 + 0.1 * math.sin(math.pi * time_s), -0.3, -0.4])
    return (OPEN + place) * scale


def steps(rate_hz: float, *, side=RIGHT, seconds=2.0, at=lambda points, time_s: points,
          head=lambda time_s: Head.of((0.0, 0.0, 0.0), AHEAD), scale=1.0, start_ns=SECOND):
    motion = HandMotion(side)
    made = []
    for frame in range(int(seconds * rate_hz)):
        time_s = frame / rate_hz
        points = at(moved(time_s, scale), time_s).tolist()
        made += motion.push(start_ns + round(time_s * SECOND), points, head(time_s))
    return made


def rows(made: list[Step]) -> np.ndarray:
    return np.array([one.row for one in made])


@pytest.mark.parametrize("rate_hz", [30, 45, 72, 90, 120, 144])
def test_any_frame_rate_gives_the_same_steps(rate_hz: int) -> None:
    exact, found = steps(960), steps(rate_hz)
    assert np.array_equal(np.diff([one.time_ns for one in found]), [STEP_NS] * (len(found) - 1))
    by_time = {one.time_ns: one.row for one in exact}
    worst = max(
        np.abs(np.subtract(one.row, by_time[one.time_ns])).max()
        for one in found[2:] if one.time_ns in by_time
    )
    assert worst < 0.03
    assert len(found) >= 2 * RATE_HZ - 2
    assert len(found[0].row) == FEATURES


def test_where_the_wearer_stands_walks_and_faces_changes_nothing() -> None:
    plain = rows(steps(90))

    def stood(time_s: float) -> np.ndarray:
        return np.array([3.0 + 1.2 * time_s, 1.6, -2.0])

    def head(time_s: float) -> Head:
        place = stood(time_s)
        return Head.of(tuple(place), about_up(70.0))

    walked = rows(steps(
        90, at=lambda points, time_s: turned(points, 70.0) + stood(time_s),
        head=head,
    ))
    assert np.allclose(plain, walked, atol=1e-6)


def test_a_taller_wearer_gives_the_same_steps() -> None:
    assert np.allclose(rows(steps(90)), rows(steps(90, scale=1.2)), atol=1e-6)


def test_a_left_hand_is_a_right_one_in_the_mirror() -> None:
    mirrored = rows(steps(90, side=LEFT, at=lambda points, time_s: points * (-1.0, 1.0, 1.0)))
    assert np.allclose(rows(steps(90)), mirrored, atol=1e-6)


def test_a_step_says_what_its_unit_says() -> None:
    """0.1 sin(pi t): 0.314 m/s at most, to the right; the palm down, the fingers ahead."""
    made = rows(steps(90))
    palm_m = float(np.linalg.norm(moved(0.0)[12] - moved(0.0)[1]))
    fastest = made[2:, 3].max()
    assert fastest * 20 * palm_m == pytest.approx(0.1 * math.pi, rel=0.02)
    assert max(abs(made[2:, 3])) * 20 == pytest.approx(max(map(speed, map(tuple, made[2:]))))
    assert made[10, 7] < -0.9
    assert made[10, 11] < -0.9


def test_a_look_aside_turns_the_axes_slowly() -> None:
    def head(time_s: float) -> Head:
        return Head.of((0.0, 0.0, 0.0), about_up(60.0 if time_s > 1.0 else 0.0))

    looked = rows(steps(90, head=head))
    plain = rows(steps(90))
    assert np.allclose(plain[:28], looked[:28], atol=1e-6)
    assert np.abs(plain[32:36, 3:6] - looked[32:36, 3:6]).max() < 0.05


def test_a_head_that_looks_straight_down_keeps_its_heading() -> None:
    motion = HandMotion(RIGHT)
    down = (-math.sin(math.pi / 4), 0.0, 0.0, math.cos(math.pi / 4))
    start_ns = 30 * STEP_NS
    first = motion.push(start_ns, moved(0.0).tolist(), Head.of((0, 0, 0), about_up(90.0)))
    later = motion.push(
        start_ns + STEP_NS, moved(0.0).tolist(), Head.of((0, 0, 0), down)
    )
    assert np.allclose(first[0].row[:3], later[0].row[:3], atol=1e-6)


@pytest.mark.parametrize("harm", ["gap", "back", "jump"])
def test_what_does_not_follow_begins_anew(harm: str) -> None:
    motion = HandMotion(RIGHT)
    head = Head.of((0.0, 0.0, 0.0), AHEAD)
    for frame in range(30):
        motion.push(SECOND + frame * SECOND // 90, moved(frame / 90).tolist(), head)
    assert motion.begins == 0
    time_ns = SECOND + 30 * SECOND // 90
    points = moved(30 / 90)
    if harm == "gap":
        time_ns += 250_000_000
    elif harm == "back":
        time_ns -= 500_000_000
    else:
        points = points + np.array([1.0, 0.0, 0.0])
    made = motion.push(time_ns, points.tolist(), head)
    assert motion.begins == 1
    assert all(speed(one.row) == 0.0 for one in made)


def test_lost_frames_are_bridged() -> None:
    motion = HandMotion(RIGHT)
    head = Head.of((0.0, 0.0, 0.0), AHEAD)
    made = []
    for frame in range(90):
        if frame % 9 < 6:
            made += motion.push(SECOND + frame * SECOND // 90, moved(frame / 90).tolist(), head)
    assert motion.begins == 0
    assert np.diff([one.time_ns for one in made]).tolist() == [STEP_NS] * (len(made) - 1)


def window(speeds: list[float]) -> Window:
    made = Window()
    for at, palms in enumerate(speeds):
        made.take(Step(at * STEP_NS, (0.0,) * 3 + (palms / 20.0, 0.0, 0.0) + (0.0,) * 6))
    return made


def chances(name: str, chance: float) -> list[float]:
    made = [0.0] * len(CLASSES)
    made[CLASSES.index(name)], made[0] = chance, 1.0 - chance
    return made


def settled(gate: MovementGate, seen: Window) -> MovementGate:
    for _ in range(SETTLE_STEPS):
        assert gate.update(chances("wave", 1.0), seen) is None
    return gate


def test_a_movement_is_told_once_when_two_steps_agree() -> None:
    seen = window([0.0] * 10 + [10.0] * 8 + [0.0] * 3)
    gate = settled(MovementGate(0.6), seen)
    assert gate.update(chances("none", 1.0), seen) is None
    assert gate.update(chances("push", 0.9), seen) is None
    found = gate.update(chances("push", 0.7), seen)
    assert MOVEMENTS[found.kind] == "push"
    assert found.chance == pytest.approx(0.8)
    for _ in range(QUIET_STEPS):
        assert gate.update(chances("pull", 1.0), seen) is None
    assert MOVEMENTS[gate.update(chances("pull", 1.0), seen).kind] == "pull"


def test_a_hand_that_was_lost_is_not_believed_at_once() -> None:
    seen = window([10.0] * 20)
    gate = settled(MovementGate(0.6), seen)
    gate.update(chances("wave", 1.0), seen)
    gate.forget()
    settled(gate, seen)


def test_steps_that_were_not_judged_do_not_agree() -> None:
    seen = window([10.0] * 20)
    gate = settled(MovementGate(0.6), seen)
    gate.update(chances("none", 1.0), seen)
    gate.update(chances("wave", 1.0), seen)
    assert gate.update(None, seen) is None
    assert gate.update(chances("wave", 1.0), seen) is None


def test_a_movements_span_is_where_the_hand_moved() -> None:
    seen = window([10.0] * 3 + [0.1] * 4 + [2.0, 8.0, 10.0, 8.0, 2.0] + [0.1] * 3)
    begin, end = span(seen)
    assert (begin // STEP_NS, end // STEP_NS) == (6, 11)


def test_a_still_hand_is_not_judged() -> None:
    assert not window([AWAKE / 2] * 60).awake
    assert window([0.0] * 20 + [AWAKE] + [0.0] * 20).awake
    assert not Window().awake


def test_before_its_first_step_the_hand_was_as_in_it() -> None:
    made = Window()
    made.take(Step(0, (0.5,) * FEATURES))
    assert (made.feeds[INPUT] == 0.5).all()
    made.take(Step(STEP_NS, (0.25,) * FEATURES))
    assert (made.feeds[INPUT][0, -1] == 0.25).all()
    assert (made.feeds[INPUT][0, :-1] == 0.5).all()
