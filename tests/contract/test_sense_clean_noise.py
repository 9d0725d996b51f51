"""Noise suppression in the sense `clean_audio`, on real regions with the real engine."""

from __future__ import annotations

import numpy as np
import pytest
from fixtures import engines, noises
from fixtures.senses import Desk

from sensorium.perception.clean_audio import CleanAudio, CleanAudioOptions
from sensorium.perception.noise_suppression import ENGINE, NoiseSuppression
from sensorium.records.sensors import AUDIO_BLOCK

WITH_NOISE_STEP = CleanAudioOptions(noise=ENGINE, noise_limit_db=20.0)


@pytest.fixture(scope="module")
def engine():
    loaded = engines.load(ENGINE)
    yield loaded
    loaded.close()


def heard(rig: Desk) -> np.ndarray:
    return np.concatenate([record["samples"] for record in rig.all("clean_audio")])


def by_hand(engine, sound: np.ndarray) -> np.ndarray:
    stream = NoiseSuppression(engine, WITH_NOISE_STEP.noise_limit_db)
    blocks = [
        stream.process(sound[at : at + AUDIO_BLOCK]) for at in range(0, len(sound), AUDIO_BLOCK)
    ]
    return np.concatenate(blocks)


def test_the_sound_is_suppressed_under_the_same_numbers(engine) -> None:
    sound = noises.coloured(2, 1, 1)[: 60 * AUDIO_BLOCK]
    rig = Desk({CleanAudio: WITH_NOISE_STEP})
    rig.sound(sound)
    assert rig.rings.latest("clean_audio") == rig.rings.latest("audio") == 60
    for n in (1, 30, 60):
        clean, plain = rig.rings.at("clean_audio", n), rig.rings.at("audio", n)
        assert clean.capture_ns == plain.capture_ns
        assert clean.record["first_sample"] == plain.record["first_sample"]
    assert np.array_equal(heard(rig), by_hand(engine, sound))


def test_after_a_gap_it_begins_anew(engine) -> None:
    sound = noises.coloured(1, 1, 2)[: 20 * AUDIO_BLOCK]
    rig = Desk({CleanAudio: WITH_NOISE_STEP})
    rig.sound(sound)
    rig.sound(sound, gap=True)
    assert np.array_equal(heard(rig), np.tile(by_hand(engine, sound), 2))


def test_it_is_off_where_no_engine_is_named() -> None:
    assert CleanAudio.engines(CleanAudioOptions()) == ()
    sound = noises.coloured(1, 1, 3)[: 10 * AUDIO_BLOCK]
    rig = Desk({CleanAudio: CleanAudioOptions()})
    rig.sound(sound)
    assert np.array_equal(heard(rig), sound)
