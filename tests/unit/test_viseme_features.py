"""The features against a plain reference, and a stream against the whole."""

import numpy as np
import pytest
import scipy.signal

from sensorium.perception import viseme_features
from sensorium.perception.viseme_features import (
    BANDS,
    CENTRE,
    FALL_DB,
    FLOOR_DB,
    HIGH_HZ,
    LOW_HZ,
    QUIETEST_DB,
    RATE_HZ,
    REACH_DB,
    STEP,
    WINDOW,
    VisemeFeatures,
)


def voice(seconds=1.0, gain=0.3):
    noise = np.random.default_rng(4)
    times = np.arange(int(seconds * RATE_HZ) // STEP * STEP) / RATE_HZ
    sound = np.sin(2 * np.pi * 220 * times) * (np.sin(2 * np.pi * 3 * times) > 0)
    return (gain * (sound + 0.05 * noise.normal(size=len(times)))).astype(np.float32)


def reference(sound):
    """Triangles drawn point by point over scipy's spectrogram, and the level frame by frame."""
    padded = np.concatenate([np.zeros(WINDOW - STEP), sound])
    _, _, power = scipy.signal.spectrogram(
        padded, RATE_HZ, window=scipy.signal.get_window("hann", WINDOW), nperseg=WINDOW,
        noverlap=WINDOW - STEP, nfft=512, detrend="constant", scaling="spectrum", mode="psd",
    )
    power[1:-1] /= 2  # scipy's is one-sided
    mels = np.linspace(2595 * np.log10(1 + LOW_HZ / 700), 2595 * np.log10(1 + HIGH_HZ / 700), 34)
    corners = 700 * (10 ** (mels / 2595) - 1)
    hz = np.arange(257) * RATE_HZ / 512
    filters = [np.interp(hz, corners[at : at + 3], [0, 1, 0]) for at in range(BANDS)]
    told, level = [], QUIETEST_DB
    for frame in power.T:
        bands = [10 * np.log10(frame @ row + 10 ** (FLOOR_DB / 10)) for row in filters]
        level = max(*bands, level - FALL_DB, QUIETEST_DB)
        told.append([max(0.0, 1 + (band - level) / REACH_DB) for band in bands])
    return np.array(told)


def test_features_are_those_of_a_plain_reference():
    sound = voice()
    ours = VisemeFeatures().push(sound)
    theirs = reference(sound)
    assert ours.shape == (len(sound) // STEP, BANDS) == theirs.shape
    assert np.allclose(ours, theirs, atol=2e-4)
    assert ours.dtype == np.float32


def test_a_stream_gives_what_the_whole_gives():
    sound = voice()
    whole = VisemeFeatures().push(sound)
    for block in (STEP, 512):
        stream = VisemeFeatures()
        pieces = [stream.push(sound[at : at + block]) for at in range(0, len(sound), block)]
        assert np.allclose(np.concatenate(pieces), whole[: len(sound) // STEP], atol=1e-6)


def test_gain_and_offset_change_nothing_above_the_quietest():
    loud = VisemeFeatures().push(voice(gain=0.8))
    soft = VisemeFeatures().push(voice(gain=0.2))
    shifted = VisemeFeatures().push(voice(gain=0.2) + np.float32(0.1))
    assert np.abs(loud - soft).max() < 0.02
    # The first frames hold the step from nothing to the offset.
    assert np.abs(shifted - soft)[4:].mean() < 0.02


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e30])
def test_what_is_no_sound_stays_finite(bad):
    sound = voice()
    sound[1000:1100] = bad
    told = VisemeFeatures().push(sound)
    assert np.isfinite(told).all()
    assert told.min() >= 0
    assert told.max() <= 1.0


def test_silence_is_nothing_and_a_frames_time_is_its_middle():
    assert VisemeFeatures().push(np.zeros(1024, np.float32)).max() < 0.3
    sound = np.zeros(STEP * 20, np.float32)
    sound[10 * STEP - CENTRE] = 0.9
    told = VisemeFeatures().push(sound).mean(1)
    # The click lies in the middle of the window that ends with step 10.
    assert told.argmax() == 9


def test_no_band_is_empty():
    assert (viseme_features.mel_filters() > 0).sum(0).min() >= 1
