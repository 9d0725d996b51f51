"""What was played, laid beside what was heard: parts of a sample, drifting clocks, jitter, gaps."""

from __future__ import annotations

import numpy as np
import pytest

from sensorium import records
from sensorium.health import Reason
from sensorium.perception.clock_drift import ClockDrift
from sensorium.perception.far_end import FarEnd
from sensorium.perception.fractional_delay import MARGIN, delayed
from sensorium.perception.sense import Sample

BLOCK, RATE = 512, 16_000
BLOCK_NS = BLOCK * 1_000_000_000 // RATE


def block(index: int, end_ns: int, sound: np.ndarray, session: int = 1) -> Sample:
    record = records.AUDIO.zeros()
    record["first_sample"], record["session"] = index * BLOCK, session
    record["samples"][0] = sound
    return Sample(record, end_ns, True, Reason.NONE, index + 1)


@pytest.mark.parametrize("delay", [0.0, 0.25, 0.5, 1.0])
@pytest.mark.parametrize("hz", [100, 1000, 6000])
def test_a_tone_is_delayed_by_a_part_of_a_sample(delay: float, hz: int) -> None:
    at = np.arange(BLOCK + 2 * MARGIN)
    tone = np.sin(2 * np.pi * hz / RATE * at).astype(np.float32)
    later = np.sin(2 * np.pi * hz / RATE * (at - delay))[MARGIN:-MARGIN]
    assert np.abs(delayed(tone, delay) - later).max() < 2e-3


@pytest.mark.parametrize("ppm", [-200.0, -50.0, 0.0, 50.0, 200.0])
@pytest.mark.parametrize("jitter_ms", [0.0, 1.0])
def test_drift_is_followed_and_jitter_is_not(ppm: float, jitter_ms: float) -> None:
    rng = np.random.default_rng(0)
    drift = ClockDrift()
    wrong = []
    for n in range(1, 3000):
        counted = n * BLOCK
        true = counted * (1 + ppm * 1e-6) + 1234.5
        place = drift.place(true + rng.normal(0, jitter_ms) * RATE / 1000, counted)
        wrong.append(place - true)
    assert abs(drift.slope * 1e6 - ppm) < 10.0
    # What is wrong and stays so is only a longer way: how quickly it changes is what matters.
    settled = np.array(wrong[1500:])
    assert np.abs(settled[31:] - settled[:-31]).max() < 0.5


def test_times_that_are_set_anew_are_followed_and_a_late_delivery_is_not() -> None:
    drift = ClockDrift()
    for n in range(1, 400):
        drift.place(n * BLOCK + 100.0, n * BLOCK)
    assert drift.place(400 * BLOCK + 1600.0, 400 * BLOCK) == 400 * BLOCK + 100.0
    for n in range(401, 440):
        place = drift.place(n * BLOCK + 1600.0, n * BLOCK)
    assert place == 439 * BLOCK + 1600.0


def test_times_that_wander_move_nothing() -> None:
    # As a loaded PulseAudio's do: steps of up to 9 ms every few seconds, no drift.
    rng = np.random.default_rng(0)
    drift = ClockDrift()
    places = []
    wander = 0.0
    for n in range(1, 2000):
        if rng.random() < 0.01:
            wander = rng.uniform(-0.009, 0.009) * RATE
        observed = n * BLOCK + 500.0 + wander + rng.normal(0, 0.001) * RATE
        places.append(drift.place(observed, n * BLOCK) - n * BLOCK)
    settled = np.array(places[63:])
    assert np.abs(np.diff(settled)).max() < 0.2


def test_what_was_played_lies_where_the_times_say() -> None:
    sound = np.random.default_rng(0).normal(0, 0.1, 40 * BLOCK).astype(np.float32)
    far = FarEnd()
    for index in range(40):
        # Captured a quarter of a block after the microphone's blocks.
        part = sound[index * BLOCK : (index + 1) * BLOCK]
        far.take(block(index, (index + 1) * BLOCK_NS + BLOCK_NS // 4, part))
    place = far.place(20 * BLOCK_NS, 20 * BLOCK)
    assert place is not None
    assert place == pytest.approx(20 * BLOCK - BLOCK / 4)
    found = far.before(place)
    assert found is not None
    end = round(place)
    assert np.array_equal(found, sound[end - BLOCK : end])
    later = far.place(40 * BLOCK_NS, 40 * BLOCK)
    assert later is not None
    assert far.covers(later)
    assert not far.covers(later + BLOCK)
    assert far.before(later + BLOCK) is None


@pytest.mark.parametrize("how", ["session", "gap", "missing"])
def test_sound_after_a_gap_does_not_follow(how: str) -> None:
    far = FarEnd()
    silence = np.zeros(BLOCK, np.float32)
    assert not far.take(block(0, BLOCK_NS, silence))
    assert far.take(block(1, 2 * BLOCK_NS, silence))
    end_ns = 3 * BLOCK_NS
    after = block(3 if how == "missing" else 2, end_ns, silence, 2 if how == "session" else 1)
    after.record["gap"] = how == "gap"
    assert not far.take(after)
    place = far.place(end_ns, 3 * BLOCK)
    assert place is not None
    assert far.before(place) is None
