"""What becomes of speech from bad devices, from the device's samples to the text.

The sound goes through what capture does with it (`SoundCare`, `Resampler`), then through voice
activity and speech on real regions. Devices on a real sound server are in `test_microphone.py`.
"""

from __future__ import annotations

import functools

import jiwer
import numpy as np
import pytest
import soxr
from fixtures import speech
from fixtures.senses import Desk

from sensorium.perception.speech import SAID, Speech, SpeechOptions
from sensorium.perception.utterances import Ending, Event
from sensorium.perception.voice_activity import VoiceActivity, VoiceOptions
from sensorium.sensors.resampler import Resampler
from sensorium.sensors.sound_care import SoundCare
from sensorium_tools.evaluate.english_words import words

RATE, BLOCK = 16_000, 512
PIECE_S = 0.032
WRONG = 0.2
"""Of the words, as with good sound; of a telephone's 8 kHz more are."""
TELEPHONE = 0.35


@functools.cache
def talk() -> tuple[np.ndarray, tuple[str, ...]]:
    """Two sentences with a second of a quiet room around each."""
    random = np.random.default_rng(0)
    parts, texts = [random.normal(0, 0.001, RATE)], []
    for _, sound, text in speech.utterances()[-2:]:
        parts += [sound * (0.4 / np.abs(sound).max()), random.normal(0, 0.001, RATE)]
        texts.append(text)
    return np.concatenate(parts).astype(np.float32), tuple(texts)


def captured(frames: np.ndarray, rate: int = RATE) -> np.ndarray:
    """What capture makes of a device's sound, [n] or [n, channels]: 16 kHz, mono."""
    care = SoundCare(1 if frames.ndim == 1 else frames.shape[1], rate)
    resampler, piece = Resampler(rate, RATE), int(PIECE_S * rate)
    made = [
        resampler.process(care.process(np.ascontiguousarray(frames[at : at + piece]).ravel()))
        for at in range(0, len(frames) - piece + 1, piece)
    ]
    return np.concatenate(made)


def heard(sound: np.ndarray) -> Desk:
    rig = Desk({VoiceActivity: VoiceOptions(), Speech: SpeechOptions(partials=False)})
    rig.sound(np.append(sound, np.zeros(-len(sound) % BLOCK, np.float32)), take=False)
    rig.drain()
    assert {state for _, state, _, _ in rig.reports} == {"live"}
    return rig


@functools.cache
def understood() -> Desk:
    """What becomes of good sound."""
    return heard(captured(talk()[0]))


def ends(rig: Desk) -> list[np.void]:
    return [told for told in rig.all("utterance") if told["event"] == Event.END]


def finals(rig: Desk) -> list[np.void]:
    return [told for told in rig.all("transcript") if told["is_final"]]


def wrong(rig: Desk) -> float:
    text = " ".join(told["text"].decode() for told in finals(rig))
    return float(jiwer.wer(" ".join(words(" ".join(talk()[1]))), " ".join(words(text))))


def assert_understood(rig: Desk, most: float = WRONG) -> None:
    """Both sentences, once each and in order, where they were said."""
    sound = talk()[0]
    assert [told["utterance"] for told in finals(rig)] == [told["utterance"] for told in ends(rig)]
    assert {int(told["outcome"]) for told in finals(rig)} == {SAID}
    assert wrong(rig) <= most
    assert RATE // 2 < ends(rig)[0]["onset"] < 3 * RATE // 2
    assert len(sound) - 3 * RATE // 2 < ends(rig)[-1]["offset"] < len(sound)


def test_good_sound_is_understood() -> None:
    assert_understood(understood())


@pytest.mark.parametrize("rate", [8_000, 192_000])
def test_a_device_of_an_odd_rate_is_understood(rate: int) -> None:
    sound = soxr.resample(talk()[0], RATE, rate)
    assert_understood(heard(captured(sound, rate)), TELEPHONE if rate < RATE else WRONG)


def test_clipped_sound_is_understood() -> None:
    """20 dB over full scale, cut off."""
    assert_understood(heard(captured(np.clip(25 * talk()[0], -1, 1))))


@pytest.mark.parametrize("offset", [0.4, -0.1])
def test_sound_with_an_offset_is_understood(offset: float) -> None:
    assert_understood(heard(captured(talk()[0] + np.float32(offset))))


@pytest.mark.parametrize("dead", [0, 1])
def test_stereo_with_a_dead_channel_is_understood(dead: int) -> None:
    """A second passes until the dead one gives way: the first sentence begins behind it."""
    frames = np.zeros((len(talk()[0]) + RATE, 2), np.float32)
    frames[RATE:, 1 - dead] = talk()[0]
    rig = heard(captured(frames))
    assert wrong(rig) <= WRONG
    assert len(finals(rig)) == len(ends(rig)) == len(ends(understood()))


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e30])
def test_samples_that_are_no_numbers_are_silence(value: float) -> None:
    """One in a thousand: each is heard as silence, and what follows is not spoilt."""
    sound = talk()[0].copy()
    sound[::1000] = value
    assert_understood(heard(captured(sound)))


@pytest.mark.parametrize("value", [np.nan, np.inf, -1e30])
def test_a_block_of_no_numbers_in_the_ring_deafens_nobody(value: float) -> None:
    """As a recording may hold it, which no capture has treated."""
    sound = talk()[0].copy()
    sound[: 8 * BLOCK] = value
    middle = len(sound) // 2 // BLOCK * BLOCK
    sound[middle : middle + 3] = value
    rig = heard(sound)
    assert wrong(rig) <= TELEPHONE
    assert [told["utterance"] for told in finals(rig)] == [told["utterance"] for told in ends(rig)]
    states = rig.all("voice_activity")
    assert all(0 <= state["probability"] <= 1 and np.isfinite(state["loudness"])
               for state in states)


@pytest.mark.parametrize("kind", ["zeros", "room", "no numbers", "an offset alone"])
def test_what_is_no_sound_is_no_utterance(kind: str) -> None:
    count = 4 * RATE
    rig = heard(captured({
        "zeros": np.zeros(count), "room": np.random.default_rng(1).normal(0, 0.001, count),
        "no numbers": np.full(count, np.nan), "an offset alone": np.full(count, 0.3),
    }[kind].astype(np.float32)))  # fmt: skip
    assert not ends(rig)
    assert not rig.all("transcript")
    assert not any(state["speaking"] for state in rig.all("voice_activity"))


def test_a_device_that_falls_to_zeros_ends_what_was_said() -> None:
    """Switched off in mid-sentence: what was said until then is told, as ended by silence."""
    sound = talk()[0].copy()
    first = ends(heard(captured(sound)))[0]
    half = (int(first["onset"]) + int(first["offset"])) // 2
    sound[half:] = 0
    rig = heard(captured(sound))
    (end,), (told,) = ends(rig), finals(rig)
    assert (end["ending"], told["utterance"]) == (Ending.SILENCE, end["utterance"])
    assert abs(int(end["offset"]) - half) < RATE // 4
    assert told["outcome"] == SAID
