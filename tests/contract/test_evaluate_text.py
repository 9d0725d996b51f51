"""The tasks of texts and of speech features, with the real models behind them."""

from __future__ import annotations

import functools

import numpy as np
import onnxruntime
import pytest
from fixtures import engines

from sensorium.errors import EngineError
from sensorium.inference import store
from sensorium.inference.text_metadata import TOKENIZER
from sensorium_tools.evaluate.carried import carried
from sensorium_tools.evaluate.sentence import Sentence
from sensorium_tools.evaluate.speech_features import SpeechFeatures
from sensorium_tools.evaluate.text_emotion import TextEmotion
from sensorium_tools.graph_run import GraphRun
from sensorium_tools.samples import Sample


@functools.cache
def run(name: str) -> GraphRun:
    return GraphRun(name, engines.graph(name))


@functools.cache
def task(kind, name: str):
    engines.graph(name)
    return kind(store.find_card(name))


def texts(*pairs: tuple[str, str], origin: str = "") -> list[Sample]:
    return [
        Sample(f"{text}{at}", "text", text, {"class": name}, origin)
        for at, (text, name) in enumerate(pairs)
    ]


INTENTS = texts(
    ("turn on the lights", "on"), ("switch the lamp on", "on"), ("lights on please", "on"),
    ("what is the weather like", "weather"), ("will it rain today", "weather"),
    ("is it sunny outside", "weather"),
    ("set a timer for five minutes", "timer"), ("start a ten minute timer", "timer"),
    ("remind me in two minutes", "timer"),
)  # fmt: skip
FEELINGS = texts(
    ("i feel wonderful and glad", "joy"), ("i feel afraid and nervous", "fear"),
    ("i feel angry and annoyed", "anger"), ("i feel miserable", "sadness"),
    ("it rained in the night", "weather"),
)  # fmt: skip


def test_intents_are_told_apart_by_their_neighbours() -> None:
    sentence = task(Sentence, "minilm")
    outcomes = [sentence.perform(run("minilm"), sample) for sample in INTENTS]
    metric = sentence.score(outcomes, INTENTS)
    assert (metric.name, metric.n) == ("intent accuracy", 9)
    assert metric.value >= 8 / 9
    assert metric.low < metric.value <= metric.high
    assert set(metric.parts) == {"recall of on", "recall of weather", "recall of timer"}
    assert sentence.agree(outcomes[0], outcomes[0]) == pytest.approx(1)
    assert sentence.agree(outcomes[0], outcomes[1]) > sentence.agree(outcomes[0], outcomes[4])


def test_what_is_of_one_origin_is_no_prototype_of_itself() -> None:
    """Each class's texts are of one template, so nothing is left to judge them by."""
    sentence = task(Sentence, "minilm")
    samples = [*texts(("a b", "one"), ("a c", "one"), origin="a {x}"),
               *texts(("d e", "two"), ("d f", "two"), origin="d {x}")]  # fmt: skip
    outcomes = [sentence.perform(run("minilm"), sample) for sample in samples]
    assert sentence.score(outcomes, samples) is None
    more = [*samples, *texts(("a g", "one"))]
    assert sentence.score([*outcomes, outcomes[0]], more).n == 3


def test_samples_that_are_drawn_twice_do_not_help_themselves() -> None:
    """As a bootstrap draws them; each prototype is still of other texts."""
    sentence = task(Sentence, "minilm")
    outcomes = [sentence.perform(run("minilm"), sample) for sample in INTENTS]
    once, twice = sentence.score(outcomes, INTENTS), sentence.score(outcomes * 2, INTENTS * 2)
    assert (twice.value, twice.n) == (once.value, 18)


def test_the_nearest_prototype_is_that_of_a_plain_loop() -> None:
    draws = np.random.default_rng(5)
    classes = draws.integers(0, 4, 60)
    made = draws.normal(size=(4, 8))[classes] + draws.normal(size=(60, 8)) * 1.5
    samples = [
        Sample(f"{at}", "text", "", {"class": f"{of}"}, f"{of}/{at % 5}")
        for at, of in enumerate(classes)
    ]
    right = 0
    for at, sample in enumerate(samples):
        means = [
            np.mean([row for row, of, each in zip(made, classes, samples, strict=True)
                     if of == name and each.origin != sample.origin], axis=0)
            for name in range(4)
        ]  # fmt: skip
        cosines = [made[at] @ mean / np.linalg.norm(mean) for mean in means]
        right += int(np.argmax(cosines) == classes[at])
    metric = task(Sentence, "minilm").score(list(made.astype(np.float32)), samples)
    assert (round(metric.value * 60), metric.n) == (right, 60)
    assert 20 < right < 60


def test_texts_without_a_class_have_no_score() -> None:
    samples = [Sample("x", "text", "hello")]
    for kind, name in ((Sentence, "minilm"), (TextEmotion, "text-emotion")):
        made = task(kind, name)
        outcomes = [made.perform(run(name), sample) for sample in samples]
        assert made.score(outcomes, samples) is None


def test_emotions_are_scored_where_the_class_is_one() -> None:
    emotion = task(TextEmotion, "text-emotion")
    outcomes = [emotion.perform(run("text-emotion"), sample) for sample in FEELINGS]
    metric = emotion.score(outcomes, FEELINGS)
    assert (metric.name, metric.n, metric.value) == ("accuracy", 4, 1.0)
    assert metric.parts["macro F1"] == 1.0
    assert metric.low == pytest.approx(0.51, abs=0.01)
    wrong = emotion.score(["joy"] * 5, FEELINGS)
    assert (wrong.value, wrong.parts["F1 of joy"]) == (0.25, 0.4)
    assert emotion.agree("joy", "joy") == 1.0
    assert emotion.agree("joy", "fear") == 0.0


def test_an_empty_text_and_a_very_long_one_have_an_outcome() -> None:
    for text in ("", "word " * 5_000, "\x00\ud800"):
        sample = Sample("odd", "text", text)
        made = task(Sentence, "minilm").perform(run("minilm"), sample)
        assert np.isfinite(made).all()
        assert made.shape == (384,)
        assert task(TextEmotion, "text-emotion").perform(run("text-emotion"), sample)


def voice(seconds: float) -> Sample:
    time = np.arange(round(seconds * 16_000)) / 16_000
    sound = sum(np.sin(2 * np.pi * (140 + 30 * time) * k * time) / k for k in range(1, 9))
    return Sample("voice", "sound", (sound * 0.1 * np.sin(9 * time) ** 2).astype(np.float32))


@pytest.mark.parametrize(
    ("name", "seconds", "shape"),
    [("speech-mel", 2.0, (200, 32)), ("speech-mel", 0.0, (8, 32)), ("speech-mel", 0.09, (16, 32)),
     ("speech-mel", 5.0, (304, 32)),
     ("speech-embedding", 2.0, (16, 96)), ("speech-embedding", 0.0, (1, 96)),
     ("speech-embedding", 0.81, (2, 96))],
)  # fmt: skip
def test_features_come_in_steps_of_a_stream(name, seconds, shape) -> None:
    features = task(SpeechFeatures, name)
    outcome = features.perform(run(name), voice(seconds))
    assert (outcome.shape, outcome.dtype) == (shape, "float32")
    assert np.isfinite(outcome).all()
    assert features.agree(outcome, outcome) == pytest.approx(1)
    assert features.score([outcome], [voice(seconds)]) is None


@pytest.mark.parametrize("name", ["speech-mel", "speech-embedding"])
def test_agreement_falls_with_the_difference(name) -> None:
    features = task(SpeechFeatures, name)
    outcome = features.perform(run(name), voice(1.5))
    noise = np.random.default_rng(0).normal(size=outcome.shape).astype(np.float32)
    size = np.abs(outcome).mean()
    falling = [features.agree(outcome, outcome + noise * size * by) for by in (0.01, 0.1, 1, 10)]
    assert falling == sorted(falling, reverse=True)
    assert falling[0] > 0.98
    assert 0 <= falling[-1] < 0.5


def test_a_stream_sees_what_a_whole_sound_gives() -> None:
    """Blocks with the samples before them are the frames of one long spectrogram."""
    sample = voice(1.0)
    blocks = task(SpeechFeatures, "speech-mel").perform(run("speech-mel"), sample)
    (original,) = engines.weights("speech-mel")
    session = onnxruntime.InferenceSession(original, providers=["CPUExecutionProvider"])
    whole = np.concatenate((np.zeros(480), sample.data * 32_768)).astype(np.float32)[None]
    (frames,) = session.run(None, {"input": whole})
    expected = frames[0, 0] / 10 + 2
    # Each block is cut 80 dB below its own loudest value, the whole below that of all.
    heard = expected > expected.max() - 8 + 0.01
    np.testing.assert_allclose(blocks[: len(expected)][heard], expected[heard], atol=1e-3)


def test_another_kind_of_card_is_refused(tmp_path) -> None:
    with pytest.raises(EngineError, match="needs an input of sound"):
        SpeechFeatures(store.find_card("gesture-recognizer"))


def test_a_graph_that_carries_no_tokeniser_is_refused() -> None:
    engines.graph("speech-mel")
    with pytest.raises(EngineError, match='speech-mel: its graph carries no "tokenizer"'):
        carried(store.find_card("speech-mel"), TOKENIZER)
