"""Utterances on the real model and real regions: found, and found again by another process."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from fixtures.senses import Desk

from sensorium.channels.catalogue import AUDIO_SLOTS
from sensorium.health import Reason
from sensorium.perception.sound import Sound, generation_of, utterance_id
from sensorium.perception.utterances import Ending, Event
from sensorium.perception.voice_activity import VoiceActivity, VoiceOptions

if TYPE_CHECKING:
    from collections.abc import Sequence

from fixtures import speech as voices

RATE, BLOCK = 16_000, 512


def room(seconds: float) -> np.ndarray:
    """The noise of a quiet room, -60 dBFS."""
    blocks = int(seconds * RATE) // BLOCK
    return np.random.default_rng(0).normal(0, 0.001, blocks * BLOCK).astype(np.float32)


@pytest.fixture(scope="module")
def talk() -> np.ndarray:
    """Two sentences, each 3 s long or so, with a second of silence around each."""
    parts = [room(1.0)]
    for text in ("Put that big red box on the table over there.", "Now turn the music down."):
        parts += [voices.espeak(text), room(1.0)]
    sound = np.concatenate(parts)
    return sound[: len(sound) // BLOCK * BLOCK]


def desk() -> Desk:
    return Desk({VoiceActivity: VoiceOptions()})


def ends(desk: Desk) -> list[np.void]:
    return [told for told in desk.all("utterance") if told["event"] == Event.END]


def shape(told: Sequence[np.void]) -> list[tuple[int, ...]]:
    names = ("utterance", "ending", "first", "last", "onset", "offset")
    return [tuple(int(one[name]) for name in names) for one in told]


def test_each_sentence_is_an_utterance_and_its_sound_is_in_the_ring(talk: np.ndarray) -> None:
    rig = desk()
    rig.sound(talk)
    found = ends(rig)
    assert [one["ending"] for one in found] == [Ending.SILENCE] * 2
    events = rig.all("voice_event")
    assert [one["onset_ns"] for one in events if one["event"] == 1] == [
        one["start_ns"] for one in found
    ]
    for one in found:
        assert one["utterance"] == utterance_id(1, int(one["onset"]))
        assert generation_of(int(one["utterance"])) == 1
        first, last = int(one["first"]), int(one["last"])
        sound = Sound(rig.rings).take(first, last)
        assert np.array_equal(sound, talk[first:last])
        assert Sound(rig.rings).time_ns(int(one["onset"])) == one["start_ns"]


@pytest.mark.parametrize("at_s", [0.5, 1.2, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 4.3, 5.0, 5.5, 6.0])
@pytest.mark.parametrize("away_blocks", [0, 20])
def test_a_restart_loses_no_utterance_and_tells_none_twice(
    talk: np.ndarray, at_s: float, away_blocks: int
) -> None:
    whole = desk()
    whole.sound(talk)
    rig = desk()
    cut = int(at_s * RATE) // BLOCK * BLOCK
    rig.sound(talk[:cut])
    rig.sound(talk[cut : cut + away_blocks * BLOCK], take=False)
    rig.start()
    rig.sound(talk[cut + away_blocks * BLOCK :])
    expected, found = shape(ends(whole)), shape(ends(rig))
    assert len(found) == len(expected)
    # The model's memory is a second long after a restart, which may move an edge by a block.
    assert np.abs(np.array(found) - np.array(expected)).max() <= BLOCK
    begins = [int(one["utterance"]) for one in rig.all("utterance") if one["event"] == Event.BEGIN]
    assert begins == sorted(set(begins))
    changes = [int(one["event"]) for one in rig.all("voice_event")]
    assert changes == [1, 2] * (len(changes) // 2)
    counts = rig.all("voice_event")[-1]
    assert counts["onsets"] == counts["offsets"] == len(changes) // 2


def test_what_lies_outside_the_ring_is_an_utterance_whose_input_was_lost(talk: np.ndarray) -> None:
    rig = desk()
    rig.sound(talk[: 2 * RATE])
    rig.sound(room(AUDIO_SLOTS * BLOCK / RATE + 2), take=False)
    rig.start()
    rig.sound(talk)
    found = ends(rig)
    assert [one["ending"] for one in found] == [
        Ending.INPUT_LOST, Ending.SILENCE, Ending.SILENCE
    ]


def test_a_device_that_goes_in_mid_speech_ends_the_utterance_there(talk: np.ndarray) -> None:
    rig = desk()
    rig.sound(talk[: 2 * RATE // BLOCK * BLOCK])
    rig.silence_device(Reason.DEVICE_MISSING)
    rig.sound(talk)
    found = ends(rig)
    assert [one["ending"] for one in found] == [
        Ending.INPUT_LOST, Ending.SILENCE, Ending.SILENCE
    ]
    assert len({int(one["utterance"]) for one in found}) == 3


def test_a_new_region_is_another_stream_and_the_old_one_can_still_be_heard(
    talk: np.ndarray,
) -> None:
    rig = desk()
    rig.sound(talk[: 2 * RATE // BLOCK * BLOCK])
    begun = rig.all("utterance")[0]
    rig.renew("audio", 2)
    rig.sound(talk)
    old, *new = ends(rig)
    assert old["utterance"] == begun["utterance"]
    assert old["ending"] == Ending.INPUT_LOST
    assert {generation_of(int(one["utterance"])) for one in new} == {2}
    first, last = int(old["first"]), int(old["last"])
    assert np.array_equal(Sound(rig.rings, 1).take(first, last), talk[first:last])
    assert Sound(rig.rings, 7).take(first, last) is None


def test_sound_that_was_overwritten_is_none() -> None:
    rig = desk()
    rig.sound(room(AUDIO_SLOTS * BLOCK / RATE + 1))
    assert Sound(rig.rings).take(0, BLOCK) is None
    newest = rig.rings.latest("audio") * BLOCK
    assert Sound(rig.rings).take(newest - 100, newest + 1) is None
    assert Sound(rig.rings).take(newest - 100, newest) is not None


def test_blocks_that_come_together_are_told_of_as_if_each_had_come_alone(talk: np.ndarray) -> None:
    single, together = desk(), desk()
    single.sound(talk)
    for at in range(0, len(talk), 4 * BLOCK):
        together.sound(talk[at : at + 3 * BLOCK], take=False)
        together.sound(talk[at + 3 * BLOCK : at + 4 * BLOCK])
    assert shape(together.all("utterance")) == shape(single.all("utterance"))
    for name in ("event", "onsets", "sample", "first_sample"):
        assert [event[name] for event in together.all("voice_event")] == [
            event[name] for event in single.all("voice_event")
        ]
    begun = next(told for told in together.all("utterance") if told["event"] == Event.BEGIN)
    states = together.rings.latest("voice_activity")
    quiet = int(begun["onset"]) // (4 * BLOCK)
    # Of silence only the newest of four is told, of speech each.
    assert quiet < states < len(talk) // BLOCK
