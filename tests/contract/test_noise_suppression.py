"""Noise suppression on the real engine: the published result, the same result by other means."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from fixtures import engines, noises, speech
from scipy.signal import ShortTimeFFT
from scipy.signal.windows import hann

from sensorium.errors import EngineError
from sensorium.perception.noise_suppression import DELAY, ENGINE, NoiseSuppression
from sensorium.records.sensors import AUDIO_BLOCK

PUBLISHED = Path(__file__).parents[1] / "fixtures" / "gtcrn_published.npz"
"""The first 2 s of stream/test_wavs/mix.wav and enh_stream.wav of github.com/Xiaobin-Rong/gtcrn
(commit 3862c44, MIT): what the maker's own PyTorch code made of it, 16 bit."""


@pytest.fixture(scope="module")
def engine():
    loaded = engines.load(ENGINE)
    yield loaded
    loaded.close()


@pytest.fixture(scope="module")
def noisy() -> np.ndarray:
    """A sentence with pink noise 5 dB softer behind it, in whole blocks."""
    said = voice()
    other = noises.coloured(len(said) / 16_000 + 0.01, 1, 3)[: len(said)]
    gain = np.sqrt(np.mean(said**2) / np.mean(other**2) / 10**0.5)
    return (said + gain * other).astype(np.float32)


def voice() -> np.ndarray:
    said = speech.utterances()[0][1]
    return said[: len(said) // AUDIO_BLOCK * AUDIO_BLOCK]


def streamed(stream: NoiseSuppression, sound: np.ndarray) -> np.ndarray:
    """A sound block by block, and what lies behind its last."""
    padded = np.append(sound, np.zeros(AUDIO_BLOCK, np.float32))
    blocks = [
        stream.process(padded[at : at + AUDIO_BLOCK])
        for at in range(0, len(padded) - AUDIO_BLOCK + 1, AUDIO_BLOCK)
    ]
    return np.concatenate(blocks)[DELAY : DELAY + len(sound)]


def decibels(wanted: np.ndarray, other: np.ndarray) -> float:
    """How far the difference lies below what is wanted."""
    return float(10 * np.log10(np.mean(wanted**2) / np.mean((other - wanted) ** 2)))


def distortion(said: np.ndarray, sound: np.ndarray) -> float:
    """Scale-invariant signal to distortion ratio, dB (Le Roux et al., arXiv 1811.02508)."""
    part = said * (said @ sound) / (said @ said)
    return float(10 * np.log10((part @ part) / ((sound - part) @ (sound - part))))


def test_it_makes_what_the_maker_published(engine) -> None:
    with np.load(PUBLISHED) as file:
        mixed, wanted = (file[name] / np.float32(32768) for name in ("mix", "enhanced"))
    made = streamed(NoiseSuppression(engine), mixed)
    # The maker puts the first samples mirrored before the sound: that is forgotten bit by bit.
    assert decibels(wanted[16_000:], made[16_000 : len(wanted)]) > 40


def test_a_stream_is_the_whole_sound_at_once(engine, noisy) -> None:
    made = streamed(NoiseSuppression(engine), noisy)
    transform = ShortTimeFFT(np.sqrt(hann(512, sym=False)), 256, 16_000, phase_shift=None)
    # From the frame that begins 256 samples before the sound to the one that begins at its end.
    spectra = transform.stft(noisy, p0=0, p1=len(noisy) // 256 + 1)
    session = onnxruntime.InferenceSession(
        engines.weights(ENGINE)[0], providers=["CPUExecutionProvider"]
    )
    memory = {port.name: np.zeros(port.shape, np.float32) for port in session.get_inputs()[1:]}
    cleaned = np.empty_like(spectra)
    for at in range(spectra.shape[1]):
        mix = np.stack([spectra[:, at].real, spectra[:, at].imag], -1)[None, :, None]
        result, *kept = session.run(None, {"mix": mix.astype(np.float32), **memory})
        memory = dict(zip(memory, kept, strict=True))
        cleaned[:, at] = result[0, :, 0, 0] + 1j * result[0, :, 0, 1]
    whole = transform.istft(cleaned, k1=len(noisy))
    assert np.abs(whole - made).max() < 1e-5


def test_the_output_lies_behind_by_what_is_stated(engine) -> None:
    said = voice()
    stream = NoiseSuppression(engine)
    made = np.concatenate(
        [stream.process(said[at : at + AUDIO_BLOCK]) for at in range(0, len(said), AUDIO_BLOCK)]
    )
    fits = [said[: len(said) - lag] @ made[lag:] for lag in range(400)]
    assert int(np.argmax(fits)) == DELAY


def test_noise_is_less_and_the_voice_is_nearer_to_itself(engine, noisy) -> None:
    said = voice()
    before = distortion(said, noisy)
    after = distortion(said, streamed(NoiseSuppression(engine), noisy))
    assert after > before + 5


@pytest.mark.parametrize("limit_db", [6.0, 12.0])
def test_no_more_than_the_limit_is_taken(engine, limit_db) -> None:
    noise = noises.coloured(4, 1, 1)[: 120 * AUDIO_BLOCK]
    made = streamed(NoiseSuppression(engine, limit_db), noise)[AUDIO_BLOCK:]
    taken = -10 * np.log10(np.mean(made**2) / np.mean(noise[AUDIO_BLOCK:] ** 2))
    assert limit_db - 3 < taken < limit_db + 0.2


def test_after_a_restart_nothing_is_left_of_what_was_before(engine, noisy) -> None:
    stream = NoiseSuppression(engine)
    first = streamed(stream, noisy)
    stream.restart()
    assert np.array_equal(streamed(stream, noisy), first)


def test_what_is_no_number_is_silence(engine, noisy) -> None:
    damaged, silent = noisy.copy(), noisy.copy()
    damaged[2000:2003] = np.nan, np.inf, -np.inf
    silent[2000:2003] = 0
    made = streamed(NoiseSuppression(engine), damaged)
    assert np.array_equal(made, streamed(NoiseSuppression(engine), silent))


def test_a_block_of_another_size_and_a_limit_out_of_bounds_are_refused(engine) -> None:
    with pytest.raises(ValueError, match=r"the block has shape \(160,\); it must be \(512,\)"):
        NoiseSuppression(engine).process(np.zeros(160, np.float32))
    for limit in (0.0, 61.0, float("nan")):
        with pytest.raises(ValueError, match="limit_db"):
            NoiseSuppression(engine, limit)


def test_an_engine_of_another_kind_is_named() -> None:
    other = engines.load("silero-vad")
    try:
        with pytest.raises(EngineError, match="silero-vad"):
            NoiseSuppression(other).process(np.zeros(AUDIO_BLOCK, np.float32))
    finally:
        other.close()
