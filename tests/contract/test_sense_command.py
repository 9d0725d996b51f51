"""Spoken commands on real engines and real regions: what apps wait for is heard, and told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from fixtures import engines
from fixtures import speech as voices
from fixtures.guest import Guest
from fixtures.senses import Desk

from sensorium import records
from sensorium.clock import now_ns
from sensorium.perception.command import Command, CommandOptions
from sensorium.perception.expected_phrases import ExpectedPhrases
from sensorium.perception.recogniser import Recogniser
from sensorium_tools.samples import synthesisers

if TYPE_CHECKING:
    from pathlib import Path

    from sensorium.perception.expected import Expected

SIEGE = """
app = "siege"
gate = "always"
[slots.engine]
values = ["trebuchet", "ballista", "halberd"]
[[commands]]
name = "load"
phrases = ["load the {engine}"]
"""
ENGINES = ("whisper-tiny-en-encoder", "whisper-tiny-en-decoder")
WEIGHT = 5.0


@pytest.fixture(scope="module")
def recogniser() -> Recogniser:
    return Recogniser(*(engines.load(name) for name in ENGINES))


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    (tmp_path / "siege.toml").write_text(SIEGE)
    return Desk({Command: CommandOptions(folder=tmp_path)})


def say(desk: Desk, text: str, utterance: int, end_ns: int) -> None:
    """Publishes a final transcript, as speech does."""
    record = records.TRANSCRIPT.zeros()
    record["utterance"], record["start_ns"], record["end_ns"] = utterance, end_ns - 10**9, end_ns
    record["is_final"], record["outcome"], record["part"], record["parts"] = 1, 1, 1, 1
    record["text"] = text.encode()
    desk.publish("transcript", record, end_ns)
    desk.drain()


def idle(desk: Desk) -> None:
    """Lets the senses do what they put off."""
    for slot in desk.perceiver.slots:
        slot.refresh()


def phrases_of(expected: Expected, recogniser: Recogniser) -> ExpectedPhrases:
    made = ExpectedPhrases(expected, recogniser.vocabulary, WEIGHT)
    made.turn()
    return made


RARE = tuple(
    (word, voice) for word in ("trebuchet", "ballista", "halberd") for voice in ("en-us", "en-gb")
)


def test_more_rare_words_are_heard_when_an_app_waits_for_them(
    desk: Desk, recogniser: Recogniser
) -> None:
    """Which of them depends on the voice and on the engine's precision."""
    sounds = [
        synthesisers.speak("espeak-ng", voice, 150, 50, f"Load the {word}.") for word, voice in RARE
    ]
    sounds = [(sound * (0.4 / np.abs(sound).max())).astype(np.float32) for sound in sounds]
    expected = desk.perceiver.slots[0].rings.expected
    phrases = phrases_of(expected, recogniser)
    plain = [recogniser.hear(sound) for sound in sounds]
    # Nobody waits for it: the same text, to the bit.
    assert phrases.bias(1, 2) is None
    Guest(desk, "siege", 1, 0)
    biased = [recogniser.hear(sound, bias=phrases.bias(1, 2)) for sound in sounds]
    without, heard = (
        sum(word in one.text.lower() for (word, _), one in zip(RARE, found, strict=True))
        for found in (plain, biased)
    )
    assert without < heard
    # Another app's phrases change nothing of it.
    desk.outputs.apps.remove(1)
    Guest(desk, "other", 2, 0)
    assert phrases.bias(1, 2) is None
    assert recogniser.hear(sounds[0], bias=phrases.bias(1, 2)) == plain[0]


def test_other_speech_is_the_same_with_a_vocabulary(desk: Desk, recogniser: Recogniser) -> None:
    Guest(desk, "siege", 1, 0)
    phrases = phrases_of(desk.perceiver.slots[0].rings.expected, recogniser)
    bias = phrases.bias(1, 2)
    assert bias is not None
    for _, sound, _ in voices.spoken():
        assert recogniser.hear(sound, bias=bias) == recogniser.hear(sound)


def test_a_changed_file_and_its_gate_change_what_is_waited_for(
    desk: Desk, recogniser: Recogniser, tmp_path: Path
) -> None:
    Guest(desk, "siege", 1, 0)
    expected = desk.perceiver.slots[0].rings.expected
    phrases = phrases_of(expected, recogniser)
    first = phrases.bias(1, 2)
    assert first is not None
    assert phrases.bias(3, 4) is first
    (tmp_path / "siege.toml").write_text(SIEGE.replace('"always"', '"push_to_talk"'))
    library = desk.perceiver.slots[0].streams[0]._library
    library._looked_ns = 0
    idle(desk)
    phrases.turn()
    # Nobody holds the button.
    assert phrases.bias(1, 2) is None
    (tmp_path / "siege.toml").unlink()
    library._looked_ns = 0
    idle(desk)
    assert expected.source is not None
    assert expected.source.vocabularies() == ()


def test_an_app_is_told_what_was_said_since_its_region_was_made_though_it_comes_later(
    desk: Desk,
) -> None:
    now = now_ns()
    say(desk, "Load the ballista.", 7, now)
    early, late = Guest(desk, "siege", 1, now - 1), Guest(desk, "siege", 2, now)
    assert early.told() is None
    idle(desk)
    assert early.told() == "load"
    # What ended before its region was made is not for it.
    assert late.told() is None
    say(desk, "It is a lovely day.", 8, now + 1)
    assert (early.told(), late.told()) == ("", "")
    # Once.
    desk.outputs.apps.remove(1)
    idle(desk)
    assert late.told() == ""
