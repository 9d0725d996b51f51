"""The streaming front end against the one that the engines are judged by, on the same sound."""

from __future__ import annotations

import numpy as np
import pytest
from fixtures import engines

from sensorium.inference import store
from sensorium.perception.speech_embedding import (
    BEFORE,
    EMBEDDING_ENGINE,
    MEL_ENGINE,
    STEP,
    WARM_STEPS,
    WIDTH,
    SpeechEmbedding,
    embeddings,
)
from sensorium_tools.evaluate.speech_features import SpeechFeatures
from sensorium_tools.samples import Sample


@pytest.fixture(scope="module")
def pair():
    loaded = [engines.load(name) for name in (MEL_ENGINE, EMBEDDING_ENGINE)]
    yield loaded
    for engine in loaded:
        engine.close()


@pytest.fixture(scope="module")
def sound() -> np.ndarray:
    """Three seconds in steps: a voice-like tone that comes and goes, over noise."""
    noise, time = np.random.default_rng(0), np.arange(37 * STEP) / 16_000
    tone = sum(np.sin(2 * np.pi * 140 * place * time) / place for place in range(1, 12))
    made = 0.1 * tone * (np.sin(2 * np.pi * 3 * time) > 0) + noise.normal(0, 0.003, len(time))
    return made.astype(np.float32)


def test_the_stream_gives_what_the_batch_gives(pair, sound: np.ndarray) -> None:
    task = SpeechFeatures(store.find_card(EMBEDDING_ENGINE))
    expected = task.perform(pair[1].run, Sample("one", "sound", sound))
    found = embeddings(*pair, sound)
    assert found.shape == expected.shape == (37 - WARM_STEPS + 1, WIDTH)
    assert found == pytest.approx(expected, abs=1e-4)


def test_a_stream_that_begins_later_gives_the_same_when_it_is_warm(pair, sound) -> None:
    whole = embeddings(*pair, sound)
    later = SpeechEmbedding(*pair)
    made = []
    for step in range(12, 37):
        result = later.step(sound[step * STEP - BEFORE : (step + 1) * STEP])
        assert (result is None) == (step < 12 + WARM_STEPS - 1)
        if result is not None:
            made.append(result.copy())
    assert (np.stack(made) == whole[12:]).all()


def test_after_a_restart_nothing_of_before_is_heard(pair, sound) -> None:
    stream = SpeechEmbedding(*pair)
    loud = np.full(BEFORE + STEP, 0.9, np.float32)
    for _ in range(15):
        stream.step(loud)
    stream.restart()
    steps = [sound[step * STEP - BEFORE : (step + 1) * STEP] for step in range(1, 12)]
    found = [stream.step(step) for step in steps][-1].copy()
    fresh = SpeechEmbedding(*pair)
    assert (found == [fresh.step(step) for step in steps][-1]).all()


def test_a_sound_too_short_has_no_embedding(pair) -> None:
    assert embeddings(*pair, np.zeros(9 * STEP, np.float32)).shape == (0, WIDTH)
    assert embeddings(*pair, np.zeros(10 * STEP, np.float32)).shape == (1, WIDTH)
