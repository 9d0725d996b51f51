"""The stream resampler against soxr, and its own promises."""

from __future__ import annotations

import numpy as np
import pytest
import soxr

from sensorium.sensors.resampler import Resampler

OUT = 16_000
RATES = (8_000, 11_025, 22_050, 32_000, 44_100, 48_000, 88_200, 96_000, 192_000)


def in_pieces(rate: int, sound: np.ndarray, piece: int) -> np.ndarray:
    resampler = Resampler(rate, OUT)
    return np.concatenate(
        [resampler.process(sound[i : i + piece]) for i in range(0, len(sound), piece)]
    )


def speech_band_noise(rate: int, seconds: float) -> np.ndarray:
    """Noise between 50 Hz and 0.8 of the lower rate's Nyquist frequency, in float32."""
    n = int(rate * seconds)
    spectrum = np.fft.rfft(np.random.default_rng(1).standard_normal(n))
    frequencies = np.fft.rfftfreq(n, 1 / rate)
    spectrum[(frequencies < 50) | (frequencies > 0.4 * min(rate, OUT))] = 0
    sound = np.fft.irfft(spectrum, n)
    return (sound / np.abs(sound).max()).astype(np.float32)


@pytest.mark.parametrize("rate", RATES)
def test_it_agrees_with_soxr_sample_by_sample(rate: int) -> None:
    sound = speech_band_noise(rate, 1.0)
    ours = in_pieces(rate, sound, rate // 100)
    theirs = soxr.resample(sound, rate, OUT, quality="VHQ")
    middle = slice(OUT // 10, OUT - OUT // 10)
    error = ours[middle] - theirs[middle]
    assert 10 * np.log10(np.mean(error**2) / np.mean(theirs[middle] ** 2)) < -75


@pytest.mark.parametrize("rate", RATES)
def test_pieces_of_any_length_give_the_same(rate: int) -> None:
    sound = speech_band_noise(rate, 0.2)
    whole = in_pieces(rate, sound, len(sound))
    random = np.random.default_rng(2)
    resampler = Resampler(rate, OUT)
    parts, at = [], 0
    while at < len(sound):
        n = int(random.integers(0, 700))
        parts.append(resampler.process(sound[at : at + n]))
        at += n
    pieces = np.concatenate(parts)
    assert len(pieces) == len(whole)
    np.testing.assert_allclose(pieces, whole, atol=1e-6)


@pytest.mark.parametrize("rate", RATES)
def test_what_cannot_be_kept_does_not_fold_back(rate: int) -> None:
    if rate <= 18_000:
        pytest.skip("nothing lies above the new Nyquist frequency")
    time = np.arange(rate) / rate
    for frequency in np.linspace(9_050, rate / 2 - 200, 12):
        tone = np.sin(2 * np.pi * frequency * time).astype(np.float32)
        made = in_pieces(rate, tone, 1000)[200:-200]
        assert 20 * np.log10(np.sqrt(2 * np.mean(made**2))) < -75


@pytest.mark.parametrize("rate", RATES)
def test_the_delay_is_short_and_no_shift(rate: int) -> None:
    resampler = Resampler(rate, OUT)
    fed = made = 0
    for _ in range(50):
        fed += rate // 100
        made += len(resampler.process(np.zeros(rate // 100, np.float32)))
        assert 0 <= fed / rate - made / OUT <= resampler.delay_s + 1 / OUT
    assert resampler.delay_s < 0.003
    impulse = np.zeros(rate, np.float32)
    impulse[rate // 2] = 1
    expected = round(rate // 2 * OUT / rate)
    assert np.argmax(in_pieces(rate, impulse, 512)) == expected


def test_an_equal_rate_passes_through() -> None:
    sound = speech_band_noise(OUT, 0.1)
    np.testing.assert_array_equal(Resampler(OUT, OUT).process(sound), sound)
