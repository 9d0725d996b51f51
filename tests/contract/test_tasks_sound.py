"""The task `transcribe`, asked over a socket, on the real engines and recorded speech."""

from __future__ import annotations

import itertools
import re
import struct
from typing import TYPE_CHECKING

import jiwer
import numpy as np
import pytest
from fixtures import engines, speech
from fixtures.encoded_sound import encoded
from fixtures.task_server import serving, wav

from sensorium.perception.segmentation import LONGEST_S, Segmentation

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import httpx

RATE = 16_000
WAV = {"Content-Type": "audio/wav"}
ENGINES = ("silero-vad", "whisper-tiny-en-encoder", "whisper-tiny-en-decoder")


def room(seconds: float) -> np.ndarray:
    return np.random.default_rng(0).normal(0, 0.001, int(seconds * RATE)).astype(np.float32)


def plain(text: str) -> str:
    return " ".join(re.sub(r"[^a-z' ]", " ", text.lower()).split())


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    for name in ENGINES:
        engines.ensure_built(name)
    with serving(tmp_path_factory.mktemp("sound"), longest_sound_min=1.0) as client:
        yield client


def heard(service: httpx.Client, data: bytes, **parameters: object) -> dict:
    response = service.post("/v1/tasks/transcribe", content=data, headers=WAV, params=parameters)
    assert response.status_code == 200, response.text
    (output,) = response.json()["outputs"]
    return output


def test_what_was_said_comes_with_its_times(service: httpx.Client) -> None:
    said = speech.utterances()[-2:]
    parts, begun, at = [], [], 0.0
    for _, sound, _ in said:
        parts += [room(1.0), sound * np.float32(0.4 / np.abs(sound).max())]
        begun.append(at + 1.0)
        at += 1.0 + len(sound) / RATE
    whole = np.concatenate([*parts, room(1.0)])
    stereo = np.repeat(whole, 3)
    found = heard(service, wav(stereo, 3 * RATE, channels=2))
    assert found["speech"]
    assert found["duration_s"] == pytest.approx(len(whole) / RATE, abs=0.01)
    assert jiwer.wer(plain(" ".join(text for _, _, text in said)), plain(found["text"])) <= 0.25
    assert len(found["segments"]) == len(said)
    for segment, start in zip(found["segments"], begun, strict=True):
        assert start - 0.3 < segment["start_s"] < start + 0.7
        assert segment["end_s"] <= found["duration_s"]
        assert segment["language"] == "en"
        times = [time for word in segment["words"] for time in (word["start_s"], word["end_s"])]
        assert times == sorted(times)
        assert all(0 <= word["confidence"] <= 1 for word in segment["words"])
        assert " ".join(word["text"] for word in segment["words"]) == segment["text"]


@pytest.mark.parametrize(
    ("kind", "media"), [("flac", "audio/flac"), ("opus", "audio/ogg"), ("mp3", "audio/mpeg")]
)
def test_a_compressed_file_says_the_same(service: httpx.Client, kind: str, media: str) -> None:
    _, sound, text = speech.utterances()[-1]
    data = encoded(sound * np.float32(0.4 / np.abs(sound).max()), kind)
    response = service.post(
        "/v1/tasks/transcribe", content=data, headers={"Content-Type": media}
    )
    assert response.status_code == 200, response.text
    (found,) = response.json()["outputs"]
    assert jiwer.wer(plain(text), plain(found["text"])) <= 0.25
    assert found["duration_s"] == pytest.approx(len(sound) / RATE, abs=0.12)


def test_a_compressed_file_of_many_bytes_is_refused(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).uniform(-1, 1, 40 * RATE)
    with serving(tmp_path, max_body_mib=1) as client:
        response = client.post(
            "/v1/tasks/transcribe", content=encoded(noise, "flac"),
            headers={"Content-Type": "audio/flac"},
        )
    assert response.status_code == 413
    assert "max_body_mib" in response.json()["remedy"]


def test_where_nobody_speaks_nothing_was_said(service: httpx.Client) -> None:
    hum = 0.1 * np.sin(2 * np.pi * 50 * np.arange(2 * RATE) / RATE)
    for sound in (np.zeros(0), np.zeros(RATE), room(2.0), hum):
        found = heard(service, wav(sound), words=False)
        assert (found["text"], found["speech"], found["segments"]) == ("", False, [])


def test_long_speech_is_cut_without_a_gap() -> None:
    engines.ensure_built("silero-vad")
    sound = np.concatenate([each for _, each, _ in speech.utterances()])
    # Without its pauses, so that nothing but its length ends it.
    loud = np.concatenate([
        block for block in np.split(sound[: len(sound) // 512 * 512], len(sound) // 512)
        if np.abs(block).max() > 0.02
    ])
    loud = np.tile(loud, 1 + int(2 * LONGEST_S * RATE) // len(loud))
    engine, segmentation, found = engines.load("silero-vad"), Segmentation(), []
    for at in range(0, len(loud), 5_000):
        found += segmentation.take(engine, loud[at : at + 5_000])
    found += segmentation.finish(engine)
    engine.close()
    assert any(segment.cut for segment in found)
    assert all(segment.last - segment.first <= (LONGEST_S + 0.1) * RATE for segment in found)
    for one, other in itertools.pairwise(found):
        assert one.cut == other.continues
        if one.cut:
            assert one.last == other.first
    assert found[-1].last <= len(loud)


@pytest.mark.parametrize(
    ("data", "status", "said"),
    [
        (b"", 422, "not a WAV file"), (b"OggS" + bytes(100), 422, "cannot be decoded"),
        (wav(np.zeros(100))[:30], 422, "ends before its sound"),
        (wav(np.zeros(100), 4_000), 422, "4000 Hz"),
        (wav(np.zeros(0))[:40] + struct.pack("<I", 36_000 * 32_000), 413, "36000.0 s of sound"),
        (wav(np.zeros(61 * RATE)), 413, "61.0 s of sound"),
    ],
    ids=range(6),
)
def test_bad_sounds_are_refused(
    service: httpx.Client, data: bytes, status: int, said: str
) -> None:
    response = service.post("/v1/tasks/transcribe", content=data, headers=WAV)
    assert response.status_code == status
    assert said in response.json()["detail"]
    remedy = "longest_sound_min" if status == 413 else "ffmpeg"
    assert remedy in response.json()["remedy"]


def test_samples_that_are_no_numbers_are_refused(service: httpx.Client) -> None:
    values = np.zeros(RATE, "<f4")
    values[RATE // 2] = np.nan
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 3, 1, RATE, 4 * RATE, 4, 32)
    body = b"WAVE" + form + b"data" + struct.pack("<I", values.nbytes) + values.tobytes()
    data = b"RIFF" + struct.pack("<I", len(body)) + body
    response = service.post("/v1/tasks/transcribe", content=data, headers=WAV)
    assert response.status_code == 422
    assert "sample at 0.500 s that is no number" in response.json()["detail"]


def test_other_media_types_and_languages_are_refused(service: httpx.Client) -> None:
    for kind in ("audio/midi", "video/mp4", "application/json", "application/octet-stream"):
        response = service.post(
            "/v1/tasks/transcribe", content=b"x", headers={"Content-Type": kind}
        )
        assert response.status_code == 415
        assert "ffmpeg" in response.json()["remedy"]
    # Before anything is listened to: nobody speaks here.
    response = service.post(
        "/v1/tasks/transcribe", content=wav(np.zeros(RATE)), headers=WAV, params={"language": "de"}
    )
    assert response.status_code == 422
    assert "model=base" in response.json()["remedy"]
