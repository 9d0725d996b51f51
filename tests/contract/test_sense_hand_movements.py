"""The movements of the sense `hand_gesture` with the real engine, on made wearers."""

from __future__ import annotations

import functools
from dataclasses import replace

import numpy as np
import pytest
from fixtures import engines
from fixtures.hand_desk import FRAME_NS, HandDesk, head, joints

from sensorium.errors import EngineError
from sensorium.perception.hand_gesture import HandGesture, HandOptions
from sensorium.perception.hand_motion import STEP_NS, WINDOW
from sensorium.perception.movement import CLASSES
from sensorium.records.hands import MOVEMENTS
from sensorium_tools.hand_poses import LEFT, RIGHT
from sensorium_tools.motion import movements, take
from sensorium_tools.motion.free import idle, swing
from sensorium_tools.motion.path import Path

MOVED = 3
VISIBLE_NS = 150_000_000
EASY = take.TakeOptions(noise_mm=(1.0, 1.0), drops=0.0, walking_share=0.0, pace=(1.0, 1.0))


@pytest.fixture(scope="module", autouse=True)
def _built() -> None:
    engines.ensure_built("hand-movement")


@functools.cache
def made(name: str, seed: int, rate_hz: int = 90, walking: bool = False, side: int = RIGHT):
    """A take of one movement, begun and ended at rest; "swing" is a walker's arm."""

    def performed(who, options, noise):
        path = Path(*idle(who, noise))
        path.stay(1.2)
        if name == "swing":
            for _ in range(3):
                swing(path, who, noise)
            return path, []
        done = [take.Done(name, *movements.MAKERS[name](path, name, who, noise))]
        path.stay(0.8)
        return path, done

    options = replace(EASY, walking_share=1.0 if walking else 0.0)
    for more in range(16):
        one = take.seen(performed, options, np.random.default_rng([seed, more]), rate_hz)
        if one.side == side:
            return one
    raise AssertionError("no take of that side")


def moved(events: list[np.void]) -> list[str]:
    return [one["name"].decode() for one in events if one["event"] == MOVED]


def share_known(names: tuple[str, ...], seeds: range, **options) -> float:
    hits = count = 0
    for name in names:
        for seed in seeds:
            hits += moved(HandDesk().play(made(name, seed, **options))) == [name]
            count += 1
    return hits / count


@pytest.mark.parametrize("side", [LEFT, RIGHT], ids=["left", "right"])
@pytest.mark.parametrize("name", MOVEMENTS)
def test_each_movement_is_told_once_soon_after_its_end(name: str, side: int) -> None:
    known = 0
    for seed in (1, 2, 3):
        one = made(name, seed, side=side)
        desk = HandDesk()
        shift_ns = desk.now_ns + FRAME_NS - int(one.times_ns[0])
        told = [event for event in desk.play(one) if event["event"] == MOVED]
        if [event["name"] for event in told] != [name.encode()]:
            continue
        known += 1
        end_ns = one.done[0].end * 1e9 + shift_ns
        begin_ns = one.done[0].begin * 1e9 + shift_ns
        event = told[0]
        assert event["side"] == side
        assert event["chance"] > 0.7
        assert event["movements"] == 1
        assert abs(int(event["movement_end_ns"]) - end_ns) < 200_000_000
        # A hand that was brought to the begin without a rest had begun to move before; of a long
        # movement the begin is where the window begins.
        seen_ns = max(begin_ns, int(event["movement_end_ns"]) - WINDOW * STEP_NS)
        assert int(event["movement_begin_ns"]) < seen_ns + 150_000_000
        assert event["movement_begin_ns"] < event["movement_end_ns"]
        newest = desk.newest(("hand_gesture_left", "hand_gesture_right")[side - 1]).record[0]
        assert (newest["name"], newest["movements"]) == (name.encode(), 1)
    assert known >= 2


def test_it_is_visible_within_150_ms_of_the_end() -> None:
    late = []
    for name in MOVEMENTS:
        one = made(name, 1)
        desk = HandDesk()
        shift_ns = desk.now_ns + FRAME_NS - int(one.times_ns[0])
        previous = int(one.times_ns[0]) - FRAME_NS
        for at, time_ns in enumerate(one.times_ns.tolist()):
            told = desk.frame(
                {one.side: joints(one.joints[at], one.side)}, after_ns=time_ns - previous,
                seen=head(one.heads[at], one.turns[at]),
            )
            previous = time_ns
            if any(event["event"] == MOVED for event in told):
                late.append(desk.now_ns - (one.done[0].end * 1e9 + shift_ns))
                break
    print([round(one / 1e6) for one in late])
    assert len(late) >= 7
    assert sum(one <= VISIBLE_NS for one in late) >= len(late) - 1


@pytest.mark.parametrize("rate_hz", [30, 144])
def test_movements_are_known_at_any_frame_rate(rate_hz: int) -> None:
    assert share_known(MOVEMENTS, range(1, 2), rate_hz=rate_hz) >= 0.7


def test_a_movement_counts_while_walking() -> None:
    assert share_known(("swipe_left", "push", "wave", "swipe_up"), range(1, 3), walking=True) > 0.6


def test_the_swing_of_a_walkers_arm_is_no_movement() -> None:
    told = [moved(HandDesk().play(made("swing", seed, walking=True))) for seed in (1, 2, 3)]
    assert told == [[], [], []]


def cut(desk: HandDesk, one: take.Take, harm: str) -> list[np.void]:
    """Plays a take of which something breaks in the middle of its movement."""
    middle = (one.done[0].begin + one.done[0].end) / 2 * 1e9
    previous, events = int(one.times_ns[0]) - FRAME_NS, []
    broken = False
    for at, time_ns in enumerate(one.times_ns.tolist()):
        points, seen = one.joints[at].copy(), head(one.heads[at], one.turns[at])
        record = joints(points, one.side)
        after_ns = time_ns - previous
        if time_ns > middle:
            if not broken and harm == "lost":
                events += desk.frame({one.side: None}, after_ns=1_000_000)
                after_ns -= 1_000_000
            if not broken and harm == "nan":
                record["joints"]["position"][0, 12] = np.nan
            if not broken and harm == "back":
                after_ns = -1_000_000_000
            if not broken and harm == "gap":
                after_ns += 300_000_000
            if harm == "jump":
                record["joints"]["position"][0] += (1.0, 0.0, 0.0)
            if harm == "recentred":
                record["space_generation"] = seen["space_generation"] = 1
            broken = True
        if harm != "no head" or not broken:
            events += desk.frame({one.side: record}, after_ns=after_ns, seen=seen)
        else:
            desk.desk.publish("head", head(), 0, valid=False)
            events += desk.frame({one.side: record}, after_ns=after_ns)
        previous = time_ns
    return events


@pytest.mark.parametrize("name", ["swipe_left", "push", "circle"])
@pytest.mark.parametrize(
    "harm", ["lost", "nan", "back", "gap", "jump", "recentred", "no head"]
)
def test_what_breaks_in_its_middle_is_never_told(name: str, harm: str) -> None:
    one = made(name, 1)
    assert moved(HandDesk().play(one)) == [name]
    desk = HandDesk()
    assert moved(cut(desk, one, harm)) == []
    channel = ("hand_gesture_left", "hand_gesture_right")[one.side - 1]
    assert desk.newest(channel).record["movements_judged"][0] == (harm != "no head")


def test_hands_that_change_places_tell_nothing() -> None:
    """Each channel suddenly has the other hand's joints, half a metre away."""
    desk = HandDesk()
    right, left = made("swipe_left", 1), made("swipe_left", 1, side=LEFT)
    count = min(len(right.times_ns), len(left.times_ns))
    middle = right.done[0].begin * 1e9 + 50e6
    for at in range(count):
        hands = {RIGHT: joints(right.joints[at], RIGHT), LEFT: joints(left.joints[at], LEFT)}
        hands[LEFT]["joints"]["position"][0] += right.heads[at] - left.heads[at] - (0.5, 0.0, 0.0)
        if right.times_ns[at] > middle:
            first = hands[LEFT]["joints"].copy()
            hands[LEFT]["joints"], hands[RIGHT]["joints"] = hands[RIGHT]["joints"], first
        desk.frame(hands, seen=head(right.heads[at], right.turns[at]))
    assert moved(desk.events) == []


def test_both_hands_move_at_once() -> None:
    desk = HandDesk()
    right = made("push", 1)
    # The other hand is the same one in a mirror about the head.
    mirror = right._replace(side=LEFT, joints=mirrored(right))
    told = [(int(one["side"]), one["name"]) for one in desk.play(right, mirror=mirror)
            if one["event"] == MOVED]
    assert sorted(told) == [(LEFT, b"push"), (RIGHT, b"push")]


def mirrored(one: take.Take) -> np.ndarray:
    """Joints mirrored about the plane through the head along its first heading."""
    x, y, z, w = one.turns[0]
    ahead = np.array([-2.0 * (x * z + w * y), 0.0, -(1.0 - 2.0 * (x * x + y * y))])
    across = np.cross(ahead / np.linalg.norm(ahead), (0.0, 1.0, 0.0))
    from_head = one.joints - one.heads[:, None]
    return one.joints - 2.0 * (from_head @ across)[..., None] * across


def test_without_movements_no_engine_is_needed() -> None:
    assert HandGesture.engines(HandOptions(movements=False)) == ()
    desk = HandDesk(HandOptions(movements=False))
    assert moved(desk.play(made("swipe_left", 1))) == []
    assert desk.newest("hand_gesture_right").record["movements_judged"][0] == 0


def test_an_engine_of_other_labels_is_refused() -> None:
    class Other:
        name, labels = "other", CLASSES[:-1]

    with pytest.raises(EngineError, match="other tells none"):
        HandGesture(HandOptions(), {"hand-movement": Other()}, None)
