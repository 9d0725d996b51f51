"""A FLAC, Ogg or MP3 file that others wrote becomes the sound that it was made of."""

from __future__ import annotations

import io
import math

import numpy as np
import pytest
import soundfile
from fixtures.encoded_sound import KINDS, encoded
from fixtures.task_server import wav

from sensorium.sensors import sound_file
from sensorium.sensors.compressed_file import CompressedFile, is_compressed
from sensorium.sensors.wave_file import TooLong


def chirp(rate: int, seconds: float = 1.0) -> np.ndarray:
    """200 to 1,000 Hz, so that a shift in time shows."""
    t = np.arange(int(rate * seconds)) / rate
    return 0.5 * np.sin(2 * np.pi * (200 * t + 400 * t**2 / seconds))


def read(data: bytes, longest_s: float = 60.0) -> tuple[np.ndarray, CompressedFile]:
    file = CompressedFile(io.BytesIO(data), longest_s)
    parts = [file.read()]
    while len(parts[-1]):
        parts.append(file.read())
    return np.concatenate(parts), file


def agreement(found: np.ndarray, expected: np.ndarray) -> float:
    """The largest correlation at a shift of up to 80 ms: coders pad a file's beginning."""
    inner = expected[: min(len(found), len(expected)) - 1_300]
    windows = np.lib.stride_tricks.sliding_window_view(found, len(inner))[:1_280:4]
    norms = np.linalg.norm(windows, axis=1) * np.linalg.norm(inner)
    return float((windows @ inner / norms).max())


@pytest.mark.parametrize("layout", ["mono", "stereo"])
@pytest.mark.parametrize("rate", [16_000, 48_000])
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_becomes_what_was_encoded(kind: str, rate: int, layout: str) -> None:
    data = encoded(chirp(rate), kind, rate, layout)
    assert is_compressed(data[:4])
    found, file = read(data)
    assert found.dtype == np.float32
    assert len(found) == pytest.approx(16_000, abs=1_800)
    assert file.missing_s == 0
    assert agreement(found, chirp(16_000)) > 0.99
    if kind == "flac" and rate == 16_000:
        np.testing.assert_allclose(found, chirp(rate), atol=1e-4)


def test_a_longer_sound_is_refused_before_it_is_decoded() -> None:
    with pytest.raises(TooLong, match=r"holds 1\.0 s of sound, 0\.5 s are allowed"):
        read(encoded(chirp(16_000), "flac"), 0.5)


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_that_was_cut_gives_what_is_there(kind: str) -> None:
    data = encoded(chirp(16_000, 30.0), kind)
    found, file = read(data[: len(data) // 2])
    assert 5 < len(found) / 16_000 < 25
    assert np.isfinite(found).all()
    if kind == "flac":
        assert file.missing_s == pytest.approx(30 - file.duration_s, abs=0.01)


@pytest.mark.parametrize("head", [b"fLaC", b"OggS", b"ID3\x04", b"\xff\xfb\x90\x64"])
def test_noise_behind_a_head_is_refused(head: bytes) -> None:
    noise = np.random.default_rng(0).bytes(5_000)
    with pytest.raises(ValueError, match="cannot be decoded"):
        read(head + noise, math.inf)


@pytest.mark.parametrize("head", [b"", b"RIFF", b"\xff", b"\xff\x0f12", b"abcd"])
def test_what_is_not_compressed_is_told(head: bytes) -> None:
    assert not is_compressed(head)


def test_another_kind_of_libsndfile_is_refused() -> None:
    file = io.BytesIO()
    soundfile.write(file, chirp(16_000), 16_000, format="AIFF")
    with pytest.raises(ValueError, match="kind AIFF"):
        CompressedFile(io.BytesIO(file.getvalue()), 60)


@pytest.mark.parametrize("kind", ["wav", "flac"])
def test_a_file_of_any_kind_is_read_whole_or_its_beginning(kind: str) -> None:
    sound = chirp(16_000, 30.0)
    data = wav(sound) if kind == "wav" else encoded(sound, kind)
    whole = sound_file.read(io.BytesIO(data))
    np.testing.assert_allclose(whole.samples, sound, atol=1e-4)
    assert (whole.duration_s, whole.missing_s) == (30.0, 0.0)
    first = sound_file.read(io.BytesIO(data), first_s=1.5)
    np.testing.assert_array_equal(first.samples, whole.samples[:24_000])
    assert (first.duration_s, first.missing_s) == (1.5, 0.0)
    with pytest.raises(TooLong, match=r"holds 30\.0 s of sound, 29\.5 s are allowed"):
        sound_file.read(io.BytesIO(data), 29.5)
    cut = sound_file.read(io.BytesIO(data[: len(data) // 2]))
    assert cut.missing_s == pytest.approx(30 - cut.duration_s, abs=0.01)
    with pytest.raises(ValueError, match="is not a WAV file"):
        sound_file.read(io.BytesIO(b""))
