"""The sense target on real regions: what hands and controllers point at and grab."""

from __future__ import annotations

import math

import numpy as np
import pytest
from fixtures.looking import TRACKED, Onlooker, at_angles, scene, towards, turned

from sensorium import records
from sensorium.health import Reason
from sensorium_tools.hand_poses import POSES, held
from sensorium_tools.hands import hand, to_record
from sensorium_tools.quaternion import multiply, turn

GRID = [at_angles(across, up) for up in (-3, 0, 3) for across in (-3, 0, 3)]
POINTED, GRABBED = 1, 3
LEFT, RIGHT = 1, 2


def pointing(side: int, angle: float, at: tuple[float, float, float]) -> np.ndarray:
    """A hand that points so many degrees to the right of ahead, from a place."""
    made = hand(POSES["point"], side, at, tuple(held("Pointing_Up", side)))
    ahead = made.positions[10] - made.positions[7]
    yaw = math.degrees(math.atan2(-ahead[0], -ahead[2]))
    pitch = math.degrees(math.atan2(ahead[1], math.hypot(ahead[0], ahead[2])))
    level = multiply(turn((0, 1, 0), -angle), turn((1, 0, 0), -pitch))
    turned = multiply(multiply(level, turn((0, 1, 0), -yaw)), held("Pointing_Up", side))
    record = to_record(hand(POSES["point"], side, at, tuple(turned)), side)
    record["space_generation"] = 1
    return record


def closed(pose: str, side: int, at: tuple[float, float, float]) -> np.ndarray:
    record = to_record(hand(POSES[pose], side, at), side)
    record["space_generation"] = 1
    return record


def resting(side: int) -> np.ndarray:
    return closed("rest", side, (0.2, 0.9, -0.3))


@pytest.mark.parametrize("side", [LEFT, RIGHT])
def test_a_finger_points_and_a_hand_that_opens_does_not(side: int) -> None:
    onlooker = Onlooker()
    app = onlooker.app()
    channel = f"hand_{('left', 'right')[side - 1]}"
    head = onlooker.head((0, 0, -1))
    shown = pointing(side, 10.0, (0.1, 1.3, -0.4))
    joints = shown["joints"]["position"][0].astype(float)
    ray = (joints[10] - joints[7]) / np.linalg.norm(joints[10] - joints[7])
    app.show(scene([joints[10] + 2 * ray, joints[10] + 2 * ray + (0.3, 0, 0)]))
    for _ in range(5):
        onlooker.frame(head=head, **{channel: shown})
    way = POINTED + side - 1
    assert app.meant(way) == 1
    assert app["pointed_at"][side - 1]["scores"][0] > 0.8
    assert app["hands"] == side
    onlooker.frame(head=head, **{channel: resting(side)})
    assert (app.meant(way), app["hands"]) == (0, 0)


@pytest.mark.parametrize(("pose", "joint"), [("pinch", (5, 10)), ("fist", (0,))])
def test_a_hand_that_closes_grabs_what_is_there_until_it_opens(
    pose: str, joint: tuple[int, ...]
) -> None:
    onlooker = Onlooker()
    shown = closed(pose, RIGHT, (0.1, 1.3, -0.4))
    place = shown["joints"]["position"][0, list(joint)].astype(float).mean(axis=0)
    app = onlooker.app(scene([np.add(place, (0.04, 0, 0)), np.add(place, (0.0, 0.25, 0))]))
    head = onlooker.head((0, 0, -1))
    onlooker.frame(head=head, hand_right=resting(RIGHT))
    assert app.meant(GRABBED + 1) == 0
    onlooker.frame(head=head, hand_right=shown)
    assert (app.meant(GRABBED + 1), app["hands"]) == (1, 8)
    since = int(app["since_ns"][GRABBED + 1])
    assert since == onlooker.now_ns
    # It is carried off, and the other one is where the hand goes.
    away = shown.copy()
    away["joints"]["position"] += (0.0, 0.25, 0)
    app.show(scene([np.add(place, (0.04, 0.25, 0)), np.add(place, (0.0, 0.25, 0))]))
    onlooker.frame(head=head, hand_right=away)
    assert (app.meant(GRABBED + 1), app["since_ns"][GRABBED + 1]) == (1, since)
    onlooker.frame(head=head, hand_right=resting(RIGHT))
    assert (app.meant(GRABBED + 1), app["hands"]) == (0, 0)
    assert app["changes"].tolist()[GRABBED + 1] == 2


def test_what_is_not_movable_or_far_away_is_not_grabbed_and_a_lost_hand_lets_go() -> None:
    onlooker = Onlooker()
    shown = closed("fist", RIGHT, (0.1, 1.3, -0.4))
    palm = shown["joints"]["position"][0, 0].astype(float)
    made = scene([palm, np.add(palm, (0.3, 0, 0))])
    made["targets"]["flags"][0, 0] = 0
    app = onlooker.app(made)
    head = onlooker.head((0, 0, -1))
    onlooker.frame(head=head, hand_right=shown)
    assert (app.meant(GRABBED + 1), app["hands"]) == (0, 8)
    onlooker.frame(head=head, hand_right=Reason.INACTIVE)
    assert app["hands"] == 0
    app.show(scene([palm, np.add(palm, (0.3, 0, 0))]))
    onlooker.frame(head=head, hand_right=shown)
    assert app.meant(GRABBED + 1) == 1
    broken = shown.copy()
    broken["joints"]["position"][0, 3] = np.nan
    onlooker.frame(head=head, hand_right=broken)
    assert app.meant(GRABBED + 1) == 0


def controller(
    place: tuple[float, float, float], toward: tuple[float, float, float], squeeze: float = 0.0
) -> np.ndarray:
    record = records.CONTROLLER.zeros()
    record["space_generation"] = 1
    record["squeeze"] = squeeze
    for pose in ("aim", "grip"):
        record[pose]["position"], record[pose]["flags"] = place, TRACKED
        record[pose]["orientation"] = turned(towards(toward, place))
    return record


def test_a_controller_points_and_grabs_while_no_hand_is_seen() -> None:
    onlooker = Onlooker()
    app = onlooker.app(scene([*GRID, (0.2, 1.2, -0.4)]))
    head = onlooker.head((0, 0, -1))
    place = (0.2, 1.2, -0.4)
    for _ in range(5):
        onlooker.frame(head=head, controller_left=controller(place, GRID[0]))
    assert (app.meant(POINTED), app["hands"]) == (1, 1)
    onlooker.frame(head=head, controller_left=controller(place, GRID[0], 0.9))
    assert (app.meant(GRABBED), app.meant(POINTED), app["hands"]) == (10, 0, 5)
    onlooker.frame(head=head, hand_left=resting(LEFT))
    onlooker.frame(head=head, controller_left=controller(place, GRID[0], 0.9))
    assert app["hands"] == 0
    onlooker.frame(head=head, hand_left=Reason.INACTIVE)
    onlooker.frame(head=head, controller_left=controller(place, GRID[0]))
    assert (app.meant(POINTED), app["hands"]) == (1, 1)


def test_two_hands_are_told_apart() -> None:
    onlooker = Onlooker()
    app = onlooker.app(scene(GRID))
    head = onlooker.head((0, 0, -1))
    for _ in range(5):
        onlooker.frame(
            head=head, controller_left=controller((-0.2, 1.2, -0.3), GRID[0]),
            controller_right=controller((0.2, 1.2, -0.3), GRID[8]),
        )
    assert (app.meant(POINTED), app.meant(POINTED + 1), app["hands"]) == (1, 9, 3)


def test_what_comes_at_once_is_told_once_and_as_if_it_had_come_one_by_one() -> None:
    """Eyes, head and two hands; the eyes take over from the head, and a hand ceases to point."""
    random = np.random.default_rng(8)
    places = [at_angles(*angle, far) for *angle, far in random.uniform(
        (-25, -15, 1), (25, 15, 3), (60, 3)
    )]
    at_once, one_by_one = Onlooker(), Onlooker()
    apps = [onlooker.app(scene(places, 0.1)) for onlooker in (at_once, one_by_one)]
    for frame in range(40):
        onto = [places[frame // 14], places[20 + frame // 20]]
        inputs = {"head": at_once.head(towards(onto[0])), "hand_left": pointing(
            LEFT, frame / 4, (-0.1, 1.3, -0.4)
        )}
        if frame > 8:
            inputs["gaze"] = at_once.eyes(towards(onto[1]))
        inputs["hand_right"] = pointing(RIGHT, -5.0, (0.1, 1.4, -0.3)) if frame < 30 else (
            resting(RIGHT)
        )
        before = apps[0].told().n if frame else 0
        at_once.frame(**inputs)
        assert apps[0].told().n == before + 1
        one_by_one.frame()
        for name in ("head", "gaze", "hand_left", "hand_right"):
            if name in inputs:
                one_by_one.desk.publish(name, inputs[name], one_by_one.now_ns)
                one_by_one.desk.drain()
        first, second = (app.told() for app in apps)
        assert first.valid == second.valid
        for name in ("looked_at", "pointed_at"):
            for part in ("ids", "count"):
                assert (first.record[name][part] == second.record[name][part]).all()
            assert first.record[name]["scores"] == pytest.approx(
                second.record[name]["scores"], abs=1e-6
            )
        for name in ("looked_source", "hands", "changes", "nothing"):
            assert first.record[name] == pytest.approx(second.record[name], abs=1e-6)
    assert apps[0].meant() > 0
    assert apps[0].meant(POINTED) > 0
