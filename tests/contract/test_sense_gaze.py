"""The sense of gaze on real regions: what eyes do, which ray it is, and what breaks it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from fixtures.gazes import HEIGHT, Noise, aim, gaze_record, head_record, saccade
from fixtures.senses import Desk

from sensorium.health import Reason
from sensorium.perception.eye_movement import EyeMovement
from sensorium.perception.eyes.options import GazeOptions

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sensorium.perception.eyes.directions import Vector
    from sensorium.perception.sense import Sample

EYES, HEAD = 1, 2
NONE, FIXATION, SACCADE, PURSUIT, BLINK = range(5)
FIXATION_BEGINS, FIXATION_ENDS, SACCADE_ENDED, BLINK_ENDED, _, PURSUIT_ENDS = range(1, 7)
RATES_HZ = (30, 72, 90, 144)
LEFT, RIGHT = aim(-10), aim(10)


class Rig(Desk):
    """The sense, whose eyes and head are moved here."""

    def __init__(self, hertz: float = 90, **options: Any) -> None:
        super().__init__({EyeMovement: GazeOptions(**options)})
        self.start_ns = self.now_ns = self.clock()
        self.hertz = hertz

    def frame(self, direction: Vector | None, *, yaw: float | None = None, **more: Any) -> None:
        """One frame later: a head where `yaw` is given, and gaze where there is a direction."""
        self.now_ns += round(1e9 / self.hertz)
        self.clock.set(max(self.now_ns, self.clock()))
        if yaw is not None:
            self.publish("head", head_record(yaw), self.now_ns)
        if direction is not None:
            self.publish("gaze", gaze_record(direction, **more), self.now_ns)
        self.drain()

    def frames(self, directions: Iterable[Vector | None], **more: Any) -> None:
        for direction in directions:
            self.frame(direction, **more)

    def hold(self, direction: Vector | None, seconds: float, **more: Any) -> None:
        self.frames([direction] * round(seconds * self.hertz), **more)

    def look(self, a: Vector, b: Vector, seconds: float = 0.4) -> None:
        """A saccade, and the fixation that it leads to."""
        self.frames(saccade(a, b, self.hertz))
        self.hold(b, seconds)

    def lose(self, channel: str, seconds: float, reason: Reason = Reason.INACTIVE) -> None:
        """The channel says for some time that it has nothing."""
        nothing = head_record if channel == "head" else lambda: gaze_record(aim(0))
        for _ in range(round(seconds * self.hertz)):
            self.now_ns += round(1e9 / self.hertz)
            self.clock.set(self.now_ns)
            self.publish(channel, nothing(), self.now_ns, valid=False, reason=reason)
            self.drain()

    @property
    def sample(self) -> Sample:
        found = self.rings.at("eye_movement", self.rings.latest("eye_movement"))
        assert found is not None
        return found

    def state(self, name: str) -> Any:
        assert self.sample.valid, self.sample.reason
        value = self.sample.record[name][0]
        return value.tolist() if isinstance(value, np.ndarray) else value.item()

    def told(self) -> list[int]:
        return [int(one["event"]) for one in self.all("eye_movement_event")]

    def events(self, kind: int) -> list[np.void]:
        return [one for one in self.all("eye_movement_event") if one["event"] == kind]


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


@pytest.mark.parametrize("hertz", [72, 90, 120, 144])
@pytest.mark.parametrize("amplitude", [5.0, 20.0, 35.0])
def test_a_saccade_in_the_noise_of_a_headset_is_told_with_its_own_times(
    amplitude: float, hertz: int
) -> None:
    """0.5 degrees RMS in each axis: at 90 Hz that is as fast as 64 deg/s from sample to sample."""
    rig = Rig(hertz)
    still = round(0.5 * hertz)
    way = saccade(aim(0), aim(amplitude), hertz)
    path = [aim(0)] * still + way + [aim(amplitude)] * still
    begin_ns = rig.now_ns + round((still + 1) * 1e9 / hertz)
    told_ns = 0
    for direction in Noise(0.5, seed=3).on(path):
        rig.frame(direction)
        if not told_ns and SACCADE_ENDED in rig.told():
            told_ns = rig.now_ns
    (jump,) = rig.events(SACCADE_ENDED)
    frame_ns = 1e9 / hertz
    lasts_ns = 21e6 + 2.2e6 * amplitude
    assert int(jump["begin_ns"]) == pytest.approx(begin_ns, abs=1.5 * frame_ns)
    assert int(jump["end_ns"] - jump["begin_ns"]) == pytest.approx(lasts_ns, abs=2 * frame_ns)
    assert told_ns - int(jump["end_ns"]) <= 25e6 + 2 * frame_ns
    assert jump["amplitude"] == pytest.approx(amplitude, abs=1.0)
    assert jump["begin_direction"] == pytest.approx(aim(0), abs=math.radians(0.5))
    assert rig.told() == [FIXATION_BEGINS, FIXATION_ENDS, SACCADE_ENDED, FIXATION_BEGINS]
    assert rig.state("fixation_direction") == pytest.approx(aim(amplitude), abs=math.radians(0.4))


def test_a_head_that_turns_in_noise_makes_no_saccade() -> None:
    """With the gaze: what begins to turn is like a saccade in the world, and not in the head."""
    rig = Rig()
    way = [0.0] * 60 + [n * 1.0 for n in range(40)] + [40.0] * 60
    for yaw, direction in zip(way, Noise(0.5).on([aim(yaw) for yaw in way]), strict=True):
        rig.frame(direction, yaw=yaw)
    assert rig.events(SACCADE_ENDED) == []
    rig.frames(Noise(0.5, seed=1).on([*saccade(aim(40), aim(48), 90), *[aim(48)] * 30]), yaw=40.0)
    assert len(rig.events(SACCADE_ENDED)) == 1


@pytest.mark.parametrize("more", [{}, {"generation": 2}], ids=["start", "recentre"])
def test_noise_that_is_not_known_yet_is_no_saccade(more: dict[str, Any]) -> None:
    rig = Rig()
    if more:
        rig.frames(Noise(1.0).on([aim(5)] * 90))
    for direction in Noise(1.0, seed=8).on([aim(5)] * 30):
        rig.frame(direction, **more)
        assert rig.state("movement") in (NONE, FIXATION)
    assert rig.state("movement") == FIXATION


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
