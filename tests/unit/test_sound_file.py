"""A sound file is cut at its pauses, at any rate, and refused with a reason."""

from __future__ import annotations

import wave
from typing import TYPE_CHECKING

import numpy as np
import pytest
from fixtures.pulse import write_wav

from sensorium import records
from sensorium.channels.catalogue import CHANNELS
from sensorium.channels.reader import Snapshot
from sensorium.cli.sound_file import pieces
from sensorium.errors import EnrolmentError, RecordingError
from sensorium.recording import Recorder

if TYPE_CHECKING:
    from pathlib import Path


def speech(rate: int, *lengths_s: float, pause_s: float = 0.6) -> np.ndarray:
    """Humming of some lengths between pauses."""
    parts = []
    for length in lengths_s:
        t = np.arange(int(length * rate)) / rate
        parts += [np.zeros(int(pause_s * rate)), 0.3 * np.sin(2 * np.pi * 150 * t)]
    return np.concatenate([*parts, np.zeros(int(pause_s * rate))])


@pytest.mark.parametrize("rate", [8_000, 16_000, 44_100, 192_000])
def test_each_piece_between_pauses_is_a_sentence(tmp_path: Path, rate: int) -> None:
    path = write_wav(tmp_path / "a.wav", speech(rate, 2.0, 3.0, 0.5, 2.5), rate)
    found = pieces(path)
    assert [round(begin, 1) for begin, _ in found] == pytest.approx([0.35, 2.95, 7.6], abs=0.15)
    assert [len(sound) / 16_000 for _, sound in found] == pytest.approx([2.5, 3.5, 3.0], abs=0.15)


def test_a_speech_without_a_pause_is_cut(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "a.wav", speech(16_000, 26.0), 16_000)
    lengths = [len(sound) / 16_000 for _, sound in pieces(path)]
    assert lengths == pytest.approx([10.5, 10.5, 6.5], abs=0.1)


def test_a_stereo_file_with_one_dead_channel_is_taken(tmp_path: Path) -> None:
    one = (speech(16_000, 2.0) * 32767).astype("<i2")
    path = tmp_path / "a.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(np.stack([one, np.zeros_like(one)], axis=1).tobytes())
    assert len(pieces(path)) == 1


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "cannot be read as a sound file"), (b"RIFF\x00\x00\x00\x00WAVE", "cannot be read"),
        (b"hello world, this is a text", "cannot be read"),
    ],
)
def test_what_is_no_wav_file_is_refused(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(content)
    with pytest.raises(EnrolmentError, match=said) as caught:
        pieces(path)
    assert "sensorium record" in caught.value.remedy


def test_other_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(EnrolmentError, match="cannot be read"):
        pieces(tmp_path / "missing.wav")
    for sound in (np.zeros(40_000), np.zeros(10), speech(16_000, 0.4)):
        with pytest.raises(EnrolmentError, match="no speech of"):
            pieces(write_wav(tmp_path / "b.wav", sound, 16_000))
    with pytest.raises(EnrolmentError, match="at 4000 Hz"):
        pieces(write_wav(tmp_path / "c.wav", speech(4_000, 2.0), 4_000))
    with pytest.raises(RecordingError):
        pieces(tmp_path / "missing.mcap")


def record(path: Path, sound: np.ndarray, gap_at: int) -> Path:
    with Recorder(path, ("audio",), max_minutes=1, max_bytes=100_000_000) as recorder:
        for n, start in enumerate(range(0, len(sound) - 511, 512), 1):
            block = records.AUDIO.zeros()
            block["session"], block["gap"] = 1, n == gap_at
            block["samples"][0] = sound[start : start + 512]
            recorder.write(
                "audio", Snapshot(n=n, capture_ns=n * 32_000_000, publish_ns=n * 32_000_000,
                                  record=block.tobytes(), valid=True)
            )
    return path


def test_a_recordings_sound_is_cut_at_its_gaps_too(tmp_path: Path) -> None:
    sound = speech(16_000, 6.0)
    path = record(tmp_path / "a.mcap", sound, gap_at=110)
    found = pieces(path)
    assert [round(begin, 1) for begin, _ in found] == pytest.approx([0.35, 3.5], abs=0.15)
    assert CHANNELS["audio"].region == "audio"


def test_samples_that_are_no_numbers_are_refused(tmp_path: Path) -> None:
    sound = speech(16_000, 3.0)
    sound[20_000] = np.nan
    with pytest.raises(EnrolmentError, match="no numbers"):
        pieces(record(tmp_path / "a.mcap", sound, gap_at=0))


def test_a_recording_without_sound_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.mcap"
    with Recorder(path, ("public",), max_minutes=1, max_bytes=1_000_000):
        pass
    with pytest.raises(EnrolmentError, match="holds no sound"):
        pieces(path)
