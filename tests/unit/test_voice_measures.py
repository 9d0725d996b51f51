"""Loudness, pitch and tempo of sounds for which they are known."""

from __future__ import annotations

import math

import numpy as np
import pytest
from fixtures.voices import WEARER, spoken

from sensorium.perception.syllables import intensity, nuclei
from sensorium.perception.voice_measures import measure

RATE_HZ = 16_000


def humming(count: int, every_s: float = 0.25, hz: float = 140.0) -> np.ndarray:
    """A voiced tone that swells `count` times."""
    t = np.arange(int(count * every_s * RATE_HZ)) / RATE_HZ
    swell = 0.5 - 0.45 * np.cos(2 * np.pi * t / every_s)
    wave = sum(np.sin(2 * np.pi * hz * n * t) / n for n in (1, 2, 3))
    return (0.2 * swell * wave).astype(np.float32)


@pytest.mark.parametrize("count", [1, 4, 9])
def test_each_swell_of_a_tone_is_a_syllable(count: int) -> None:
    found = measure(humming(count))
    assert found.tempo == pytest.approx(count / found.seconds)
    assert found.seconds == pytest.approx(0.25 * count)
    assert found.pitch == pytest.approx(140.0, rel=0.003)
    assert found.pitch_low <= found.pitch <= found.pitch_high
    assert found.voiced > 0.8


@pytest.mark.parametrize(
    ("text", "syllables"),
    [
        ("banana banana banana banana", 12),
        ("She sells sea shells by the sea shore.", 8),
        ("My brother bought a little boat on Sunday.", 11),
        ("The quick brown fox jumps over the lazy dog.", 11),
        ("There are twenty one people in the conference room today.", 16),
    ],
)
def test_the_syllables_of_a_text_are_counted(text: str, syllables: int) -> None:
    found = measure(spoken(WEARER, text))
    assert abs(found.tempo * found.seconds - syllables) <= 2


def test_a_tone_without_a_dip_is_one_syllable_and_unvoiced_swells_are_none() -> None:
    levels = np.array([-60, -30, -20, -21, -20.5, -30, -60.0])
    assert nuclei(levels, np.ones(7, bool)) == [2]
    deep = np.array([-60, -30, -20, -23, -20.5, -30, -60.0])
    assert nuclei(deep, np.ones(7, bool)) == [2, 4]
    assert nuclei(deep, np.arange(7) == 2) == [2]
    faint = np.array([-60, -20, -60, -50, -60.0])
    assert nuclei(faint, np.ones(5, bool)) == [1]


def test_loudness_is_that_of_speech_and_not_of_pauses() -> None:
    t = np.arange(2 * RATE_HZ) / RATE_HZ
    sine = (0.5 * np.sin(2 * np.pi * 200 * t)).astype(np.float32)
    assert measure(sine).loudness == pytest.approx(-9.03, abs=0.1)
    assert measure(sine).peak == pytest.approx(-6.02, abs=0.01)
    paused = np.concatenate([sine, np.zeros(RATE_HZ, np.float32), sine])
    assert measure(paused).loudness == pytest.approx(-9.03, abs=0.2)
    assert intensity(sine)[100] == pytest.approx(-9.03, abs=0.05)


def test_an_offset_is_not_loud() -> None:
    sound = humming(4)
    shifted = measure(sound + np.float32(0.3))
    assert shifted.loudness == pytest.approx(measure(sound).loudness, abs=0.1)
    assert shifted.pitch == pytest.approx(140.0, rel=0.003)


@pytest.mark.parametrize("sound", [
    np.zeros(0, np.float32), np.zeros(100, np.float32), np.zeros(RATE_HZ, np.float32),
    np.full(RATE_HZ, 0.25, np.float32),
], ids=["nothing", "short", "silence", "offset"])
def test_what_has_no_sound_has_no_measures(sound: np.ndarray) -> None:
    found = measure(sound)
    assert found.loudness == found.peak == -120.0
    assert found.voiced == 0.0
    assert all(math.isnan(value) for value in (found.pitch, found.pitch_low, found.tempo))


def test_noise_has_loudness_and_no_tempo() -> None:
    found = measure(np.random.default_rng(0).normal(0, 0.1, RATE_HZ).astype(np.float32))
    assert found.loudness == pytest.approx(-20.0, abs=0.5)
    assert found.voiced < 0.05


def test_clipped_speech_is_measured() -> None:
    loud = np.clip(20 * spoken(WEARER, "banana banana banana banana"), -1, 1)
    found = measure(loud.astype(np.float32))
    assert found.peak == pytest.approx(0.0, abs=0.5)
    assert 80 < found.pitch < 130
