"""Enrolling with the real engine: one voice is taken, what cannot serve is refused by name."""

from __future__ import annotations

import numpy as np
import pytest
from fixtures import engines
from fixtures.voices import OTHERS, RATE_HZ, STRANGER, WEARER, sentences, spoken

from sensorium.errors import EnrolmentError
from sensorium.perception import enrolling
from sensorium.perception.voiceprint import voiceprint


@pytest.fixture(scope="module")
def engine():
    loaded = engines.load("resemblyzer")
    yield loaded
    loaded.close()


@pytest.fixture(scope="module")
def wearer(engine):
    return [enrolling.hear(sound, engine) for sound in sentences(WEARER)]


@pytest.fixture(scope="module")
def enrolled(engine, wearer):
    return enrolling.enrol(wearer, engine, "m", "e")


def test_the_wearer_lies_over_his_threshold_and_another_below(engine, enrolled) -> None:
    assert enrolled.sentences == 6
    assert enrolled.seconds > 12
    assert [own.seconds for own in enrolled.own] == [1.0, 2.0, 4.0]
    for text in OTHERS:
        mine, other = (voiceprint(spoken(voice, text), engine) for voice in (WEARER, STRANGER))
        seconds = len(spoken(WEARER, text)) / RATE_HZ
        assert enrolled.score(mine) > enrolled.threshold(seconds) > enrolled.score(other)


def test_the_wearer_is_known_in_noise_and_at_any_level(engine, enrolled) -> None:
    text = OTHERS[0]
    for change in (
        lambda sound: enrolling.in_noise(sound, 10.0), lambda sound: 0.02 * sound,
        lambda sound: np.concatenate([np.zeros(3000, np.float32), sound]),
    ):
        mine, other = (
            voiceprint(change(spoken(voice, text)), engine) for voice in (WEARER, STRANGER)
        )
        assert enrolled.score(mine) > enrolled.threshold(4.0) > enrolled.score(other)


@pytest.mark.parametrize("strangers", [1, 2, 3])
def test_two_voices_are_no_enrolment(engine, wearer, strangers: int) -> None:
    others = [enrolling.hear(sound, engine) for sound in sentences(STRANGER, strangers)]
    with pytest.raises(EnrolmentError, match="not of one voice") as caught:
        enrolling.enrol([*wearer[strangers:], *others], engine, "m", "e")
    assert "nobody else speaks" in caught.value.remedy


def test_too_few_sentences_are_no_enrolment(engine, wearer) -> None:
    with pytest.raises(EnrolmentError, match="2 sentences are too few, 3"):
        enrolling.enrol(wearer[:2], engine, "m", "e")


def nan(sound: np.ndarray) -> np.ndarray:
    sound = sound.copy()
    sound[5000] = np.nan
    return sound


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda sound: sound[: RATE_HZ], "too short"),
        (lambda sound: np.pad(sound[6000 : 6000 + RATE_HZ], RATE_HZ), "s of speech are too short"),
        (lambda sound: np.zeros_like(sound), "too soft"),
        (lambda sound: 1e-3 * sound, "too soft"),
        (lambda sound: np.clip(30 * sound, -1, 1), "clipped"),
        (nan, "no numbers"),
        (lambda sound: enrolling.in_noise(sound, -10.0), "does not stand out"),
        (lambda sound: np.full_like(sound, 0.2), "too soft"),
    ],
    ids=["short", "word", "silence", "soft", "clipped", "nan", "noise", "offset"],
)
def test_a_sentence_that_cannot_serve_is_refused_with_its_reason(engine, change, said) -> None:
    sound = change(sentences(WEARER, 1)[0]).astype(np.float32)
    with pytest.raises(EnrolmentError, match=said) as caught:
        enrolling.hear(sound, engine)
    assert caught.value.remedy
