"""Pitch against tones whose pitch is known, and against Praat on voices."""

from __future__ import annotations

import numpy as np
import pytest
from fixtures.voices import STRANGER, WEARER, spoken

from sensorium.perception.pitch import RATE_HZ, STEP, WINDOW, pitch


def time(seconds: float) -> np.ndarray:
    return np.arange(int(seconds * RATE_HZ)) / RATE_HZ


def tone(hz: float, harmonics=(1, 2, 3, 4, 5), seconds: float = 0.5) -> np.ndarray:
    """A pulse-like tone: harmonics that fall by 6 dB an octave."""
    parts = [np.cos(2 * np.pi * hz * n * time(seconds)) / n for n in harmonics]
    return (0.1 * sum(parts)).astype(np.float32)


@pytest.mark.parametrize("hz", [76.0, 100.0, 123.4, 200.0, 311.1, 440.0, 590.0])
def test_a_tone_has_its_pitch(hz: float) -> None:
    found = pitch(tone(hz))
    assert len(found) == 1 + (RATE_HZ // 2 - WINDOW) // STEP
    assert np.abs(found / hz - 1).max() < 0.004


@pytest.mark.parametrize("harmonics", [(2, 3, 4), (1,), (1, 3, 5), (3, 4, 5, 6)])
def test_a_pitch_is_the_common_period_and_no_octave_of_it(harmonics) -> None:
    assert np.abs(pitch(tone(150.0, harmonics)) / 150.0 - 1).max() < 0.004


def test_a_glide_is_followed() -> None:
    t = time(1.0)
    hz = 120.0 + 80.0 * t
    sound = sum(np.sin(2 * np.pi * n * (120.0 * t + 40.0 * t**2)) / n for n in (1, 2, 3))
    found = pitch((0.2 * sound).astype(np.float32))
    middle = (np.arange(len(found)) * STEP + WINDOW // 2).astype(int)
    assert np.abs(found / hz[middle] - 1).max() < 0.01


def test_noise_and_silence_have_none() -> None:
    noise = np.random.default_rng(0).normal(0, 0.1, RATE_HZ).astype(np.float32)
    assert np.mean(np.isnan(pitch(noise))) > 0.95
    assert np.isnan(pitch(np.zeros(RATE_HZ, np.float32))).all()
    assert np.isnan(pitch(np.full(RATE_HZ, 0.5, np.float32))).all()
    assert len(pitch(np.ones(WINDOW - 1, np.float32))) == 0


def test_neither_offset_nor_clipping_nor_silence_beside_it_moves_a_pitch() -> None:
    plain = tone(180.0)
    for changed in (plain + 0.4, np.clip(4 * plain, -0.2, 0.2), 1e-3 * plain):
        assert np.nanmedian(pitch(changed.astype(np.float32))) == pytest.approx(180.0, rel=0.002)
    half = np.concatenate([plain, np.zeros_like(plain)])
    found = pitch(half)
    assert np.isnan(found[len(found) // 2 + 4 :]).all()
    assert not np.isnan(found[: len(found) // 2 - 4]).any()


@pytest.mark.parametrize("voice", [WEARER, STRANGER, "en-gb+m5"])
def test_praat_hears_the_same(voice: str) -> None:
    """The paper's author's own program, with the same settings."""
    praat = pytest.importorskip("parselmouth")
    sound = spoken(voice, "The birch canoe slid on the smooth planks of the old mill.")
    ours = pitch(sound)
    theirs = praat.Sound(sound.astype(np.float64), RATE_HZ).to_pitch_ac(
        time_step=STEP / RATE_HZ, pitch_floor=75.0, pitch_ceiling=600.0
    )
    times = (np.arange(len(ours)) * STEP + WINDOW / 2) / RATE_HZ
    expected = np.array([theirs.get_value_at_time(at) for at in times])
    both = ~np.isnan(ours) & ~np.isnan(expected)
    assert np.mean(np.isnan(ours) == np.isnan(expected)) > 0.93
    assert np.mean(np.abs(ours[both] / expected[both] - 1) > 0.05) < 0.02
    assert np.nanmedian(ours) == pytest.approx(np.nanmedian(expected), rel=0.01)
