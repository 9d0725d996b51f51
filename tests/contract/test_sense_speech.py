"""Speech to text on real engines and real regions: partial and final, restarts, what is lost."""

from __future__ import annotations

import re

import jiwer
import numpy as np
import pytest
from fixtures import speech as voices
from fixtures.senses import Desk

from sensorium.channels.catalogue import AUDIO_SLOTS
from sensorium.perception.speech import LOST, NOTHING, SAID, Speech, SpeechOptions
from sensorium.perception.utterances import Event
from sensorium.perception.voice_activity import VoiceActivity, VoiceOptions

RATE, BLOCK = 16_000, 512


def room(seconds: float) -> np.ndarray:
    """The noise of a quiet room, -60 dBFS."""
    blocks = int(seconds * RATE) // BLOCK
    return np.random.default_rng(0).normal(0, 0.001, blocks * BLOCK).astype(np.float32)


def plain(text: str) -> str:
    return " ".join(re.sub(r"[^a-z' ]", " ", text.lower()).split())


@pytest.fixture(scope="module")
def talk() -> tuple[np.ndarray, list[str]]:
    """Sentences with a second of silence around each, and their texts."""
    parts, texts = [room(1.0)], []
    for _, sound, text in voices.utterances()[-4:]:
        parts += [(sound * (0.4 / np.abs(sound).max())).astype(np.float32), room(1.0)]
        texts.append(text)
    sound = np.concatenate(parts)
    return sound[: len(sound) // BLOCK * BLOCK], texts


def desk(**options) -> Desk:
    return Desk({VoiceActivity: VoiceOptions(), Speech: SpeechOptions(**options)})


def finals(desk: Desk) -> list[np.void]:
    return [told for told in desk.all("transcript") if told["is_final"]]


def ended(desk: Desk) -> list[int]:
    return [int(told["utterance"]) for told in desk.all("utterance") if told["event"] == Event.END]


def errors(desk: Desk, texts: list[str]) -> float:
    heard = " ".join(told["text"].decode() for told in finals(desk))
    return jiwer.wer(plain(" ".join(texts)), plain(heard))


def test_what_is_said_is_written_down_with_its_utterance(talk) -> None:
    sound, texts = talk
    rig = desk()
    rig.sound(sound)
    told = finals(rig)
    assert [int(one["utterance"]) for one in told] == ended(rig)
    assert {int(one["outcome"]) for one in told} == {SAID}
    assert errors(rig, texts) < 0.1
    ends = {int(one["utterance"]): one for one in rig.all("utterance") if one["event"] == Event.END}
    for one in told:
        end = ends[int(one["utterance"])]
        assert (one["start_ns"], one["end_ns"]) == (end["start_ns"], end["end_ns"])
        assert (one["part"], one["parts"], one["language"]) == (1, 1, b"en")
        assert 0 <= one["no_speech"] < 0.6


def test_partial_text_grows_before_the_final_and_never_after(talk) -> None:
    rig = desk()
    rig.sound(talk[0])
    by_utterance: dict[int, list[np.void]] = {}
    for told in rig.all("transcript"):
        by_utterance.setdefault(int(told["utterance"]), []).append(told)
    for told in by_utterance.values():
        *partials, final = told
        assert partials
        assert final["is_final"]
        assert not any(one["is_final"] for one in partials)
        revisions = [int(one["revision"]) for one in partials]
        assert revisions == list(range(1, len(partials) + 1))
        assert final["revision"] == revisions[-1]


def test_without_partials_only_finals_are_told(talk) -> None:
    rig = desk(partials=False)
    rig.sound(talk[0])
    assert [int(told["utterance"]) for told in rig.all("transcript")] == ended(rig)


@pytest.mark.parametrize("at_s", [1.5, 3.0, 4.4, 5.2, 7.0, 9.1])
def test_a_restart_delivers_each_utterance_once(talk, at_s: float) -> None:
    sound, texts = talk
    rig = desk()
    cut = int(at_s * RATE) // BLOCK * BLOCK
    rig.sound(sound[:cut])
    rig.start()
    rig.sound(sound[cut:])
    assert [int(one["utterance"]) for one in finals(rig)] == ended(rig)
    assert errors(rig, texts) < 0.15


def test_who_was_away_catches_up_in_order(talk) -> None:
    sound, texts = talk
    rig = desk()
    rig.sound(sound, take=False)
    rig.start()
    assert [int(one["utterance"]) for one in finals(rig)] == ended(rig)
    assert errors(rig, texts) < 0.1
    assert int(finals(rig)[0]["backlog"]) == len(ended(rig)) - 1
    assert int(finals(rig)[-1]["backlog"]) == 0


def test_sound_that_was_overwritten_is_said_to_be_lost_and_counted(talk) -> None:
    sound, _ = talk
    voice = Desk({VoiceActivity: VoiceOptions()})
    voice.sound(sound)
    both = {VoiceActivity: VoiceOptions(), Speech: SpeechOptions()}
    voice._senses = both
    voice.start()
    before = len(finals(voice))
    voice._senses = {VoiceActivity: VoiceOptions()}
    voice.start()
    voice.sound(sound)
    voice.sound(room(AUDIO_SLOTS * BLOCK / RATE + 1))
    voice._senses = both
    voice.start()
    late = finals(voice)[before:]
    assert late
    assert [int(one["utterance"]) for one in finals(voice)] == ended(voice)
    assert {int(one["outcome"]) for one in late} == {LOST}
    assert int(late[-1]["lost"]) == len(late)
    assert all(one["text"] == b"" for one in late)


def test_a_cough_is_nothing_said() -> None:
    rng = np.random.default_rng(1)
    burst = rng.normal(0, 0.3, 20 * BLOCK) * np.exp(-np.arange(20 * BLOCK) / 3000)
    rig = desk()
    rig.sound(np.concatenate([room(1.0), burst.astype(np.float32), room(1.0)]))
    assert all(int(one["outcome"]) == NOTHING for one in finals(rig))
    assert [int(one["utterance"]) for one in finals(rig)] == ended(rig)
