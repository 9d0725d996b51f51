"""Whisper's spectrogram is the one that faster-whisper computes, and bad sound is refused."""

from __future__ import annotations

import numpy as np
import pytest

from sensorium.perception.whisper_features import (
    HOP,
    MAX_FRAMES,
    MIN_FRAMES,
    filterbank,
    log_mel,
)


def noise(samples: int, size: float = 0.1) -> np.ndarray:
    return np.random.default_rng(samples).normal(0, size, samples).astype(np.float32)


def reference(sound: np.ndarray, frames: int) -> np.ndarray:
    extractor = pytest.importorskip("faster_whisper.feature_extractor", exc_type=ImportError)
    padded = np.zeros(frames * HOP, np.float32)
    padded[: len(sound)] = sound
    return extractor.FeatureExtractor()(padded, padding=0)[None]


@pytest.mark.parametrize("samples", [1, 159, 160, 161, 16_000, 300_001, 480_000])
@pytest.mark.parametrize("size", [1e-6, 0.1, 1.0])
def test_it_is_that_of_faster_whisper(samples: int, size: float) -> None:
    sound = noise(samples, size)
    ours = log_mel(sound)
    assert (ours.dtype, ours.shape[:2]) == (np.float32, (1, 80))
    np.testing.assert_allclose(ours, reference(sound, ours.shape[2]), atol=1e-5)


@pytest.mark.parametrize(
    ("samples", "least", "frames"),
    [(1, 2, 2), (320, 2, 2), (321, 2, 4), (16_000, 2, 100), (16_000, MIN_FRAMES, MIN_FRAMES),
     (480_000, MIN_FRAMES, MAX_FRAMES)],
)  # fmt: skip
def test_frames_are_even_and_enough(samples: int, least: int, frames: int) -> None:
    assert log_mel(noise(samples), least).shape == (1, 80, frames)


def test_silence_is_all_floor() -> None:
    silent = log_mel(np.zeros(16_000, np.float32))
    assert np.ptp(silent) == 0
    assert silent[0, 0, 0] == pytest.approx(-1.5)


def test_a_band_has_the_area_of_its_neighbours() -> None:
    """Slaney's triangles have equal area: a wide one is low. Narrow ones meet too few bins."""
    areas = filterbank().sum(axis=1)[30:]
    np.testing.assert_allclose(areas, areas.mean(), rtol=0.1)


@pytest.mark.parametrize(
    "sound",
    [np.zeros(0, np.float32), np.zeros(480_001, np.float32), np.zeros((2, 100), np.float32),
     np.full(800, np.nan, np.float32), np.full(800, np.inf, np.float32)],
    ids=["empty", "long", "two rows", "nan", "inf"],
)  # fmt: skip
@pytest.mark.filterwarnings("ignore:invalid value")
def test_bad_sound_is_refused(sound: np.ndarray) -> None:
    with pytest.raises(ValueError, match="sound"):
        log_mel(sound)
