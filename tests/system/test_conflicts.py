"""Hands and words that come at once, or break off: real runtime, real audio server, one daemon.

What is meant then is told case by case in runtime/README.md, under "Decisions".
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from fixtures import engines, pulse
from fixtures.daemon import Daemon
from fixtures.fusing import CONFIG as MEANING
from fixtures.fusing import VOCABULARY
from fixtures.live_wearer import (
    FIST,
    INDEX,
    LEFT_SIDE,
    QUIET_S,
    RIGHT_SIDE,
    STANDING,
    Gesture,
    Wearer,
)
from fixtures.monado import MARKS, MonadoService
from fixtures.pulse import PulseServer
from fixtures.remote_driver import ABSENT, LEFT, RIGHT, Controller
from fixtures.waiting import eventually

from sensorium.records.hands import SHAPES
from sensorium_tools.samples import synthesisers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fixtures.remote_driver import Vector

pytestmark = MARKS
CONFIG = f"{MEANING}[senses.hand_gesture]\n"
ENGINES = (
    "silero-vad", "whisper-tiny-en-encoder", "whisper-tiny-en-decoder", "minilm", "hand-movement",
)
SIDES = ("left", "right")
BEGIN, END, MOVED = 1, 2, 3
LOOKED_AT, POINTED_AT = 11, 12
EVIDENCE = {1: "word", 2: "fixation", 3: "pointing ray"}
SAY_TRIES = 3
SWIPE_FROM, SWIPE_TO, SWIPE_S = (0.3, 1.35, -0.45), (-0.1, 1.35, -0.45), 0.3
WALKED_M_S, STEP_HZ, WALK_S = 1.2, 2.0, 4.0


@pytest.fixture(scope="module")
def wearer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wearer]:
    """One daemon for all: the models are loaded once."""
    pulse.require()
    if why := synthesisers.missing("flite"):
        pytest.skip(why)
    for name in ENGINES:
        engines.ensure_built(name)
    folder = tmp_path_factory.mktemp("conflicts")
    service = MonadoService(folder / "m")
    service.start()
    words = folder / "config" / "vocabularies"
    words.mkdir(parents=True)
    (words / "words.toml").write_text(VOCABULARY)
    try:
        with PulseServer() as server, service.connect() as remote:
            environment = {**server.environment, **service.environment}
            with Daemon(
                folder, CONFIG, environment=environment, python=service.python
            ) as daemon:
                made = Wearer(remote, server, daemon, folder)
                yield made
                made.session.close()
    finally:
        service.stop()


@pytest.fixture(autouse=True)
def open_hands(wearer: Wearer) -> None:
    """Each begins with two open hands that have done nothing since they were first seen."""
    wearer.show(left=ABSENT, right=ABSENT)
    for side in SIDES:
        eventually(lambda side=side: wearer.reason(f"hand_gesture_{side}"), f"no {side} hand")
    wearer.show(left=LEFT, right=RIGHT)
    for side in SIDES:
        eventually(lambda side=side: not wearer.reason(f"hand_gesture_{side}"), f"{side} hand")
    wearer.seek()


def test_a_hand_that_is_lost_ends_what_it_held_and_begins_nothing_by_itself(
    wearer: Wearer,
) -> None:
    closed = replace(RIGHT, curl=FIST)
    wearer.show(right=closed)
    assert wearer.until(Gesture(RIGHT_SIDE, BEGIN, "grab", 0)) == [
        Gesture(RIGHT_SIDE, BEGIN, "grab", 0)
    ]
    wearer.show(right=replace(closed, active=False, hand_tracking=False))
    assert wearer.until(Gesture(RIGHT_SIDE, END, "grab", 1)) == [
        Gesture(RIGHT_SIDE, END, "grab", 1)
    ]
    assert wearer.reason("hand_gesture_right") == "INACTIVE"
    wearer.show(right=RIGHT)
    eventually(lambda: not wearer.reason("hand_gesture_right"), "the hand came back")
    time.sleep(QUIET_S)
    assert wearer.gestures() == []
    wearer.show(right=closed)
    assert wearer.until(Gesture(RIGHT_SIDE, BEGIN, "grab", 0)) == [
        Gesture(RIGHT_SIDE, BEGIN, "grab", 0)
    ]


def test_a_hand_that_is_lost_in_mid_swipe_has_not_swiped(wearer: Wearer) -> None:
    wearer.show(right=replace(RIGHT, position=SWIPE_FROM))
    time.sleep(1.0)
    for moved_s in _while(SWIPE_S):
        share = moved_s / SWIPE_S
        gone = 0.4 < share < 0.7
        wearer.show(right=replace(
            RIGHT, position=_on_the_way(share), active=not gone, hand_tracking=not gone
        ))
    time.sleep(2 * QUIET_S)
    assert [one for one in wearer.gestures() if one.event == MOVED] == []


def test_arms_that_swing_tell_nothing_and_who_walks_swipes_as_who_stands_does(
    wearer: Wearer,
) -> None:
    for walked_s in _while(WALK_S):
        _walk(wearer, walked_s)
    time.sleep(QUIET_S)
    assert wearer.gestures() == []
    wearer.show(STANDING, right=replace(RIGHT, position=SWIPE_FROM))
    time.sleep(1.0)
    wearer.seek()
    for walked_s in _while(SWIPE_S):
        _walk(wearer, walked_s, right=replace(RIGHT, position=_on_the_way(walked_s / SWIPE_S)))
    swipe = Gesture(RIGHT_SIDE, MOVED, "swipe_left", 0)
    assert wearer.until(swipe) == [swipe]
    wearer.show(STANDING)


def test_both_hands_at_once_hold_their_own(wearer: Wearer) -> None:
    wearer.show(left=replace(LEFT, curl=FIST), right=replace(RIGHT, curl=INDEX))
    begins = [Gesture(LEFT_SIDE, BEGIN, "grab", 0), Gesture(RIGHT_SIDE, BEGIN, "point", 0)]
    assert wearer.until(*begins) == begins
    wearer.show(left=LEFT, right=RIGHT)
    ends = [Gesture(LEFT_SIDE, END, "grab", 0), Gesture(RIGHT_SIDE, END, "point", 0)]
    assert wearer.until(*ends) == ends


def test_who_grabs_while_talking_to_somebody_else_is_told_both_once_and_commands_nothing(
    wearer: Wearer,
) -> None:
    wearer.say("What time is it now?")
    wearer.show(right=replace(RIGHT, curl=FIST))
    (said,) = wearer.heard("transcript")
    wearer.show(right=RIGHT)
    told = wearer.until(Gesture(RIGHT_SIDE, END, "grab", 0))
    assert told == [
        Gesture(RIGHT_SIDE, BEGIN, "grab", 0), Gesture(RIGHT_SIDE, END, "grab", 0)
    ]
    assert (said["is_final"], "time" in said["text"].lower()) == (1, True), said["text"]
    hand = wearer.state("hand_gesture_right")
    grab = SHAPES.index("grab")
    assert said["start_ns"] < hand["begin_ns"][grab] < said["end_ns"] < hand["end_ns"][grab]
    assert wearer.told("intent") == []


def test_a_left_handed_wearer_means_the_same(wearer: Wearer) -> None:
    """The head stays with another thing."""
    head = np.array(wearer.state("head")["pose"]["position"])
    thing = head + np.array((0.0, -0.5, -2.0))
    wearer.place((LOOKED_AT, head + np.array((0.0, 0.0, -2.0))), (POINTED_AT, thing))
    meant = []
    for side in (RIGHT_SIDE, LEFT_SIDE):
        wearer.point(side, POINTED_AT, thing)
        meant.append(_intent(wearer))
    assert meant[0] == meant[1] == ("delete", [POINTED_AT], 0, ["word", "pointing ray"])


def _while(seconds: float) -> Iterator[float]:
    """How much of the time is over, s, 200 times a second."""
    begun, over_s = time.perf_counter(), 0.0
    while over_s < seconds:
        over_s = min(seconds, time.perf_counter() - begun)
        yield over_s
        time.sleep(1 / 200)


def _walk(wearer: Wearer, walked_s: float, **hands: Controller) -> None:
    """Shows who has walked for so long: each step lifts the body 2 cm, and the arms swing by 20
    degrees (Collins, Adamczyk & Kuo, Proc. R. Soc. B 276, 2009) unless they are said to do
    something else, which is told as who stands does it.
    """
    body = np.array((
        0.0, 0.02 * np.sin(2 * np.pi * STEP_HZ * walked_s), -WALKED_M_S * walked_s
    ))
    shown = {}
    for name, side in (("left", -1.0), ("right", 1.0)):
        angle = side * np.radians(20.0) * np.sin(np.pi * STEP_HZ * walked_s)
        hand = Controller(
            (side * 0.2, 1.4 - 0.62 * np.cos(angle), -0.62 * np.sin(angle)),
            # The fingers, which point forward in a grip that is not turned, hang.
            (np.sin((angle - np.pi / 2) / 2), 0.0, 0.0, np.cos((angle - np.pi / 2) / 2)),
        )
        hand = hands.get(name, hand)
        shown[name] = replace(hand, position=_vector(np.array(hand.position) + body))
    wearer.show(_vector(np.array(STANDING) + body), **shown)


def _on_the_way(share: float) -> Vector:
    """Where a hand that swipes is, with the least jerk (Flash & Hogan, J. Neurosci. 5, 1985)."""
    way = share**3 * (10 - 15 * share + 6 * share**2)
    start, end = np.array(SWIPE_FROM), np.array(SWIPE_TO)
    return _vector(start + way * (end - start))


def _vector(place: np.ndarray) -> Vector:
    x, y, z = place.tolist()
    return x, y, z


def _intent(wearer: Wearer) -> tuple[str, list[int], int, list[str]]:
    """Verb, objects, number of unresolved words and first evidence of the one that is told.

    Where a busy machine lost some of the sound it is said once more.
    """
    for _ in range(SAY_TRIES):
        wearer.seek()
        wearer.say("Delete this.")
        wearer.heard("transcript")
        told = wearer.told("intent")
        if told:
            (one,) = told
            return (
                one["verb"], one["objects"][: one["object_count"]], one["unresolved"],
                [EVIDENCE[each["kind"]] for each in one["evidence"][:2]],
            )
    raise AssertionError("nothing was understood")
