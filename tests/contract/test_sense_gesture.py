"""The gesture sense on kinematic hands, with the real engine."""

from __future__ import annotations

import numpy as np
import pytest
from fixtures import engines
from fixtures.senses import Player, no_rings

from sensorium.errors import EngineError
from sensorium.health import Reason
from sensorium.perception.gesture import Gesture, GestureOptions
from sensorium_tools.hand_poses import GESTURES, LEFT, POSES, RIGHT, held, vary
from sensorium_tools.hands import hand, to_record
from sensorium_tools.quaternion import multiply, turn

X, Y, Z = (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)
FRAME_NS = 11_111_111
NONE, BEGIN, HOLD, END = range(4)

def shown(label: str, side: int, noise: np.random.Generator | None = None) -> np.ndarray:
    pose, orientation, scale = POSES[GESTURES[label][0]], held(label, side), 1.0
    if noise is not None:
        pose, scale = vary(pose, noise, 4.0), noise.uniform(0.85, 1.1)
        for axis in (X, Y, Z):
            orientation = multiply(turn(axis, noise.normal(0, 12)), orientation)
    made = hand(pose, side, (0.1, 1.3, -0.4), tuple(orientation), scale)
    return to_record(made, side)


def resting(side: int) -> np.ndarray:
    return to_record(hand(POSES["rest"], side, (0.2, 0.9, -0.3)), side)


@pytest.fixture(scope="module")
def engine():
    loaded = engines.load("gesture-recognizer")
    yield loaded
    loaded.close()


@pytest.fixture(params=[LEFT, RIGHT], ids=["left", "right"])
def side(request: pytest.FixtureRequest) -> int:
    return request.param


@pytest.fixture
def player(engine, side: int) -> Player:
    sense = Gesture(GestureOptions(), {"gesture-recognizer": engine}, no_rings())
    return Player(sense.streams()[side - 1])


def play(player: Player, frames: list[np.ndarray], start: int = 0) -> None:
    for place, record in enumerate(frames, start):
        player.valid(record, place * FRAME_NS)


def test_the_streams_are_those_of_the_two_hands(engine) -> None:
    left, right = Gesture(GestureOptions(), {"gesture-recognizer": engine}, no_rings()).streams()
    assert (left.trigger, left.outputs[0]) == ("hand_left", "gesture_left")
    assert (right.trigger, right.outputs[0]) == ("hand_right", "gesture_right")


@pytest.mark.parametrize("label", sorted(GESTURES))
def test_each_gesture_begins_holds_and_ends(player: Player, side: int, label: str) -> None:
    """The begin is told in the third frame that shows it, the end in the third without."""
    play(player, [resting(side)] * 5 + [shown(label, side)] * 10 + [resting(side)] * 6)
    records = player.of(player.stream.outputs[0])
    assert len(records) == 21
    assert all(record.valid and record["side"] == side for record in records)
    assert [record["phase"] for record in records] == (
        [NONE] * 7 + [BEGIN] + [HOLD] * 9 + [END] + [NONE] * 3
    )
    begin, end = player.of("gesture_event")
    assert (begin["event"], end["event"]) == (1, 2)
    assert (begin.capture_ns, end.capture_ns) == (7 * FRAME_NS, 17 * FRAME_NS)
    assert begin["name"] == end["name"] == label.encode()
    assert (begin["begins"], begin["ends"], end["begins"], end["ends"]) == (1, 0, 1, 1)
    assert begin["begin_ns"] == 5 * FRAME_NS
    held = records[12]
    names = player.stream._engine.labels
    assert names[held["gesture"]] == label
    assert held["score"] == held["scores"][held["gesture"]] > 0.5
    assert held["score"] == pytest.approx(held.confidence)
    assert held["label_count"] == len(names) == 8
    assert held["scores"].sum() == pytest.approx(1.0, abs=1e-5)
    assert held.engine.name == "gesture-recognizer"
    assert records[-1]["name"] == b""


@pytest.mark.parametrize("label", sorted(GESTURES))
def test_most_hands_of_other_people_are_known(engine, label: str) -> None:
    """Noise of 4 degrees on every joint angle and 12 on the wrist's axes, hands of three sizes."""
    noise = np.random.default_rng(7)
    sense = Gesture(GestureOptions(begin_frames=1), {"gesture-recognizer": engine}, no_rings())
    known = 0
    for place in range(60):
        side = (LEFT, RIGHT)[place % 2]
        player = Player(sense.streams()[side - 1])
        player.valid(shown(label, side, noise), place * FRAME_NS)
        known += player.said[-1]["name"] == label.encode()
    print(f"{label}: {known} of 60")
    assert known >= 48


def test_pinch_and_grab_are_told_without_a_gesture(player: Player, side: int) -> None:
    made = hand(POSES["pinch"], side, (0, 1, 0))
    play(player, [to_record(made, side)])
    record = player.said[-1]
    assert record["pinch"] == record["pinches"][0] > 0.95
    assert record["pinches"][1:].max() < 0.3
    assert 0.0 < record["grab"] < 0.3


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        (Reason.INACTIVE, Reason.INACTIVE),
        (Reason.OWNER_LOST, Reason.INPUT_LOST),
        (Reason.INPUT_LOST, Reason.INPUT_LOST),
        (Reason.RUNTIME_MISSING, Reason.RUNTIME_MISSING),
    ],
)
def test_a_hand_that_vanishes_ends_its_gesture(
    player: Player, side: int, reason: Reason, told: Reason
) -> None:
    play(player, [shown("Victory", side)] * 5)
    player.invalid(5 * FRAME_NS, reason)
    event, state = player.said[-2:]
    assert (event.channel, event["event"], event["name"], event["phase"]) == (
        "gesture_event", 2, b"Victory", END
    )
    assert event.valid
    assert (state.valid, state.reason, state["gesture"], state["ends"]) == (False, told, 0, 1)
    assert not state["scores"].any()
    before = len(player.said)
    player.invalid(6 * FRAME_NS, reason)
    assert [item.channel for item in player.said[before:]] == [player.stream.outputs[0]]


def test_an_inactive_hand_does_not_run_the_engine(player: Player, side: int) -> None:
    class Counting:
        labels = player.stream._engine.labels
        runs = 0

        def run(self, feeds):
            self.runs += 1
            return player_engine.run(feeds)

    player_engine, counting = player.stream._engine, Counting()
    player.stream._engine = counting
    for place in range(10):
        player.invalid(place * FRAME_NS, Reason.INACTIVE)
    assert counting.runs == 0
    play(player, [resting(side)], 10)
    assert counting.runs == 1


@pytest.mark.parametrize("broken", ["flags", "nan", "point"])
def test_joints_without_a_position_are_an_inactive_hand(
    player: Player, side: int, broken: str
) -> None:
    record = shown("Victory", side)
    if broken == "flags":
        record["joints"]["flags"][0, 13] = 0
    elif broken == "nan":
        record["joints"]["position"][0, 13] = np.nan
    else:
        record["joints"]["position"] = 0.5
    play(player, [shown("Victory", side)] * 5 + [record])
    assert (player.said[-1].valid, player.said[-1].reason) == (False, Reason.INACTIVE)
    assert player.said[-2]["event"] == 2


def test_frames_far_apart_are_not_a_run(player: Player, side: int) -> None:
    for place in range(6):
        player.valid(shown("Victory", side), place * 300_000_000)
    assert player.of("gesture_event") == []


def test_the_options_set_thresholds_and_frames(engine, side: int) -> None:
    options = GestureOptions(begin_score=0.99)
    sense = Gesture(options, {"gesture-recognizer": engine}, no_rings())
    strict = Player(sense.streams()[side - 1])
    play(strict, [shown("Victory", side)] * 20)
    assert strict.of("gesture_event") == []
    quick = GestureOptions(begin_frames=1, end_frames=1)
    player = Player(Gesture(quick, {"gesture-recognizer": engine}, no_rings()).streams()[side - 1])
    play(player, [shown("Victory", side), resting(side)])
    assert [item.capture_ns for item in player.of("gesture_event")] == [0, FRAME_NS]


def test_an_engine_without_labels_is_refused(engine) -> None:
    class Unlabelled:
        labels = ()

    with pytest.raises(EngineError, match="labels"):
        Gesture(GestureOptions(), {"gesture-recognizer": Unlabelled()}, no_rings())
