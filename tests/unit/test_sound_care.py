"""Sound as bad devices give it: dead channels, offsets, clipping, numbers that are none, zeros."""

from __future__ import annotations

import numpy as np
import pytest

from sensorium.sensors.sound_care import SoundCare

RATE, PIECE = 48_000, 1536


def tone(seconds: float = 3.0, level: float = 0.3) -> np.ndarray:
    time = np.arange(int(seconds * RATE) // PIECE * PIECE) / RATE
    return (level * np.sin(2 * np.pi * 440 * time)).astype(np.float32)


def treated(frames: np.ndarray) -> tuple[np.ndarray, SoundCare]:
    """Sound [n] or [n, channels], taken piece by piece."""
    care = SoundCare(1 if frames.ndim == 1 else frames.shape[1], RATE)
    pieces = [care.process(frames[at : at + PIECE].ravel()) for at in range(0, len(frames), PIECE)]
    return np.concatenate(pieces), care


def test_good_sound_stays_as_it_is() -> None:
    sound = tone()
    result, care = treated(sound)
    assert np.abs(result - sound).max() < 2e-3
    assert (care.repaired, care.zero_s) == (0, 0.0)


@pytest.mark.parametrize("offset", [0.5, -0.2, 0.01])
def test_an_offset_goes_and_the_sound_stays(offset: float) -> None:
    result, _ = treated(tone() + np.float32(offset))
    assert abs(result.mean()) < 1e-3
    assert result.std() == pytest.approx(0.3 / np.sqrt(2), rel=0.01)


def test_a_dead_channel_gives_way_to_one_that_works() -> None:
    sound = tone()
    result, care = treated(np.stack([np.zeros_like(sound), sound], axis=1))
    later = int(1.1 * RATE)
    assert np.abs(result[later:] - sound[later:]).max() < 2e-3
    assert care.zero_s == 0.0


def test_a_channel_that_works_is_kept() -> None:
    sound = tone()
    result, _ = treated(np.stack([sound, sound[::-1] * 2], axis=1))
    assert np.abs(result - sound).max() < 2e-3


def test_numbers_that_are_none_become_silence_and_are_counted() -> None:
    sound = tone()
    for at, value in ((100, np.nan), (5000, np.inf), (9000, -np.inf), (9001, 1e30)):
        sound[at] = value
    result, care = treated(sound)
    assert np.isfinite(result).all()
    assert np.abs(result).max() <= 1.0
    assert care.repaired == 4


def test_clipped_sound_is_kept_within_full_scale() -> None:
    result, care = treated(np.clip(tone(level=3.0), -1.2, 1.2))
    assert np.abs(result).max() <= 1.0
    assert care.repaired == 0


def test_zeros_are_counted_and_forgotten_with_the_first_sound() -> None:
    care = SoundCare(2, RATE)
    for _ in range(200):
        assert not care.process(np.zeros(2 * PIECE, np.float32)).any()
    assert care.zero_s == pytest.approx(200 * PIECE / RATE)
    care.process(np.repeat(tone(0.1)[:PIECE], 2))
    assert care.zero_s == 0.0
