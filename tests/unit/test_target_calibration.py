"""What is learned of an eye tracker's offset: against Kalman's and Bayes' rule, and at work."""

from __future__ import annotations

import math

import numpy as np
import pytest
from fixtures.looking import EYE, FRAME_NS, aside, at_angles, scene, towards

from sensorium.perception.targets.calibration import GONE_NS, LEAST, SLIPS_NS, Calibration
from sensorium.perception.targets.referent import Referent, Sample, refer
from sensorium.perception.targets.scene import Scene, SceneReader

BEFORE, NOISE = math.radians(0.8), math.radians(0.5)
AHEAD = (0.0, 0.0, -1.0)
SECOND = 1_000_000_000


def degrees(calibration: Calibration) -> tuple[float, float]:
    return math.degrees(calibration.right), math.degrees(calibration.up)


def taught(*steps: tuple[float, float], chances: tuple[float, ...] = (1.0,)) -> Calibration:
    """By one fixation whose errors to things ahead are so many degrees to the right and up."""
    calibration = Calibration(BEFORE)
    calibration.corrected(AHEAD, SECOND)
    errors = np.radians([[across, up, 0.0] for across, up in steps]).T
    calibration.learn(AHEAD, chances, errors, np.full(len(steps), NOISE**2), SECOND)
    return calibration


def test_a_thing_that_is_certain_updates_as_kalman_says() -> None:
    calibration = taught((1.0, -0.5))
    precision = 1 / BEFORE**2 + 1 / NOISE**2
    share = (1 / NOISE**2) / precision
    assert degrees(calibration) == pytest.approx((share * 1.0, share * -0.5))
    assert calibration.deviation == pytest.approx(math.sqrt(1 / precision))


def test_two_things_that_disagree_teach_their_mixture() -> None:
    """Mean and variance are those of the mixture of both posteriors and of the one before."""
    chances = (0.5, 0.3)
    calibration = taught((1.0, 0.0), (-1.0, 0.0), chances=chances)
    gain = BEFORE**2 / (BEFORE**2 + NOISE**2)
    means = math.radians(1.0) * gain * np.array((1, -1, 0))
    variances = np.array((1 - gain, 1 - gain, 1)) * BEFORE**2
    shares = np.array((*chances, 1 - sum(chances)))
    mean = float(shares @ means)
    assert calibration.right == pytest.approx(mean)
    # Of both axes; they disagree along one.
    wanted = float(shares @ variances + (shares @ means**2 - mean**2) / 2)
    assert calibration.deviation**2 == pytest.approx(wanted)


@pytest.mark.parametrize("chances", [(), (0.0,)])
def test_a_look_at_nothing_teaches_nothing(chances: tuple[float, ...]) -> None:
    calibration = taught(*[(1.0, 1.0)] * len(chances), chances=chances)
    assert degrees(calibration) == (0, 0)
    assert calibration.deviation == pytest.approx(BEFORE)


def test_no_offset_is_known_better_than_eye_trackers_are() -> None:
    calibration = Calibration(BEFORE)
    for _ in range(100):
        calibration.learn(AHEAD, (1.0,), np.zeros((3, 1)), np.full(1, NOISE**2), SECOND)
    assert calibration.deviation == pytest.approx(LEAST * BEFORE)


def test_a_ray_is_corrected_by_what_was_learned_wherever_it_points() -> None:
    calibration = taught((2.0, 1.0))
    for angle in ((0, 0), (30, -20), (-120, 40)):
        true = towards(at_angles(*angle))
        off = aside(true, calibration.right, calibration.up)
        found = calibration.corrected(off, SECOND)
        assert math.hypot(*found) == pytest.approx(1)
        assert math.degrees(math.dist(found, true)) < 0.05
    steep = (0.0, 1.0, 0.0)
    assert calibration.corrected(steep, SECOND) == steep
    before = degrees(calibration)
    calibration.learn(steep, (1.0,), np.ones((3, 1)), np.full(1, NOISE**2), SECOND)
    assert degrees(calibration) == before


def test_eyes_that_blink_keep_it_and_those_that_were_gone_begin_anew() -> None:
    calibration = taught((1.0, 0.0))
    calibration.corrected(AHEAD, SECOND + GONE_NS - 1)
    assert calibration.right > 0
    calibration.corrected(AHEAD, SECOND + 2 * GONE_NS)
    assert degrees(calibration) == (0, 0)
    assert calibration.deviation == pytest.approx(BEFORE)


def test_what_was_learned_long_ago_counts_less() -> None:
    """A headset that slips: by its time constant the mean has lost all but 1 / e of itself."""
    calibration = taught((1.0, 0.0))
    right, known = calibration.right, calibration.deviation
    calibration.learn(AHEAD, (0.0,), np.zeros((3, 1)), np.full(1, NOISE**2), SECOND + SLIPS_NS)
    assert calibration.right == pytest.approx(right / math.e)
    assert known < calibration.deviation < BEFORE


@pytest.mark.parametrize("seed", range(2))
def test_what_stands_half_behind_another_is_found_once_the_offset_is_known(seed: int) -> None:
    """The eyes' error moves every look at the one onto the edge of the other."""
    random = np.random.default_rng(seed)
    angles = [(-16, 0), (-8, 8), (0, -8), (8, 8), (16, 0), (0, 0)]
    places = [at_angles(*angle) for angle in angles] + [at_angles(3.0, 0.0, 1.2)]
    made = scene(places, 2.0 * math.tan(math.radians(1.5)))
    made["targets"]["radius"][0, 6] = 1.2 * math.tan(math.radians(1.8))
    things = SceneReader().read(made)
    assert isinstance(things, Scene)
    offset = np.radians((1.4, 0.3))

    def looked(referent: Referent, at: int, time_ns: int) -> int:
        for noise in random.normal(0, NOISE, (36, 2)):
            time_ns += FRAME_NS
            ray = aside(towards(places[at]), *(offset + noise))
            refer(things, [Sample(referent, EYE, ray, time_ns)])
        return time_ns

    for calibration in (None, Calibration(BEFORE)):
        referent = Referent(math.radians(1.0), BEFORE, calibration)
        time_ns = SECOND
        for at in (0, 1, 2, 3, 4, 1, 4, 2, 0, 3):
            time_ns = looked(referent, at, time_ns)
            assert referent.ranking.chosen == at + 1
        looked(referent, 5, time_ns)
        assert referent.ranking.chosen == (6 if calibration is not None else 7)
    assert calibration is not None
    assert degrees(calibration) == pytest.approx((1.4, 0.3), abs=0.35)
