"""A controller that points at no target: at an open place, or as one that hangs does."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from fixtures.looking import at_angles, towards

from sensorium.perception.attention_trace import CONTROLLER, EYES, FINGER
from sensorium.perception.intents.agreement import pointing_of
from sensorium.perception.intents.history import History, Seen, Way
from sensorium.perception.intents.looks import looks_of

EYE, HAND = np.array((0.0, 1.6, 0.0)), np.array((0.2, 1.3, -0.2))
SPOT = at_angles(10, -30)
"""Open; the eyes are there from 0.5 s to 1 s, and on target 7 before and behind."""
STEP_S = 0.05


def ray(at_s: float, kind: int, place: tuple[float, ...], generation: int = 1) -> Seen:
    origin = EYE if kind == EYES else HAND
    side = -1 if kind == EYES else 1
    way = np.array(towards(place, origin.tolist()))
    return Seen(round(at_s * 1e9), (1, generation), kind, side, origin, way)


def history(hand: tuple[float, ...], kind: int = CONTROLLER, generation: int = 1) -> History:
    """Of 2 s; the hand meets no target, as far as is known, all the time."""
    count = round(2 / STEP_S)
    times = np.arange(count) * STEP_S
    on_spot = (times >= 0.5) & (times < 1.0)
    looked = np.where(on_spot[:, None], (0.05, 0.95), (0.95, 0.05))
    pointed = np.full((count, 2), (0.1 + 0.45, 0.45))
    gaze = Way(looked, np.ones(count, bool), 0.15, looked[:, -1])
    pointing = Way(pointed, np.zeros(count, bool), 0.25, np.full(count, 0.9))
    frames = np.arange(180) / 90
    eyes = [
        ray(at, EYES, SPOT if 0.5 <= at < 1.0 else at_angles(0, 0)) for at in frames.tolist()
    ]
    hands = [ray(at, kind, hand, generation) for at in times.tolist()]
    rays = tuple(sorted((*eyes, *hands), key=lambda one: one.time_ns))
    return History((7,), np.round(times * 1e9).astype(np.int64), gaze, pointing, gaze, rays)


def test_a_controller_means_the_open_place_where_the_eyes_have_been() -> None:
    seen = history(SPOT)
    found = pointing_of(seen, looks_of(seen))
    # Not before the eyes were there.
    begin = float(seen.times[int(found.known.argmax())])
    assert 0.45 <= begin <= 0.55
    assert found.known[seen.times >= begin].all()
    assert found.chances[-1].tolist() == pytest.approx([0.1, 0.9])
    assert not seen.pointing.known.any()


def test_a_look_of_which_nothing_is_believed_is_at_no_open_place() -> None:
    seen = history(SPOT)
    unknown = (seen.times >= 0.4) & (seen.times < 1.1)
    seen = replace(seen, gaze=replace(seen.gaze, known=~unknown))
    assert len(looks_of(seen).begins) == 3
    assert not pointing_of(seen, looks_of(seen)).known.any()


@pytest.mark.parametrize(
    "seen",
    [
        # It hangs, points elsewhere, is a finger, which never hangs, or is of another space.
        history((0.4, 0.0, -0.5)), history(at_angles(25, -30)), history(SPOT, FINGER),
        history(SPOT, generation=2),
    ],
    ids=["hangs", "elsewhere", "finger", "recentred"],
)
def test_one_that_does_not_says_nothing(seen: History) -> None:
    assert not pointing_of(seen, looks_of(seen)).known.any()
