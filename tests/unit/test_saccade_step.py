"""Saccades in noise: the step that is found by places, the noise that it is measured by."""

from __future__ import annotations

import math

import numpy as np
import pytest
from fixtures.gazes import Noise, aim, saccade

from sensorium.perception.eyes.fixation_track import FixationTrack
from sensorium.perception.eyes.movements import GazePoint, Movement
from sensorium.perception.eyes.options import GazeOptions, make_classifier
from sensorium.perception.eyes.saccade_step import best_step
from sensorium.perception.eyes.sample_noise import SampleNoise

STEP_NS = 11_111_111


def places(degrees: np.ndarray) -> list[tuple[int, float, float]]:
    """Along one axis, with nothing in the other one."""
    return [(place * STEP_NS, float(x), 0.0) for place, x in enumerate(degrees)]


def measured(noise: float, drift: float, seed: int, jitter: float = 0.0) -> SampleNoise:
    random = np.random.default_rng(seed)
    steps = random.uniform(1 - jitter, 1 + jitter, 300) * STEP_NS
    times = (10**9 + np.cumsum(steps)).astype(int).tolist()
    way = [aim(drift * time * 1e-9) for time in times]
    found = SampleNoise()
    for time, direction in zip(times, Noise(noise, seed).on(way), strict=True):
        found.add(time, direction)
    return found


@pytest.mark.parametrize("jitter", [0.0, 0.4])
@pytest.mark.parametrize("drift", [0.0, 30.0])
def test_noise_is_measured_whether_gaze_rests_or_drifts(drift: float, jitter: float) -> None:
    found = measured(0.5, drift, 1, jitter)
    assert found.degrees == pytest.approx(0.5, rel=0.12)
    if not jitter:
        assert found.speed == pytest.approx(0.5 * math.sqrt(2) / 0.0111111, rel=0.12)


def test_a_drift_without_noise_has_none() -> None:
    assert measured(0.0, 30.0, 1).degrees < 0.01


@pytest.mark.parametrize("amplitude", [2.0, 5.0, 15.0])
def test_a_step_is_found_where_it_is(amplitude: float) -> None:
    way = [aim(0)] * 12 + saccade(aim(0), aim(amplitude), 90) + [aim(amplitude)] * 6
    degrees = np.array([math.degrees(math.atan2(x, -z)) for x, _, z in way])
    found = best_step(places(degrees), drifts=False)
    assert found is not None
    assert found.begin_ns == pytest.approx(12 * STEP_NS, abs=STEP_NS)
    assert found.end_ns == pytest.approx((len(way) - 6) * STEP_NS, abs=STEP_NS)
    assert (found.x, found.y) == pytest.approx((amplitude, 0.0), abs=0.05 * amplitude)
    assert found.stands_out(0.3, found=False)


@pytest.mark.parametrize("drifts", [False, True])
def test_a_drift_is_no_step(drifts: bool) -> None:
    found = best_step(places(np.arange(18) * 0.3), drifts=drifts)
    assert found is not None
    assert not found.stands_out(0.05, found=False)


def test_a_stretch_that_is_too_short_has_no_step() -> None:
    assert best_step(places(np.array([0.0, 0.0, 5.0, 5.0])), drifts=False) is None


@pytest.mark.parametrize("noise", [0.25, 0.5, 1.0])
def test_of_noise_alone_next_to_no_saccades_are_told(noise: float) -> None:
    classifier = make_classifier(GazeOptions())
    begun, before = 0, Movement.NONE
    for place, direction in enumerate(Noise(noise).on([aim(5)] * 4000)):
        movement = classifier.update(GazePoint(place * STEP_NS, direction, 0.0, 0.0))
        begun += movement == Movement.SACCADE != before
        before = movement
    # In 44 s, in which people make about 100.
    assert begun <= 4


def test_a_sample_that_was_none_of_the_fixations_is_not_taken_out_of_it() -> None:
    """A burst of speed that came back: its samples are not in the mean that its end corrects."""
    track = FixationTrack(400_000_000)
    for place in range(6):
        track.see(place, aim(0))
    track.begin(1, 0)
    track.see(6, aim(20))
    for place in (7, 8):
        track.see(place, aim(0))
        track.go_on()
    track.end(before_ns=6)
    assert track.centre == pytest.approx(aim(0), abs=1e-12)
    assert track.end_ns == 5
    assert track.dispersion == pytest.approx(0.0, abs=1e-5)
