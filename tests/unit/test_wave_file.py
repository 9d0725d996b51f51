"""A WAV file of any kind and rate, in any pieces, becomes the same sound at 16 kHz."""

from __future__ import annotations

import contextlib
import io
import math
import struct
import wave

import numpy as np
import pytest

from sensorium.sensors.wave_file import TooLong, WaveFile

PCM, FLOAT, EXTENSIBLE = 1, 3, 0xFFFE
TAIL = bytes.fromhex("000000001000800000aa00389b71")


def tone(rate: int, seconds: float = 0.5) -> np.ndarray:
    return 0.5 * np.sin(2 * np.pi * 440 * np.arange(int(rate * seconds)) / rate)


def encoded(sound: np.ndarray, kind: int, bits: int) -> bytes:
    if kind == FLOAT:
        return sound.astype(f"<f{bits // 8}").tobytes()
    if bits == 8:
        return np.round(sound * 127 + 128).astype("u1").tobytes()
    whole = np.round(sound * (2 ** (bits - 1) - 1)).astype("<i4")
    if bits == 24:
        return whole.astype("<i4").view("u1").reshape(-1, 4)[:, :3].tobytes()
    return whole.astype(f"<i{bits // 8}").tobytes()


def file(
    data: bytes, kind: int = PCM, bits: int = 16, rate: int = 16_000, channels: int = 1, *,
    before: bytes = b"", size: int | None = None, extensible: bool = False,
) -> bytes:
    body = struct.pack(
        "<HHIIHH", EXTENSIBLE if extensible else kind, channels, rate,
        rate * channels * bits // 8, channels * bits // 8, bits,
    )
    if extensible:
        body += struct.pack("<HHIH", 22, bits, 0, kind) + TAIL
    form = b"fmt " + struct.pack("<I", len(body)) + body
    head = b"data" + struct.pack("<I", len(data) if size is None else size)
    content = b"WAVE" + before + form + head + data
    return b"RIFF" + struct.pack("<I", len(content)) + content


def read(data: bytes, piece: int = 1 << 20, longest_s: float = 60.0) -> np.ndarray:
    reader = WaveFile(longest_s)
    parts = [reader.feed(data[at : at + piece]) for at in range(0, len(data), piece)]
    return np.concatenate([*parts, reader.finish()])


@pytest.mark.parametrize("extensible", [False, True])
@pytest.mark.parametrize(
    ("kind", "bits", "error"),
    [(PCM, 8, 1e-2), (PCM, 16, 4e-5), (PCM, 24, 1e-6), (PCM, 32, 1e-6), (FLOAT, 32, 1e-6),
     (FLOAT, 64, 1e-6)],
)
def test_every_kind_of_sample_is_read(
    kind: int, bits: int, error: float, extensible: bool
) -> None:
    sound = tone(16_000)
    found = read(file(encoded(sound, kind, bits), kind, bits, extensible=extensible))
    assert found.dtype == np.float32
    assert len(found) == len(sound)
    np.testing.assert_allclose(found, sound, atol=error)


@pytest.mark.parametrize("rate", [8_000, 11_025, 22_050, 44_100, 48_000, 96_000, 192_000])
def test_every_rate_becomes_16_khz(rate: int) -> None:
    soxr = pytest.importorskip("soxr")
    found = read(file(encoded(tone(rate), PCM, 16), rate=rate))
    expected = soxr.resample(tone(rate).astype(np.float32), rate, 16_000)
    assert abs(len(found) - 8_000) <= 1
    inner = slice(200, 7_800)
    np.testing.assert_allclose(found[inner], expected[inner], atol=2e-3)


def test_channels_become_their_mean() -> None:
    sound = tone(16_000)
    both = np.stack([sound, np.zeros_like(sound)], axis=1).ravel()
    found = read(file(encoded(both, PCM, 16), channels=2))
    np.testing.assert_allclose(found, sound / 2, atol=4e-5)


@pytest.mark.parametrize("piece", [1, 2, 7, 1000])
def test_pieces_of_any_length_give_the_same(piece: int) -> None:
    data = file(
        encoded(tone(44_100, 0.05), PCM, 24), bits=24, rate=44_100, channels=1,
        before=b"LIST" + struct.pack("<I", 5) + b"hello\0",
    ) + b"id3 " + struct.pack("<I", 4) + b"abcd"
    np.testing.assert_allclose(read(data, piece), read(data), atol=1e-6)


def test_it_agrees_with_the_standard_library() -> None:
    sound, written = tone(16_000), io.BytesIO()
    with wave.open(written, "wb") as writer:
        writer.setparams((1, 2, 16_000, 0, "NONE", ""))
        writer.writeframes(encoded(sound, PCM, 16))
    np.testing.assert_allclose(read(written.getvalue()), sound, atol=4e-5)


@pytest.mark.parametrize("size", [0, 0x7FFFFFFF, 0xFFFFFFFF])
def test_a_file_whose_length_was_never_written_is_read_to_its_end(size: int) -> None:
    data = encoded(tone(16_000), PCM, 16)
    assert len(read(file(data, size=size))) == 8_000


def test_what_the_head_promises_and_the_file_lacks_is_told() -> None:
    reader = WaveFile(60.0)
    reader.feed(file(encoded(tone(16_000), PCM, 16), size=16_000 * 4))
    reader.finish()
    assert (reader.duration_s, reader.missing_s) == (0.5, 1.5)


def test_a_file_without_samples_is_an_empty_sound() -> None:
    assert len(read(file(b""))) == 0
    assert len(read(file(b"", rate=48_000))) <= 1


def test_a_sound_that_is_too_long_is_refused_by_its_head() -> None:
    reader = WaveFile(60.0)
    with pytest.raises(TooLong, match=r"36000\.0 s of sound, 60 s are allowed"):
        reader.feed(file(b"", size=36_000 * 32_000)[:44])
    endless = WaveFile(1.0)
    with pytest.raises(TooLong):
        endless.feed(file(bytes(32_002 * 2), size=0xFFFFFFFF))


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 20_000.0])
def test_a_sample_that_is_no_sound_is_refused_with_its_time(value: float) -> None:
    sound = tone(16_000)
    sound[4_000] = value
    with pytest.raises(ValueError, match=r"sample at 0\.250 s"):
        read(file(encoded(sound, FLOAT, 32), FLOAT, 32))


def test_a_float_a_little_beyond_full_scale_is_clipped() -> None:
    assert np.abs(read(file(encoded(3 * tone(16_000), FLOAT, 32), FLOAT, 32))).max() == 1.0


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "not a WAV file"), (b"RIFF", "not a WAV file"), (b"hello, this is text", "not a WAV"),
        (b"fLaC" + bytes(100), "not a WAV file"), (b"OggS" + bytes(100), "not a WAV file"),
        (file(b"")[:30], "ends before its sound"),
        (file(b"")[:12] + file(b"")[36:], "sound comes before its format"),
        (file(b"", kind=6, bits=8), "format 6 with 8 bits"), (file(b"", bits=12), "12 bits"),
        (file(b"", kind=FLOAT, bits=16), "16 bits"), (file(b"", rate=4_000), "4000 Hz"),
        (file(b"", rate=384_000), "384000 Hz"), (file(b"", channels=0), "0 channels"),
        (file(b"", channels=33), "33 channels"),
        (file(b"")[:16] + struct.pack("<I", 1 << 20) + file(b"")[20:], "format is damaged"),
    ],
    ids=range(15),
)
def test_what_is_no_such_file_is_refused(data: bytes, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        read(data)


@pytest.mark.parametrize("seed", range(30))
def test_a_garbled_head_is_refused_or_still_a_sound(seed: int) -> None:
    noise = np.random.default_rng(seed)
    data = bytearray(file(encoded(tone(16_000, 0.05), PCM, 16)))
    for at in noise.integers(0, 44, 4):
        data[at] = noise.integers(256)
    with contextlib.suppress(ValueError):
        assert np.isfinite(read(bytes(data))).all()
