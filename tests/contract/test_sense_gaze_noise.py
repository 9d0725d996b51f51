"""Gaze in the noise of a headset: saccades that are, and what is none."""

from __future__ import annotations

import math
from typing import Any

import pytest
from fixtures.gaze_rig import FIXATION, FIXATION_BEGINS, FIXATION_ENDS, NONE, SACCADE_ENDED, Rig
from fixtures.gazes import Noise, aim, saccade


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
