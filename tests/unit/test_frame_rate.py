"""The rate of a device by the times of its packets."""

from __future__ import annotations

import numpy as np
import pytest

from sensorium.sensors.frame_rate import FrameRate

NOMINAL, PERIOD = 48_000, 480


def followed(hz: float, runs: list[tuple[float, float]], jitter_s: float = 0.0) -> FrameRate:
    """After runs from when to when, in seconds."""
    random = np.random.default_rng(3)
    rate = FrameRate(NOMINAL)
    for first, last in runs:
        rate.restart()
        for at in np.arange(first, last, PERIOD / hz):
            rate.take(float(at) + random.uniform(-jitter_s, jitter_s), PERIOD)
    return rate


@pytest.mark.parametrize("ppm", [-100.0, -20.0, 0.0, 100.0])
def test_it_is_that_of_least_squares_over_runs_that_have_no_common_count(ppm: float) -> None:
    hz = NOMINAL * (1 + ppm * 1e-6)
    rate = followed(hz, [(10, 14), (20.0037, 27), (3600, 3603)])
    assert rate.hz == pytest.approx(hz, rel=1e-9)


def test_it_agrees_with_numpys_line() -> None:
    random = np.random.default_rng(5)
    times = np.arange(1000) * 0.01 + random.uniform(-5e-4, 5e-4, 1000)
    rate = FrameRate(NOMINAL)
    for time_s in times:
        rate.take(float(time_s), PERIOD)
    slope = np.polyfit(times, np.arange(1000) * PERIOD, 1)[0]
    assert rate.hz == pytest.approx(float(slope), rel=1e-9)


def test_times_that_are_wrong_by_half_a_millisecond_average_out() -> None:
    hz = NOMINAL * (1 + 50e-6)
    assert followed(hz, [(0, 60)], 5e-4).hz == pytest.approx(hz, rel=3e-6)


@pytest.mark.parametrize("runs", [[], [(0, 0.01)], [(0, 2)], [(at, at + 0.5) for at in range(9)]])
def test_too_little_says_nothing(runs: list[tuple[float, float]]) -> None:
    assert followed(NOMINAL * 1.0001, runs, 5e-4).hz == NOMINAL


def test_what_is_no_crystal_is_not_believed() -> None:
    assert followed(NOMINAL * 1.01, [(0, 10)]).hz == NOMINAL
