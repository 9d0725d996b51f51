"""The shapes of the sense `hand_gesture`: begin, hold, end, the ray, and bad input."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from fixtures.hand_desk import FRAME_NS, HandDesk
from fixtures.shapes import NONE, shown

from sensorium import records
from sensorium.health import Reason
from sensorium.perception.hand_geometry import FINGER_TIPS, THUMB_TIP
from sensorium.perception.hand_gesture import HandOptions
from sensorium.perception.hand_shapes import shapes
from sensorium.records.hands import ACTIONS, SHAPES
from sensorium_tools.hand_poses import LEFT, POSES, RIGHT, Finger
from sensorium_tools.hands import hand, to_record

GEOMETRY = HandOptions(movements=False)
BEGIN, END, MOVED = 1, 2, 3
HAND_INTERACTION = b"/interaction_profiles/ext/hand_interaction_ext"


@pytest.fixture(params=[LEFT, RIGHT], ids=["left", "right"])
def side(request: pytest.FixtureRequest) -> int:
    return request.param


@pytest.fixture
def desk() -> HandDesk:
    return HandDesk(GEOMETRY)


def record(shape: str, side: int) -> np.ndarray:
    return to_record(shown(shape, side), side)


def state(desk: HandDesk, side: int):
    return desk.newest(("hand_gesture_left", "hand_gesture_right")[side - 1])


def ray(desk: HandDesk, side: int):
    return desk.newest(("ray_left", "ray_right")[side - 1])


def frames(desk: HandDesk, shape: str, side: int, count: int, **options) -> list[np.void]:
    return [
        told for _ in range(count) for told in desk.frame({side: record(shape, side)}, **options)
    ]


def told(events: list[np.void]) -> list[tuple[int, str]]:
    return [(int(one["event"]), one["name"].decode()) for one in events]


def scores(points: np.ndarray) -> dict[str, float]:
    return dict(zip(SHAPES, shapes(points.tolist()), strict=True))


@pytest.mark.parametrize("finger", range(4))
def test_a_fist_whose_thumb_lies_on_a_fingertip_pinches_nothing(side: int, finger: int) -> None:
    """Bent as the runtime's loosest fists are, whose thumb comes to lie on the index finger."""
    loose = Finger(knuckle=58.0, middle=78.0, end=44.0)
    name = ("index", "middle", "ring", "little")[finger]
    points = hand(replace(POSES["fist"], **{name: loose}), side).positions
    points[THUMB_TIP] = points[FINGER_TIPS[finger]] + (0.0, -0.011, 0.0)
    shown = scores(points)
    assert shown.pop("grab") > 0.9
    assert max(shown.values()) < 0.1, shown


def test_a_pinch_is_one_also_beside_curled_fingers(side: int) -> None:
    fist = POSES["fist"]
    curled = replace(POSES["pinch"], middle=fist.middle, ring=fist.ring, little=fist.little)
    shown = scores(hand(curled, side).positions)
    assert shown.pop("pinch_index") > 0.9
    assert max(shown.values()) < HandOptions().begin_score, shown


@pytest.mark.parametrize("shape", SHAPES)
def test_each_shape_begins_in_the_third_frame_holds_and_ends(
    desk: HandDesk, side: int, shape: str
) -> None:
    assert frames(desk, NONE, side, 4) == []
    assert frames(desk, shape, side, 2) == []
    (begin,) = frames(desk, shape, side, 1)
    begun_ns = desk.now_ns
    assert (begin["event"], begin["side"], begin["name"]) == (BEGIN, side, shape.encode())
    index = SHAPES.index(shape)
    assert ACTIONS[begin["action"]] == shape
    assert begin["chance"] > 0.9
    assert begin["begin_ns"][index] == begun_ns - 2 * FRAME_NS
    assert frames(desk, shape, side, 5) == []
    held = state(desk, side)
    assert held.valid
    assert held.record["held"][0] == 1 << index
    assert held.record["phases"][0].tolist() == [2 if at == index else 0 for at in range(8)]
    (end,) = frames(desk, NONE, side, 3)
    assert (end["event"], end["name"], end["lost"]) == (END, shape.encode(), 0)
    assert (end["begins"][index], end["ends"][index]) == (1, 1)
    assert state(desk, side).record["held"][0] == 0


def test_a_score_between_the_thresholds_changes_nothing(desk: HandDesk) -> None:
    """A pinch that opens half way is still held, and one that closes half way does not begin."""
    half = hand(POSES["pinch"], RIGHT, (0.1, 1.3, -0.4))
    tip = half.positions[5] - half.positions[10]
    half.positions[5] = half.positions[10] + tip / np.linalg.norm(tip) * 0.033 * 0.93
    middling = to_record(half, RIGHT)
    for _ in range(6):
        desk.frame({RIGHT: middling})
    assert 0.45 < state(desk, RIGHT).record["scores"][0][0] < 0.7
    assert desk.events == []
    frames(desk, "pinch_index", RIGHT, 4)
    for _ in range(6):
        desk.frame({RIGHT: middling})
    assert told(desk.events) == [(BEGIN, "pinch_index")]


def test_a_pointing_hand_has_a_ray_from_its_fingertip(desk: HandDesk, side: int) -> None:
    frames(desk, NONE, side, 3)
    assert (ray(desk, side).valid, ray(desk, side).reason) == (False, Reason.INACTIVE)
    made = shown("point", side)
    frames(desk, "point", side, 4)
    found = ray(desk, side)
    assert found.valid
    one = found.record[0]
    assert (one["side"], one["source"], one["pointing"], one["space"]) == (side, 1, 1, 1)
    assert np.allclose(one["origin"], made.positions[10], atol=1e-6)
    way = made.positions[10] - made.positions[7]
    assert np.allclose(one["direction"], way / np.linalg.norm(way), atol=1e-6)
    frames(desk, NONE, side, 3)
    assert not ray(desk, side).valid


def test_the_ray_is_motion_and_what_is_held_is_public() -> None:
    from sensorium.channels.catalogue import CHANNELS

    assert {CHANNELS[name].region for name in ("ray_left", "ray_right")} == {"motion"}
    assert CHANNELS["hand_gesture_left"].region == "public"
    assert not {"origin", "direction", "joints"} & set(records.HAND_GESTURE.dtype.names)


def test_the_runtimes_own_pinch_grasp_and_aim_win(desk: HandDesk, side: int) -> None:
    """XR_EXT_hand_interaction, as the sensor gives it: a controller of that profile."""
    own = records.CONTROLLER.zeros()
    own["side"], own["profile"], own["trigger"], own["squeeze"] = side, HAND_INTERACTION, 1.0, 0.25
    aim = own["aim"][0]
    aim["position"], aim["orientation"], aim["flags"] = (0.1, 1.4, -0.3), (0, 0, 0, 1), 15
    name = ("controller_left", "controller_right")[side - 1]
    for _ in range(4):
        desk.desk.publish(name, own, desk.now_ns + FRAME_NS)
        frames(desk, "grab", side, 1)
    found = state(desk, side).record[0]
    assert (found["scores"][0], found["scores"][4], found["runtime"]) == (1.0, 0.25, 1 | 1 << 4)
    assert told(desk.events) == [(BEGIN, "pinch_index")]
    one = ray(desk, side).record[0]
    assert (one["source"], one["pointing"]) == (2, 0)
    assert np.allclose(one["origin"], (0.1, 1.4, -0.3))
    assert np.allclose(one["direction"], (0, 0, -1))


@pytest.mark.parametrize("harm", ["profile", "old", "nan", "invalid"])
def test_what_the_runtime_does_not_tell_is_geometry(desk: HandDesk, harm: str) -> None:
    own = records.CONTROLLER.zeros()
    own["profile"], own["trigger"] = HAND_INTERACTION, 1.0
    if harm == "profile":
        own["profile"] = b"/interaction_profiles/valve/index_controller"
    if harm == "nan":
        own["trigger"] = np.nan
    for _ in range(4):
        time_ns = desk.now_ns + FRAME_NS - (200_000_000 if harm == "old" else 0)
        desk.desk.publish(
            "controller_right", own, time_ns, valid=harm != "invalid",
            reason=Reason.INACTIVE if harm == "invalid" else Reason.NONE,
        )
        frames(desk, NONE, RIGHT, 1)
    assert state(desk, RIGHT).record["runtime"][0] == 0
    assert desk.events == []


@pytest.mark.parametrize("harm", ["nan", "infinite", "flags", "other side", "gone"])
def test_a_lost_hand_ends_what_it_held_and_says_so(
    desk: HandDesk, side: int, harm: str
) -> None:
    frames(desk, "grab", side, 5)
    broken = record("grab", side)
    if harm == "nan":
        broken["joints"]["position"][0, 3, 1] = np.nan
    elif harm == "infinite":
        broken["joints"]["position"][0, 3, 1] = np.inf
    elif harm == "flags":
        broken["joints"]["flags"][0, 9] = 0
    elif harm == "other side":
        broken["side"] = 3 - side
    (end,) = desk.frame({side: None if harm == "gone" else broken})
    assert (end["event"], end["name"], end["lost"], end["held"]) == (END, b"grab", 1, 0)
    now = state(desk, side)
    assert (now.valid, now.reason) == (False, Reason.INACTIVE)
    assert not now.record["scores"][0].any()
    assert now.record["ends"][0][4] == 1
    assert (ray(desk, side).valid, ray(desk, side).reason) == (False, Reason.INACTIVE)
    assert told(frames(desk, "grab", side, 3)) == [(BEGIN, "grab")]


def test_the_input_that_died_is_told_as_lost(desk: HandDesk) -> None:
    frames(desk, "grab", RIGHT, 5)
    desk.desk.publish(
        "hand_right", records.HAND.zeros(), desk.now_ns, valid=False, reason=Reason.RUNTIME_MISSING
    )
    desk.frame({})
    assert state(desk, RIGHT).reason == Reason.RUNTIME_MISSING


def test_frames_far_apart_are_not_a_run(desk: HandDesk) -> None:
    assert frames(desk, "grab", RIGHT, 6, after_ns=300_000_000) == []


@pytest.mark.parametrize("rate_hz", [30, 144])
def test_shapes_begin_at_any_frame_rate(desk: HandDesk, rate_hz: int) -> None:
    told_ = frames(desk, "thumb_up", RIGHT, 6, after_ns=1_000_000_000 // rate_hz)
    assert told(told_) == [(BEGIN, "thumb_up")]


def test_a_jump_of_a_metre_lets_go_of_nothing(desk: HandDesk) -> None:
    frames(desk, "grab", RIGHT, 5)
    far = record("grab", RIGHT)
    far["joints"]["position"][0] += (1.0, 0.0, 0.0)
    for _ in range(5):
        assert desk.frame({RIGHT: far}) == []


def test_time_that_goes_back_ends_all_and_the_same_time_says_nothing(desk: HandDesk) -> None:
    frames(desk, "grab", RIGHT, 5)
    before = desk.desk.rings.latest("hand_gesture_right")
    assert frames(desk, "grab", RIGHT, 1, after_ns=0) == []
    assert desk.desk.rings.latest("hand_gesture_right") == before
    (end,) = frames(desk, "grab", RIGHT, 1, after_ns=-2_000_000_000)
    assert (end["event"], end["lost"]) == (END, 1)
    assert told(frames(desk, "grab", RIGHT, 3)) == [(BEGIN, "grab")]


def test_both_hands_hold_their_own(desk: HandDesk) -> None:
    for _ in range(4):
        desk.frame({LEFT: record("grab", LEFT), RIGHT: record("thumb_up", RIGHT)})
    assert [(int(one["side"]), one["name"]) for one in desk.events] == [
        (LEFT, b"grab"), (RIGHT, b"thumb_up")
    ]
    desk.frame({LEFT: None, RIGHT: record("thumb_up", RIGHT)})
    assert state(desk, RIGHT).record["held"][0] == 1 << SHAPES.index("thumb_up")
    assert told(desk.events[2:]) == [(END, "grab")]


def pinched(desk: HandDesk, apart_frames: int) -> list[np.void]:
    events = []
    for _ in range(2):
        events += frames(desk, "pinch_index", RIGHT, 5)
        events += frames(desk, NONE, RIGHT, apart_frames - 5)
    return [one for one in events if one["event"] == MOVED]


def test_two_pinches_soon_after_one_another_are_a_double_pinch(desk: HandDesk) -> None:
    (double,) = pinched(desk, 20)
    assert double["name"] == b"double_pinch"
    assert double["movement_end_ns"] - double["movement_begin_ns"] == 20 * FRAME_NS
    assert double["movements"] == 1
    now = state(desk, RIGHT).record[0]
    assert (now["name"], ACTIONS[now["action"]]) == (b"double_pinch", "double_pinch")


def test_two_pinches_far_from_one_another_are_not(desk: HandDesk) -> None:
    assert pinched(desk, 60) == []


def test_a_hand_that_is_lost_between_has_not_pinched_twice(desk: HandDesk) -> None:
    frames(desk, "pinch_index", RIGHT, 5)
    desk.frame({RIGHT: None})
    frames(desk, NONE, RIGHT, 4)
    assert told(frames(desk, "pinch_index", RIGHT, 5)) == [(BEGIN, "pinch_index")]


def test_most_hands_of_other_people_are_known(side: int) -> None:
    """2 mm of noise on each joint, 30 degrees to each side about each axis of the wrist."""
    noise = np.random.default_rng(9)
    desk = HandDesk(HandOptions(movements=False, begin_frames=1, end_frames=1))
    known = {}
    for shape in (*SHAPES, NONE):
        hits = 0
        for _ in range(12):
            desk.frame({side: None})
            desk.frame({side: to_record(shown(shape, side, noise), side)})
            held = int(state(desk, side).record["held"][0])
            hits += held == (0 if shape == NONE else 1 << SHAPES.index(shape))
        known[shape] = hits
    print(known)
    assert sum(known.values()) >= 0.93 * 12 * len(known)
    assert min(known.values()) >= 9
