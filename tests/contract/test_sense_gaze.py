"""The sense of gaze on real regions: what eyes do, which ray it is, and what breaks it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from fixtures.gaze_rig import (
    BLINK,
    BLINK_ENDED,
    FIXATION,
    FIXATION_BEGINS,
    FIXATION_ENDS,
    NONE,
    PURSUIT,
    PURSUIT_ENDS,
    SACCADE_ENDED,
    Rig,
)
from fixtures.gazes import HEIGHT, Noise, aim, gaze_record

from sensorium.health import Reason

if TYPE_CHECKING:

    from sensorium.perception.eyes.directions import Vector

EYES, HEAD = 1, 2
RATES_HZ = (30, 72, 90, 144)
LEFT, RIGHT = aim(-10), aim(10)


@pytest.mark.parametrize("classifier", ["i_vdt", "i_vt", "i_dt"])
@pytest.mark.parametrize("hertz", RATES_HZ)
def test_fixations_and_saccades_are_told_at_every_rate(hertz: int, classifier: str) -> None:
    rig = Rig(hertz, classifier=classifier)
    rig.hold(LEFT, 0.4)
    rig.look(LEFT, RIGHT)
    assert rig.state("movement") == FIXATION
    assert rig.told() == [FIXATION_BEGINS, FIXATION_ENDS, SACCADE_ENDED, FIXATION_BEGINS]
    (jump,), (ended,) = rig.events(SACCADE_ENDED), rig.events(FIXATION_ENDS)
    assert jump["amplitude"] == pytest.approx(20, abs=1.5)
    assert jump["begin_direction"] == pytest.approx(LEFT, abs=0.03)
    assert ended["direction"] == pytest.approx(LEFT, abs=0.01)
    frame_ns = 1e9 / hertz
    assert int(ended["end_ns"]) - rig.start_ns == pytest.approx(0.4e9, abs=2 * frame_ns)
    if classifier != "i_dt":
        assert int(jump["end_ns"] - jump["begin_ns"]) == pytest.approx(65e6, abs=2.1 * frame_ns)
    assert (rig.state("fixations"), rig.state("saccades"), rig.state("fixation")) == (2, 1, 2)
    assert rig.state("fixation_direction") == pytest.approx(RIGHT, abs=0.01)
    assert rig.state("direction") == pytest.approx(RIGHT, abs=0.01)
    assert rig.state("origin") == pytest.approx(HEIGHT)


@pytest.mark.parametrize("hertz", RATES_HZ)
def test_a_smooth_pursuit_is_told_with_its_way(hertz: int) -> None:
    rig = Rig(hertz)
    rig.hold(LEFT, 0.5)
    rig.frames(aim(-10 + 15 * n / hertz) for n in range(1, hertz))
    assert rig.state("movement") == PURSUIT
    rig.hold(aim(5), 0.6)
    assert (rig.state("movement"), rig.state("pursuits")) == (FIXATION, 1)
    (end,) = rig.events(PURSUIT_ENDS)
    assert end["amplitude"] == pytest.approx(15, abs=3)
    assert int(end["end_ns"] - end["begin_ns"]) == pytest.approx(1e9, abs=2.5e8)


def test_noise_of_a_headset_makes_no_movement_of_a_fixation() -> None:
    """1 degree RMS in each axis, white: no velocity of a sample says anything."""
    rig = Rig()
    rig.frames(Noise(1.0).on([aim(5)] * 270))
    assert rig.told()[-1] == FIXATION_BEGINS
    assert rig.told().count(FIXATION_BEGINS) <= 2
    assert rig.state("movement") == FIXATION
    assert rig.state("fixation_direction") == pytest.approx(aim(5), abs=math.radians(0.4))
    assert rig.state("dispersion") == pytest.approx(math.sqrt(2), abs=0.3)


def test_a_gap_counts_by_the_records_whatever_the_trackers_latency() -> None:
    rig = Rig()
    for _ in range(40):
        rig.frame(LEFT, sample_ns=rig.now_ns - 60_000_000)
    rig.lose("gaze", 0.04)
    for _ in range(20):
        rig.frame(LEFT, sample_ns=rig.now_ns - 60_000_000)
    assert rig.told() == [FIXATION_BEGINS]


def test_a_fixation_that_is_told_late_begins_at_its_begin() -> None:
    """Its mean is of all of it, not of what was recalled when it was told."""
    rig = Rig(min_fixation_ms=1000)
    rig.frames(Noise(0.01).on([aim(n / 60.0) for n in range(60)] + [aim(1.0)] * 45))
    assert rig.state("movement") == FIXATION
    x, _, z = rig.state("fixation_direction")
    assert math.degrees(math.atan2(x, -z)) < 0.75


def test_eyes_that_are_lost_before_time_goes_back_do_not_hold_up_what_is_so_now() -> None:
    rig = Rig()
    rig.hold(LEFT, 0.4)
    rig.now_ns -= 3_000_000_000
    rig.lose("gaze", 0.1)
    assert (rig.sample.valid, rig.sample.reason) == (False, Reason.INPUT_LOST)


@pytest.mark.parametrize("hertz", RATES_HZ)
def test_a_blink_is_told_by_openness_and_its_directions_are_not_believed(hertz: int) -> None:
    rig = Rig(hertz)
    rig.hold(LEFT, 0.4, openness=0.9)
    rig.hold(aim(0, -40), 0.15, openness=0.05)
    assert rig.state("movement") == BLINK
    assert np.isnan(rig.state("direction")).all()
    rig.frame(LEFT, openness=0.9)
    assert rig.state("direction") == pytest.approx(LEFT, abs=1e-6)
    rig.hold(LEFT, 0.4, openness=0.9)
    assert rig.told() == [FIXATION_BEGINS, FIXATION_ENDS, BLINK_ENDED, FIXATION_BEGINS]
    (blink,) = rig.events(BLINK_ENDED)
    assert blink["evidence"] == 1
    assert int(blink["end_ns"] - blink["begin_ns"]) == pytest.approx(0.15e9, abs=1.1e9 / hertz)


def test_a_blink_is_told_by_a_gap_and_lost_records_are_none() -> None:
    rig = Rig()
    rig.hold(LEFT, 0.4)
    rig.lose("gaze", 0.2)
    assert (rig.sample.valid, rig.sample.reason) == (False, Reason.INACTIVE)
    rig.hold(LEFT, 0.4)
    assert [one["evidence"] for one in rig.events(BLINK_ENDED)] == [2]
    rig.now_ns += 200_000_000
    rig.hold(LEFT, 0.4)
    assert len(rig.events(BLINK_ENDED)) == 1
    assert rig.told().count(FIXATION_BEGINS) == 3


def test_the_lid_that_opens_makes_no_saccade() -> None:
    """Trackers see the pupil's lower part first: gaze seems to come from above."""
    rig = Rig()
    rig.hold(LEFT, 0.4)
    rig.lose("gaze", 0.1)
    rig.frames(aim(-10, 20 - n * 3) for n in range(7))
    rig.hold(LEFT, 0.4)
    assert rig.events(SACCADE_ENDED) == []
    rig.look(LEFT, RIGHT)
    assert len(rig.events(SACCADE_ENDED)) == 1


def test_eyes_that_stay_closed_give_nothing_and_are_no_blink() -> None:
    rig = Rig()
    rig.hold(LEFT, 0.4, openness=0.9)
    rig.hold(LEFT, 1.0, openness=0.0, yaw=0)
    assert (rig.sample.valid, rig.sample.reason) == (False, Reason.INACTIVE)
    rig.hold(LEFT, 0.4, openness=0.9)
    assert rig.events(BLINK_ENDED) == []
    assert rig.state("movement") == FIXATION


def test_the_heads_ray_stands_in_and_the_record_says_so() -> None:
    rig = Rig()
    rig.hold(None, 0.5, yaw=20)
    assert (rig.state("source"), rig.state("movement")) == (HEAD, FIXATION)
    assert rig.state("direction") == pytest.approx(aim(20), abs=1e-6)
    assert rig.state("origin") == pytest.approx(HEIGHT)
    rig.hold(aim(0), 0.3, yaw=20)
    assert (rig.state("source"), rig.state("compensated")) == (EYES, 1)
    assert rig.state("direction") == pytest.approx(aim(0), abs=1e-6)
    rig.lose("gaze", 0.3)
    assert not rig.sample.valid
    rig.hold(None, 0.2, yaw=20)
    assert rig.state("source") == HEAD
    assert {int(one["source"]) for one in rig.events(FIXATION_BEGINS)} == {EYES, HEAD}


def test_a_head_that_turns_makes_no_saccade() -> None:
    """With the gaze, without it (the eyes hold against it), and as the ray in its place."""
    rig = Rig()
    rig.hold(aim(0), 0.4, yaw=0)
    for n in range(60):
        rig.frame(aim(0), yaw=n * 1.0)
    assert (rig.state("movement"), rig.state("fixations")) == (FIXATION, 1)
    assert rig.state("head_speed") == pytest.approx(90, abs=1)
    assert rig.state("eye_speed") == pytest.approx(90, abs=1)
    assert rig.state("speed") == pytest.approx(0, abs=0.1)
    for n in range(60):
        rig.frame(aim(n * 1.0), yaw=59 + n * 1.0)
    rig.lose("gaze", 0.5)
    for n in range(60):
        rig.frame(None, yaw=118 + n * 2.0)
    assert rig.state("source") == HEAD
    assert (rig.state("saccades"), rig.state("movement")) == (0, NONE)


def test_without_a_head_or_gaze_it_says_why() -> None:
    rig = Rig()
    rig.lose("head", 0.1, Reason.RUNTIME_MISSING)
    assert (rig.sample.valid, rig.sample.reason) == (False, Reason.RUNTIME_MISSING)
    rig.hold(aim(0), 0.3)
    assert (rig.state("source"), rig.state("compensated")) == (EYES, 0)
    assert math.isnan(rig.state("eye_speed"))


@pytest.mark.parametrize(
    "broken",
    [
        {"direction": (math.nan, 0.0, -1.0)}, {"direction": (0.0, 0.0, 0.0)},
        {"direction": (math.inf, 0.0, 0.0)}, {"flags": 0}, {"flags": 3}, {"source": 0},
        {"source": 7},
    ],
    ids=["nan", "zero", "infinite", "invalid", "guessed", "no source", "unknown source"],
)
def test_a_record_that_says_no_direction_gives_none(broken: dict[str, Any]) -> None:
    rig = Rig()
    rig.hold(LEFT, 0.4)
    rig.hold(**{"direction": LEFT, "seconds": 0.2, **broken})
    assert (rig.sample.valid, rig.sample.reason) == (False, Reason.INACTIVE)
    assert np.isnan(rig.sample.record["direction"][0]).all()
    assert rig.told() == [FIXATION_BEGINS, FIXATION_ENDS]
    rig.hold(LEFT, 0.2)
    assert rig.state("movement") == FIXATION


@pytest.mark.parametrize(
    "origin",
    [(math.nan, 1.6, 0.0), (0.0, math.nan, 0.0), (0.0, 1.6, math.nan), (1e9, 0.0, 0.0)],
)
def test_an_origin_that_is_none_is_not_told_and_the_rest_goes_on(origin: Vector) -> None:
    rig = Rig()
    rig.hold(LEFT, 0.4, origin=origin)
    assert np.isnan(rig.state("origin")).all()
    assert rig.state("movement") == FIXATION


def test_one_sample_that_jumps_is_left_out_and_two_begin_anew() -> None:
    rig = Rig()
    rig.hold(LEFT, 0.4)
    before = rig.rings.latest("eye_movement")
    rig.frame(aim(120))
    assert rig.rings.latest("eye_movement") == before
    rig.hold(LEFT, 0.1)
    assert rig.told() == [FIXATION_BEGINS]
    rig.frame(LEFT, origin=(1.0, 1.6, 0.0))
    assert rig.state("origin") == pytest.approx(HEIGHT)
    rig.hold(aim(120), 0.3)
    assert rig.told() == [FIXATION_BEGINS, FIXATION_ENDS, FIXATION_BEGINS]
    assert rig.state("fixation_direction") == pytest.approx(aim(120), abs=1e-3)


def test_time_that_goes_back_is_left_out_or_begins_anew() -> None:
    rig = Rig()
    rig.hold(LEFT, 0.4)
    before = rig.rings.latest("eye_movement")
    rig.publish("gaze", gaze_record(RIGHT), rig.now_ns - 20_000_000)
    rig.drain()
    assert rig.rings.latest("eye_movement") == before
    rig.now_ns -= 3_000_000_000
    rig.hold(RIGHT, 0.3)
    assert rig.told() == [FIXATION_BEGINS, FIXATION_ENDS, FIXATION_BEGINS]
    assert rig.state("direction") == pytest.approx(RIGHT, abs=1e-3)
    assert rig.state("since_ns") < rig.now_ns


def test_a_gap_ends_what_lasts_and_a_lost_frame_does_not() -> None:
    rig = Rig()
    rig.hold(LEFT, 0.4)
    rig.now_ns += 20_000_000
    rig.hold(LEFT, 0.2)
    assert rig.told() == [FIXATION_BEGINS]
    rig.now_ns += 100_000_000
    rig.hold(RIGHT, 0.2)
    assert rig.told() == [FIXATION_BEGINS, FIXATION_ENDS, FIXATION_BEGINS]


def test_a_recentre_is_no_saccade() -> None:
    rig = Rig()
    rig.hold(LEFT, 0.4)
    rig.hold(RIGHT, 0.4, generation=2)
    assert rig.told() == [FIXATION_BEGINS, FIXATION_ENDS, FIXATION_BEGINS]
    assert rig.state("space_generation") == 2
    assert rig.state("fixation_direction") == pytest.approx(RIGHT, abs=1e-3)


def test_a_tracker_that_stands_still_does_not_look_alive() -> None:
    """The runtime goes on to give a pose, of an eye that was sampled long ago."""
    rig = Rig()
    for _ in range(40):
        rig.frame(LEFT, sample_ns=rig.now_ns)
    assert rig.state("time_ns") == rig.now_ns - round(1e9 / 90)
    stuck = rig.now_ns
    rig.hold(LEFT, 0.2, sample_ns=stuck)
    assert rig.state("time_ns") == stuck
    rig.hold(LEFT, 0.2, sample_ns=stuck)
    assert (rig.sample.valid, rig.sample.reason) == (False, Reason.INACTIVE)


def test_where_both_eyes_are_there_their_depth_is_told() -> None:
    rig = Rig()
    place = np.array((0.0, 1.6, -0.6))
    eyes = [np.array((x, 1.6, 0.0)) for x in (-0.031, 0.031)]
    looks = Noise(0.2).on([(place - eye) / np.linalg.norm(place - eye) for eye in eyes] * 90)
    for left, right in zip(looks[::2], looks[1::2], strict=True):
        rig.frame(aim(0), eyes=((tuple(eyes[0]), left), (tuple(eyes[1]), right)))
    assert rig.state("vergence_depth") == pytest.approx(0.6, abs=0.1)
    assert 0.005 < rig.state("vergence_deviation") < 0.1
    rig.hold(aim(0), 0.1)
    assert math.isnan(rig.state("vergence_depth"))


def test_the_ring_holds_two_seconds_at_the_highest_rate() -> None:
    rig = Rig(144)
    rig.frames(aim(n * 0.01) for n in range(600))
    oldest = min(
        int(sample.record["time_ns"][0])
        for n in range(1, rig.rings.latest("eye_movement") + 1)
        if (sample := rig.rings.at("eye_movement", n)) is not None and sample.valid
    )
    assert rig.now_ns - oldest >= 2_000_000_000


@pytest.mark.parametrize("channel", ["eye_movement", "eye_movement_event"])
def test_all_of_it_needs_the_grant_for_gaze(channel: str) -> None:
    from sensorium.channels.catalogue import CHANNELS

    assert CHANNELS[channel].region == "gaze"
