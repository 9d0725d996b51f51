from __future__ import annotations

import numpy as np
import pytest

from sensorium.perception import speaker_features as features
from sensorium_tools.evaluate.speaker import equal_error_rate

signal = pytest.importorskip("scipy.signal")


def slaney_bands() -> np.ndarray:
    """Band by band and bin by bin, from the definition of Slaney's scale."""
    def hz(mel: float) -> float:
        return 200 * mel / 3 if mel < 15 else 1000 * 6.4 ** ((mel - 15) / 27)

    top = 15 + 27 * np.log(8000 / 1000) / np.log(6.4)
    edges = [hz(top * place / 41) for place in range(42)]
    bands = np.zeros((40, 201))
    for band in range(40):
        low, middle, high = edges[band : band + 3]
        for place in range(201):
            at = place * 40.0
            if low < at <= middle:
                bands[band, place] = (at - low) / (middle - low)
            elif middle < at < high:
                bands[band, place] = (high - at) / (high - middle)
        bands[band] *= 2 / (high - low)
    return bands


@pytest.mark.parametrize("samples", [400, 16_000, 25_777])
def test_mel_spectra_are_those_of_scipy_and_the_definition(samples: int) -> None:
    noise = np.random.default_rng(samples)
    time = np.arange(samples) / 16_000
    sound = np.sin(2 * np.pi * 440 * time) * 0.3 + noise.normal(0, 0.05, samples)
    sound = sound.astype(np.float32)
    made = signal.stft(
        np.pad(sound.astype(np.float64), 200), 16_000, "hann", 400, 240, boundary=None,
        padded=False, scaling="spectrum",
    )[2]
    power = np.abs(made * signal.get_window("hann", 400).sum()) ** 2
    expected = (slaney_bands() @ power).T
    ours = features.mel_spectra(sound)
    assert ours.shape == (1 + samples // 160, 40)
    np.testing.assert_allclose(ours, expected, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize(
    ("seconds", "starts"),
    [(0.1, [0]), (1.6, [0]), (1.9, [0]), (2.0, [0, 77]), (3.0, [0, 77, 154]),
     (5.0, [0, 77, 154, 231, 308])],
)
def test_a_sound_is_cut_into_parts_of_1600_ms(seconds: float, starts: list[int]) -> None:
    assert features.parts(int(seconds * 16_000)) == starts
    inputs = features.model_inputs(np.zeros(int(seconds * 16_000), np.float32))
    assert [part.shape for part in inputs] == [(1, 160, 40)] * len(starts)


def test_soft_sound_is_made_louder_and_loud_stays() -> None:
    noise = np.random.default_rng(0).normal(0, 1e-3, 16_000).astype(np.float32)
    level = 20 * np.log10(np.sqrt(np.mean(features.louder(noise) ** 2)))
    assert level == pytest.approx(-30, abs=0.01)
    np.testing.assert_array_equal(features.louder(noise * 300), noise * 300)
    silence = np.zeros(100, np.float32)
    assert features.louder(silence) is silence
    assert features.louder(np.zeros(0, np.float32)).size == 0


def test_a_voice_is_a_unit_vector() -> None:
    some = [np.float32([3, 0]), np.float32([0, 4])]
    np.testing.assert_allclose(features.voice(some), [0.6, 0.8])
    assert not features.voice([np.zeros(4, np.float32)]).any()


def test_the_equal_error_rate_of_known_pairs() -> None:
    same = np.array([True] * 4 + [False] * 4)
    assert equal_error_rate(np.array([9, 8, 7, 6, 4, 3, 2, 1.0]), same) == 0
    assert equal_error_rate(np.array([9, 8, 7, 4, 6, 3, 2, 1.0]), same) == pytest.approx(0.25)
    assert equal_error_rate(np.array([1, 2, 3, 4, 6, 7, 8, 9.0]), same) == 1
    assert equal_error_rate(np.ones(8), same) == pytest.approx(0.5)
    assert np.isnan(equal_error_rate(np.ones(4), np.ones(4, bool)))
