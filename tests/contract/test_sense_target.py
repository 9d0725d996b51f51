"""The sense target on real regions: what eyes and head look at."""

from __future__ import annotations

import math

import numpy as np
import pytest
from fixtures.looking import (
    BROKEN,
    EYE,
    FRAME_NS,
    Onlooker,
    aside,
    at_angles,
    scene,
    spoilt,
    towards,
)

from sensorium.health import Reason
from sensorium_tools.quaternion import turn

GRID = [at_angles(across, up) for up in (-3, 0, 3) for across in (-3, 0, 3)]
MIDDLE = 5


def noise(frames: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, math.radians(1.0), (frames, 2))


def test_the_head_says_what_is_looked_at_and_that_it_was_the_head() -> None:
    onlooker = Onlooker()
    app = onlooker.app(scene(GRID))
    onlooker.look(GRID[5], 5)
    sample = app.told()
    assert (sample.valid, app["looked_source"], app["scene_state"]) == (True, 2, 0)
    row = app["looked_at"]
    assert (app.meant(), row["ids"][0], row["count"]) == (6, 6, 3)
    assert 0 < app["since_ns"][0] <= onlooker.now_ns
    scores = row["scores"].tolist()
    assert scores == sorted(scores, reverse=True)
    assert sum(scores) + app["nothing"][0] <= 1 + 1e-6
    assert app["nothing"][1:].tolist() == [1, 1, 1, 1]
    assert app["since_ns"][1:].tolist() == [0, 0, 0, 0]


def test_eyes_count_before_the_head_through_blinks_and_the_head_when_they_are_lost() -> None:
    onlooker = Onlooker()
    app = onlooker.app(scene(GRID))
    onlooker.gaze(GRID[8], 20, noise(20))
    assert (app.meant(), app["looked_source"]) == (9, 1)
    changes = int(app["changes"][0])
    for _ in range(18):
        onlooker.frame(head=onlooker.head((0, 0, -1)), gaze=Reason.INACTIVE)
    assert (app.meant(), app["looked_source"], app["changes"][0]) == (9, 1, changes)
    for _ in range(40):
        onlooker.frame(head=onlooker.head((0, 0, -1)), gaze=Reason.INACTIVE)
    assert (app.meant(), app["looked_source"]) == (MIDDLE, 2)


def test_a_tracker_that_stands_still_leaves_the_head_to_say_it() -> None:
    """The runtime goes on to give a pose, of an eye that was sampled long ago."""
    onlooker = Onlooker()
    app = onlooker.app(scene(GRID))
    eyes = onlooker.eyes(towards(GRID[8]))
    eyes["sample_ns"] = onlooker.now_ns
    for _ in range(20):
        onlooker.frame(head=onlooker.head((0, 0, -1)), gaze=eyes)
    assert (app.meant(), app["looked_source"]) == (9, 1)
    for _ in range(70):
        onlooker.frame(head=onlooker.head((0, 0, -1)), gaze=eyes)
    assert (app.meant(), app["looked_source"]) == (MIDDLE, 2)


@pytest.mark.parametrize("broken", BROKEN)
def test_a_gaze_that_is_no_good_is_none(broken: str) -> None:
    onlooker = Onlooker()
    app = onlooker.app(scene(GRID))
    gaze = spoilt(onlooker.eyes(towards(GRID[8])), broken)
    for _ in range(10):
        onlooker.frame(head=onlooker.head((0, 0, -1)), gaze=gaze)
    assert (app.meant(), app["looked_source"]) == (MIDDLE, 2)


def test_noise_beside_a_border_does_not_flicker() -> None:
    """The eyes rest 1.2 degrees from a target and 1.8 from the next, with 1 degree of noise."""
    onlooker = Onlooker()
    app = onlooker.app(scene(GRID))
    onlooker.gaze(at_angles(1.2, 0), 30, noise(30))
    assert app.meant() == MIDDLE
    changes = int(app["changes"][0])
    onlooker.gaze(at_angles(1.2, 0), 120, noise(120, seed=1))
    assert (app.meant(), app["changes"][0]) == (MIDDLE, changes)


def test_beside_everything_nothing_is_meant() -> None:
    onlooker = Onlooker()
    app = onlooker.app(scene(GRID))
    onlooker.gaze(at_angles(20, 0), 30, noise(30))
    assert app.meant() == 0
    assert app["nothing"][0] > 0.95
    assert app.told().valid


def test_what_is_hidden_is_not_meant_but_what_hides_it() -> None:
    onlooker = Onlooker()
    app = onlooker.app(scene([at_angles(0, 0, 4.0), at_angles(0, 0, 1.5)], 0.2))
    onlooker.gaze(at_angles(0, 0), 15, noise(15))
    assert app.meant() == 2
    assert app["looked_at"]["scores"][0] > 0.9


def test_a_box_is_met_where_it_is_turned_to() -> None:
    """A board of 60 by 4 cm, upright, beside a sphere that its lying twin would cover."""
    made = scene([at_angles(0, 0), at_angles(7, 0)])
    board = made["targets"][0, 0:1]
    board["half_extents"], board["radius"] = (0.3, 0.02, 0.02), 0
    onlooker = Onlooker()
    app = onlooker.app(made)
    for across, wanted in ((0.0, 1), (90.0, 1)):
        board["orientation"] = turn((0, 0, 1), across)
        app.show(made)
        onlooker.gaze(at_angles(0, 0), 15, noise(15))
        assert app.meant() == wanted
    onlooker.gaze(at_angles(0, 6), 30, noise(30))
    assert app.meant() == 1
    onlooker.gaze(at_angles(7, 0), 30, noise(30))
    assert app.meant() == 2


def test_a_target_that_moves_is_followed_by_the_eyes() -> None:
    """It passes behind another one's place, at 20 degrees a second."""
    onlooker = Onlooker()
    app = onlooker.app()
    for frame in range(120):
        place = at_angles(-12 + frame * 20 / 90, 0)
        app.show(scene([place, at_angles(0, 2.5)]))
        onlooker.gaze(place, 1, noise(1, seed=frame))
        if frame > 30:
            assert app.meant() == 1
    assert app["changes"][0] <= 3


def test_a_head_that_is_lost_is_waited_for_and_then_nothing_is_valid() -> None:
    onlooker = Onlooker()
    app = onlooker.app(scene(GRID))
    onlooker.look(GRID[4], 5)
    for _ in range(10):
        onlooker.frame(head=Reason.INACTIVE)
    assert (app.told().valid, app.meant()) == (True, MIDDLE)
    for _ in range(20):
        onlooker.frame(head=Reason.INACTIVE)
    assert (app.told().valid, app.meant(), app["looked_source"]) == (False, 0, 0)
    onlooker.look(GRID[4], 3)
    assert (app.told().valid, app.meant()) == (True, MIDDLE)
    onlooker.frame(head=Reason.RUNTIME_MISSING)
    assert (app.told().valid, app.meant()) == (False, 0)


@pytest.mark.parametrize("rate_hz", [30, 72, 144])
def test_other_rates_find_the_same(rate_hz: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fixtures.looking.FRAME_NS", round(1e9 / rate_hz))
    onlooker = Onlooker()
    app = onlooker.app(scene(GRID))
    for place in (0, 8, 4, 2):
        frames = rate_hz // 3
        onlooker.gaze(GRID[place], frames, noise(frames, seed=place) * 0.7)
        assert app.meant() == place + 1


def test_time_that_goes_back_and_gaps_begin_anew() -> None:
    onlooker = Onlooker()
    app = onlooker.app(scene(GRID))
    onlooker.gaze(GRID[0], 20, noise(20))
    onlooker.now_ns += 400_000_000
    onlooker.gaze(GRID[1], 3)
    assert app.meant() == 2
    # The record is of an earlier time by a frame: it says nothing of now.
    onlooker.now_ns -= 2 * FRAME_NS
    onlooker.gaze(GRID[8], 1)
    assert app.meant() == 2
    onlooker.now_ns -= 5_000_000_000
    onlooker.gaze(GRID[2], 3)
    assert app.meant() == 3


def test_the_same_look_at_the_eyes_counts_once() -> None:
    """A tracker of 45 Hz under a poll of 90 Hz: each sample comes twice, with one sample time."""
    once, twice = Onlooker(), Onlooker()
    apps = [each.app(scene(GRID)) for each in (once, twice)]
    for step in noise(30):
        for turn_, onlooker in enumerate((once, twice)):
            eyes = onlooker.eyes(aside(towards(GRID[3], EYE), *step))
            eyes["sample_ns"] = onlooker.now_ns
            for _ in range(2):
                onlooker.frame(head=onlooker.head((0, 0, -1)), gaze=eyes)
                if not turn_:
                    eyes["sample_ns"] += 1000
    scores = [app["looked_at"]["scores"].tolist() for app in apps]
    assert [app.meant() for app in apps] == [4, 4]
    assert scores[0] != scores[1]
