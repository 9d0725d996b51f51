"""The tasks of hands and voices on the real engines and sets: what they are worth is seen."""

from __future__ import annotations

import pytest
from fixtures import engines

from sensorium.errors import EngineError, HashError
from sensorium.inference import store
from sensorium_tools import evaluate
from sensorium_tools.progress import Progress
from sensorium_tools.samples import loading
from sensorium_tools.verify.gates import with_interval

LIMIT = 120


def judged(engine_name, set_name):
    card = store.find_card(engine_name)
    task = evaluate.task(card.evaluation.task)(card)
    try:
        samples = loading.load(set_name, "evaluation", Progress(), LIMIT)
    except HashError:
        raise
    except EngineError as error:
        if "no package index" in str(error) or "check the network" in str(error):
            pytest.skip(f"{set_name} cannot be fetched: {error}")
        raise
    engine = engines.load(engine_name)
    try:
        outcomes = [task.perform(engine.run, sample) for sample in samples]
    finally:
        engine.close()
    assert {task.agree(outcome, outcome) for outcome in outcomes} <= {1.0, None}
    return with_interval(task, outcomes, samples)


def test_gestures_of_hands_that_no_calibration_saw_are_known():
    found = judged("gesture-recognizer", "hands")
    assert found.name == "accuracy"
    assert found.value > 0.85
    assert 0.0 < found.low < found.value < found.high <= 1.0


def test_speech_is_heard_where_the_voice_is():
    found = judged("silero-vad", "speech")
    assert found.name == "F1"
    assert found.value > 0.93
    assert found.low < found.value < found.high
    assert min(found.parts.values()) > 0.9
