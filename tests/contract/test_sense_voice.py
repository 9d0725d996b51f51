"""The voice sense on synthesised speech, with the real engine."""

from __future__ import annotations

import functools
import math
import shutil
import subprocess
import wave
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soxr
from fixtures import engines
from fixtures.senses import Player, no_rings

from sensorium import records
from sensorium.health import Reason
from sensorium.perception.utterances import Ending, Event
from sensorium.perception.voice_activity import VoiceActivity, VoiceOptions, loudness_dbfs

if TYPE_CHECKING:
    from pathlib import Path

RATE, BLOCK = 16_000, 512
BLOCK_NS = 32_000_000
START_NS = 5_000_000_000
ONSET_S, OFFSET_S = 0.1, 0.25


@functools.cache
def spoken(folder: Path) -> np.ndarray:
    """A sentence at 16 kHz, without the silence around it."""
    program = next((found for name in ("flite", "espeak-ng") if (found := shutil.which(name))), "")
    if not program:
        pytest.skip("neither flite nor espeak-ng is installed")
    file = folder / "speech.wav"
    text = "Put that red box over there, next to the small lamp."
    arguments = ["-t", text, "-o", file] if "flite" in program else ["-w", file, text]
    subprocess.run([program, *arguments], check=True, capture_output=True)
    with wave.open(str(file)) as source:
        rate = source.getframerate()
        sound = np.frombuffer(source.readframes(source.getnframes()), np.int16) / 32768.0
    sound = np.asarray(soxr.resample(sound, rate, RATE), np.float32)
    loud = np.flatnonzero(np.abs(sound) > 0.02)
    return sound[loud[0] : loud[-1]] * (0.4 / np.abs(sound).max())


@pytest.fixture(scope="module")
def speech(tmp_path_factory: pytest.TempPathFactory) -> np.ndarray:
    return spoken(tmp_path_factory.getbasetemp())


@pytest.fixture(scope="module")
def engine():
    loaded = engines.load("silero-vad")
    yield loaded
    loaded.close()


def player(engine, **options) -> Player:
    sense = VoiceActivity(VoiceOptions(**options), {"silero-vad": engine}, no_rings())
    return Player(sense.streams()[0])


def room(seconds: float) -> np.ndarray:
    """The noise of a quiet room, -60 dBFS."""
    return np.random.default_rng(0).normal(0, 0.001, int(seconds * RATE)).astype(np.float32)


def play(player: Player, sound: np.ndarray, first: int = 0, session: int = 1, gap: int = 0) -> int:
    """Plays whole blocks; returns the sample after the last one."""
    for start in range(0, len(sound) - BLOCK + 1, BLOCK):
        record = records.AUDIO.zeros()
        record["first_sample"], record["session"] = first + start, session
        record["sample_rate"], record["count"] = RATE, BLOCK
        record["gap"] = gap if start == 0 else 0
        record["samples"] = sound[start : start + BLOCK]
        player.valid(record, time_ns(first + start + BLOCK))
    return first + len(sound) // BLOCK * BLOCK


def time_ns(sample: int) -> int:
    """Capture time of a sample: of the end of the one before."""
    return START_NS + sample * 1_000_000_000 // RATE


def sentence(speech: np.ndarray) -> tuple[np.ndarray, int, int]:
    """Two seconds of room, speech, two seconds of room; where speech begins and ends."""
    begin = 2 * RATE
    return np.concatenate([room(2), speech, room(2)]), begin, begin + len(speech)


def test_speech_is_one_onset_and_one_offset_at_its_bounds(engine, speech: np.ndarray) -> None:
    sound, begin, end = sentence(speech)
    listening = player(engine, min_silence_ms=400)
    play(listening, sound)
    onset, offset = listening.of("voice_event")
    assert (onset["event"], offset["event"]) == (1, 2)
    assert onset["onset_ns"] == pytest.approx(time_ns(begin), abs=ONSET_S * 1e9)
    assert offset["offset_ns"] == pytest.approx(time_ns(end), abs=OFFSET_S * 1e9)
    assert onset["onset_ns"] == onset.capture_ns - BLOCK_NS
    states = listening.of("voice_activity")
    assert len(states) == len(sound) // BLOCK
    speaking = [bool(state["speaking"]) for state in states]
    assert speaking == [onset.capture_ns <= s.capture_ns < offset.capture_ns for s in states]
    assert states[-1]["onsets"] == states[-1]["offsets"] == 1
    middle = states[(begin + end) // 2 // BLOCK]
    assert middle.confidence == pytest.approx(middle["probability"])
    assert middle.engine.name == "silero-vad"
    probable = [s["probability"] for s, on in zip(states, speaking, strict=True) if on]
    assert np.median(probable) > 0.9
    assert np.median([s["probability"] for s in states[:50]]) < 0.1
    assert states[10]["loudness"] == pytest.approx(-60, abs=1)
    assert middle["loudness"] > -40


@pytest.mark.parametrize("kind", ["silence", "room", "hiss", "hum", "clicks", "chord"])
def test_what_is_no_speech_is_no_onset(engine, kind: str) -> None:
    time = np.arange(5 * RATE) / RATE
    noise = np.random.default_rng(2)
    sound = {
        "silence": np.zeros_like(time),
        "room": room(5),
        "hiss": noise.normal(0, 0.05, len(time)),
        "hum": 0.2 * np.sin(2 * np.pi * 50 * time),
        "clicks": np.where(np.arange(len(time)) % 4000 == 0, 0.8, 0.0),
        "chord": 0.1 * sum(np.sin(2 * np.pi * f * time) for f in (440, 554.37, 659.25)),
    }[kind].astype(np.float32)
    listening = player(engine)
    play(listening, sound)
    assert listening.of("voice_event") == []
    assert not any(state["speaking"] for state in listening.of("voice_activity"))


def test_two_runs_give_the_same_bytes(engine, speech: np.ndarray) -> None:
    sound, _, _ = sentence(speech)
    runs = []
    for _ in range(2):
        listening = player(engine)
        play(listening, sound)
        runs.append([(item.channel, item.record.tobytes()) for item in listening.said])
    assert runs[0] == runs[1]


@pytest.mark.parametrize("how", ["gap", "session", "lost"])
def test_a_break_forgets_the_sound_before_it(engine, speech: np.ndarray, how: str) -> None:
    """After a break the results are those of a stream that begins there."""
    sound, begin, _ = sentence(speech)
    cut = (begin + len(speech) // 2) // BLOCK * BLOCK
    broken = player(engine)
    after = play(broken, sound[:cut])
    assert broken.of("voice_activity")[-1]["speaking"]
    before = len(broken.said)
    if how == "lost":
        broken.stream.lost(3)
    play(broken, sound[cut:], after, 2 if how == "session" else 1, int(how == "gap"))
    utterance, ending = broken.said[before : before + 2]
    assert (utterance["event"], utterance["ending"]) == (Event.END, Ending.INPUT_LOST)
    assert (ending.channel, ending["event"]) == ("voice_event", 2)
    assert ending["offset_ns"] == utterance["end_ns"] == time_ns(cut)
    fresh = player(engine)
    play(fresh, sound[cut:], after)
    assert [s["probability"] for s in broken.of("voice_activity")[cut // BLOCK :]] == [
        s["probability"] for s in fresh.of("voice_activity")
    ]


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        (Reason.MUTED, Reason.MUTED),
        (Reason.CLOSED, Reason.CLOSED),
        (Reason.DEVICE_MISSING, Reason.DEVICE_MISSING),
        (Reason.INPUT_LOST, Reason.INPUT_LOST),
        (Reason.OWNER_LOST, Reason.INPUT_LOST),
    ],
)
def test_a_microphone_that_stops_ends_speech(
    engine, speech: np.ndarray, reason: Reason, told: Reason
) -> None:
    listening = player(engine)
    end = play(listening, speech)
    assert listening.of("voice_activity")[-1]["speaking"]
    listening.invalid(time_ns(end) + 1, reason)
    event, state = listening.said[-2:]
    assert (event.channel, event["event"], event["offset_ns"]) == ("voice_event", 2, time_ns(end))
    assert (state.valid, state.reason, state["speaking"]) == (False, told, 0)
    assert state["offsets"] == 1
    listening.invalid(time_ns(end) + 2, reason)
    assert listening.said[-1].channel == "voice_activity"
    assert len(listening.of("voice_event")) == 2


def test_a_longer_shortest_speech_delays_the_onset_but_not_its_time(
    engine, speech: np.ndarray
) -> None:
    sound, _, _ = sentence(speech)
    quick, slow = player(engine), player(engine, min_speech_ms=160)
    play(quick, sound)
    play(slow, sound)
    first, later = quick.of("voice_event")[0], slow.of("voice_event")[0]
    assert later.capture_ns >= first.capture_ns + 4 * BLOCK_NS
    assert later["onset_ns"] >= first["onset_ns"]
    assert later.capture_ns - later["onset_ns"] == 5 * BLOCK_NS


def test_loudness_is_in_dbfs() -> None:
    time = np.arange(BLOCK) / RATE
    sine = np.sin(2 * np.pi * 1000 * time).astype(np.float32)
    assert loudness_dbfs(sine) == pytest.approx(-3.01, abs=0.01)
    assert loudness_dbfs(np.sign(sine + 1e-6)) == pytest.approx(0.0, abs=0.01)
    assert loudness_dbfs(sine / 1000) == pytest.approx(-63.01, abs=0.01)
    assert loudness_dbfs(np.zeros(BLOCK, np.float32)) == -120.0
    assert math.isfinite(loudness_dbfs(np.full(BLOCK, 1e-30, np.float32)))
