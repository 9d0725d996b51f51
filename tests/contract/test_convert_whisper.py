"""Whisper in ONNX computes what CTranslate2 computes from the same file, on spoken sentences."""

from __future__ import annotations

import contextlib
import functools
import json
import math

import numpy as np
import onnx
import pytest
from fixtures import engines, pinned, speech

from sensorium.errors import EngineError
from sensorium.inference import store
from sensorium.perception import whisper_words
from sensorium.perception.whisper import Whisper
from sensorium.perception.whisper_beam import Beam
from sensorium.perception.whisper_decoding import Decoder
from sensorium.perception.whisper_draft import Draft, Rules
from sensorium.perception.whisper_features import log_mel
from sensorium.perception.whisper_heard import Ending
from sensorium.perception.whisper_steps import Steps
from sensorium_tools.convert import converter
from sensorium_tools.convert.ctranslate2_model import read
from sensorium_tools.evaluate.english_words import words
from sensorium_tools.evaluate.transcription import Transcription, vocabulary
from sensorium_tools.evaluate.word_errors import errors
from sensorium_tools.fetch import Pinned
from sensorium_tools.graph_run import GraphRun
from sensorium_tools.quantise.dynamic import DynamicQuantiser
from sensorium_tools.quantise.prepare import prepare
from sensorium_tools.samples import Sample

ENCODER, DECODER = "whisper-tiny-en-encoder", "whisper-tiny-en-decoder"
KEYS_LIMIT = 1e-3
"""Of keys and values, which are about 1 in size and reach 20; both sides sum in float32."""
CHANCE_LIMIT = 5e-4
"""Of logarithms of probabilities."""
LAYERS, HEADS = 4, 6


@functools.cache
def graph(name: str, precision: str) -> bytes:
    card, data = store.find_card(name), engines.graph(name)
    if precision == "fp32":
        return data
    return DynamicQuantiser(name, prepare(name, data), card.quantisation).quantise("cpu")


@functools.cache
def run(name: str, precision: str = "fp32") -> GraphRun:
    return GraphRun(name, graph(name, precision), 2)


@functools.cache
def words_of():
    return vocabulary(engines.graph(DECODER), DECODER)


@functools.cache
def mels():
    return [log_mel(sound) for _, sound, _ in speech.utterances()]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory):
    """The weights as CTranslate2 wants to find them."""
    made = tmp_path_factory.mktemp("whisper")
    card = store.find_card(DECODER)
    for weight, data in zip(card.weights, engines.weights(DECODER), strict=True):
        (made / weight.name).write_bytes(data)
    source = card.sources[0]
    package = Pinned(card.name, source.package, source.file, source.sha256)
    path = source.paths[0].replace("model.bin", "tokenizer.json")
    (made / "tokenizer.json").write_bytes(pinned.read(package, path))
    return made


@pytest.fixture(scope="module")
def theirs(folder):
    library = pytest.importorskip("ctranslate2", exc_type=ImportError)
    return library.models.Whisper(str(folder), compute_type="float32", intra_threads=2)


def view(values: np.ndarray):
    import ctranslate2

    return ctranslate2.StorageView.from_array(np.ascontiguousarray(values))


def test_keys_and_values_are_those_of_ctranslate2s_encoder(theirs) -> None:
    """Its library gives the encoder's last layer; the products with the weights are numpy's."""
    model = read(engines.weights(ENCODER)[0], "test")
    worst = 0.0
    for mel in [mels()[0], log_mel(speech.utterances()[0][1], 802), mels()[0][..., :800]]:
        ours = run(ENCODER)({"mel": mel})
        last = np.array(theirs.encode(view(mel)))[0]
        for layer in range(LAYERS):
            place = f"decoder/layer_{layer}/attention/linear_1"
            weight, bias = (
                model.variables[f"{place}/{name}"].astype(np.float32)
                for name in ("weight", "bias")
            )
            keys, values = np.split(last @ weight.T + bias, 2, axis=1)
            for head in range(HEADS):
                columns = slice(64 * head, 64 * head + 64)
                for found, expected in (
                    (ours[f"cross_k_{layer}"][0, head].T, keys[:, columns]),
                    (ours[f"cross_v_{layer}"][0, head], values[:, columns]),
                ):
                    assert found.shape == expected.shape
                    worst = max(worst, float(np.abs(found - expected).max()))
    print(f"largest error: {worst:.1e}")
    assert worst < KEYS_LIMIT


def test_tokens_and_their_chances_are_those_of_ctranslate2(theirs) -> None:
    vocabulary, worst = words_of(), 0.0
    for mel in mels()[-4:]:
        cross = run(ENCODER)({"mel": mel})
        chances: list[np.ndarray] = []

        def decode(feeds, chances=chances):
            results = run(DECODER)(feeds)
            if feeds["position"][0] >= len(vocabulary.prompt("en")) - 1:
                chances.append(results["logits"][0])
            return results

        ours = Decoder(decode, vocabulary).decode(cross)
        found = theirs.generate(
            view(mel), [list(vocabulary.prompt("en"))], beam_size=1, return_logits_vocab=True,
            return_no_speech_prob=True,
        )[0]  # fmt: skip
        assert list(ours.tokens) == found.sequences_ids[0]
        assert ours.silence == pytest.approx(found.no_speech_prob, abs=1e-3)
        for logits, given in zip(chances, found.logits[0], strict=False):
            expected = np.asarray(given).reshape(-1)
            both = np.isfinite(expected) & (expected > -1e4)
            assert both.sum() > 40_000
            apart = (logits - expected)[both]
            worst = max(worst, float(np.ptp(apart)))
    print(f"largest error of a logit: {worst:.1e}")
    assert worst < CHANCE_LIMIT


def test_texts_side_by_side_have_the_logits_of_each_alone() -> None:
    """With other tokens and other caches each, and behind a change of their places."""
    vocabulary = words_of()
    cross = run(ENCODER)({"mel": mels()[-1]})
    texts = [(11, 257, 40), (257, 40, 11), (40, 11, 257)]
    expected, looked = [], []
    for text in texts:
        alone = Steps(run(DECODER), cross, 40)
        for token in (vocabulary.start, vocabulary.plain, *text):
            logits = alone.take(token)
        expected.append(logits.copy())
        looked.append(alone.alignment())
    beside = Steps(run(DECODER), cross, 40)
    beside.take(vocabulary.start)
    beside.take(vocabulary.plain)
    order = [2, 0, 1]
    beside.take_each((0, 0, 0), [text[0] for text in texts])
    beside.take_each(order, [texts[at][1] for at in order])
    logits = beside.take_each((0, 1, 2), [texts[at][2] for at in order])
    for row, at in enumerate(order):
        assert np.abs(logits[row] - expected[at]).max() < CHANCE_LIMIT
        assert np.abs(beside.alignment(row) - looked[at]).max() < 1e-2


def test_the_search_without_a_threshold_is_that_of_ctranslate2(theirs) -> None:
    vocabulary, same = words_of(), 0
    prompt = vocabulary.prompt("en")
    for mel in mels()[-4:]:
        steps = Steps(run(DECODER), run(ENCODER)({"mel": mel}), 226)
        for token in prompt:
            logits = steps.take(token)
        found = Beam(Rules(vocabulary), 5, math.inf).search(steps, logits, Draft(), 224)[0]
        expected = theirs.generate(
            view(mel), [list(prompt)], beam_size=5, return_scores=True
        )[0]  # fmt: skip
        assert found.score >= expected.scores[0] - 1e-3
        same += list(found.tokens) == expected.sequences_ids[0]
    # Where texts are as likely as each other but for rounding, either is right.
    assert same >= 3


def test_texts_are_those_of_faster_whisper_and_of_the_speakers(folder) -> None:
    speech.require_recorded()
    library = pytest.importorskip("faster_whisper", exc_type=ImportError)
    model = library.WhisperModel(str(folder), compute_type="float32", cpu_threads=2)
    ours = Whisper(run(ENCODER), Decoder(run(DECODER), words_of()), 3000)
    wrong = count = apart = 0
    for _, sound, text in speech.utterances()[-5:]:
        found, _ = model.transcribe(
            sound, language="en", beam_size=1, temperature=0.0, without_timestamps=True,
            condition_on_previous_text=False,
        )  # fmt: skip
        heard = ours.hear(sound)
        assert heard.ending is Ending.SAID
        wrong += errors(words(text), words(heard.text))
        count += len(words(text))
        apart += errors(words("".join(segment.text for segment in found)), words(heard.text))
    print(f"{wrong} errors in {count} words, {apart} words other than faster-whisper's")
    assert wrong <= 0.15 * count
    # It fills the spectrogram with zeros, where we fill the sound with silence: words may differ.
    assert apart <= 0.1 * count


def test_words_have_the_times_of_faster_whisper(folder) -> None:
    """It has CTranslate2 follow the same heads; where both hear the same words."""
    speech.require_recorded()
    library = pytest.importorskip("faster_whisper", exc_type=ImportError)
    model = library.WhisperModel(str(folder), compute_type="float32", cpu_threads=2)
    decoder = Decoder(run(DECODER), words_of())
    apart: list[float] = []
    for _, sound, _ in speech.utterances()[-7:]:
        found, _ = model.transcribe(
            sound, language="en", beam_size=1, temperature=0.0, without_timestamps=True,
            condition_on_previous_text=False, word_timestamps=True,
        )  # fmt: skip
        expected = [word for segment in found for word in segment.words]
        heard = decoder.decode(run(ENCODER)({"mel": log_mel(sound)}))
        ours = whisper_words.words(heard, words_of(), len(sound))
        assert whisper_words.joined(ours) == heard.text
        if [word.text for word in ours] != [word.word.strip() for word in expected]:
            continue
        for word, other in zip(ours, expected, strict=True):
            apart += [abs(word.first / 16000 - other.start), abs(word.last / 16000 - other.end)]
            assert word.confidence == pytest.approx(other.probability, abs=0.25)
    print(f"{len(apart) // 2} words; seconds apart: {np.percentile(apart, [50, 95, 100])}")
    assert len(apart) >= 40
    # A position is 20 ms; their spectrogram is filled with zeros, where ours is with silence.
    assert np.percentile(apart, 50) <= 0.02
    assert np.percentile(apart, 95) <= 0.2


def test_int8_hears_nearly_the_same() -> None:
    """A smoke test; the error rate over thousands of words is the benchmark's."""
    speech.require_recorded()
    whole = Whisper(run(ENCODER, "int8"), Decoder(run(DECODER, "int8"), words_of()))
    wrong = count = 0
    for _, sound, text in speech.utterances()[-5:]:
        wrong += errors(words(text), words(whole.hear(sound).text))
        count += len(words(text))
    print(f"{wrong} errors in {count} words")
    assert wrong <= 0.15 * count


def test_the_embedding_is_stored_once_in_each_precision() -> None:
    size = 384 * 51864
    for precision, each in (("fp32", 4), ("int8", 1)):
        data = graph(DECODER, precision)
        model = onnx.load_from_string(data)
        large = [len(tensor.raw_data) for tensor in model.graph.initializer]
        assert [bytes_ for bytes_ in large if bytes_ >= size] == [size * each]
        assert vocabulary(data, "x") == words_of()


@pytest.mark.parametrize("half", [ENCODER, DECODER])
def test_the_task_judges_a_half_by_its_words(half: str) -> None:
    samples = [
        Sample(name, "sound", sound, {"text": text})
        for name, sound, text in speech.utterances()[-3:]
    ]
    engines.weights(half)
    task = Transcription(store.find_card(half))
    outcomes = [task.perform(run(half), sample) for sample in samples]
    metric = task.score(outcomes, samples)
    assert metric is not None
    assert (metric.name, metric.more_is_better) == ("word error rate", False)
    assert metric.n == sum(len(words(sample.truth["text"])) for sample in samples)
    assert 0 <= metric.value <= 0.5
    assert math.isnan(metric.low)
    assert [task.agree(each, each) for each in outcomes] == [1.0] * 3
    assert task.agree("one two three four", "one two three for") == 0.75
    assert task.agree("one", "two three four") == 0.0
    assert (task.agree("", "..."), task.agree("", "ghost")) == (None, 0.0)
    assert task.score(["ghost"], [Sample("x", "sound", samples[0].data)]) is None
    long = Sample("talk", "sound", np.zeros(16_000 * 31, np.float32))
    with pytest.raises(EngineError, match=r"sample talk: .* at most 30 s"):
        task.perform(run(half), long)


def test_the_cache_may_be_of_any_capacity() -> None:
    cross = run(ENCODER)({"mel": mels()[0]})
    texts = [Decoder(run(DECODER), words_of(), most).decode(cross) for most in (40, 224, 446)]
    assert len({found.tokens for found in texts}) == 1


@pytest.mark.parametrize("half", [ENCODER, DECODER])
def test_other_weights_are_refused(half: str) -> None:
    card, weights = store.find_card(half), engines.weights(half)
    convert = converter("whisper")
    for wrong, says in (
        ([], "0 files"), ([*weights, b""], "files"), ([b"", *weights[1:]], "ends within"),
        ([weights[0][:-9], *weights[1:]], "model.bin"), ([b"PK\3\4" * 9, *weights[1:]], "version"),
    ):  # fmt: skip
        with pytest.raises(EngineError, match=says):
            convert(card, wrong)


@pytest.mark.parametrize(
    ("vocabulary", "config", "says"),
    [
        (b"", None, "vocabulary"), (b"\xff\xfe", None, "damaged"), (None, b"{", "damaged"),
        (None, b"[]", "damaged"), (None, b'{"suppress_ids": [1]}', "suppress_ids_begin"),
        (None, json.dumps({"suppress_ids": [10**6], "suppress_ids_begin": []}).encode(), "vocab"),
        (None, json.dumps({"suppress_ids": 3, "suppress_ids_begin": []}).encode(), "damaged"),
    ],
)  # fmt: skip
def test_a_damaged_vocabulary_is_refused(vocabulary, config, says: str) -> None:
    model, *others = engines.weights(DECODER)
    given = [own or other for own, other in zip((vocabulary, config), others, strict=True)]
    if vocabulary == b"":
        given[0] = b"\n".join(others[0].split(b"\n")[7:])
    with pytest.raises(EngineError, match=says):
        converter("whisper")(store.find_card(DECODER), [model, *given])


@pytest.mark.parametrize("seed", range(12))
def test_a_garbled_model_is_an_engine_error_or_another_model(seed: int) -> None:
    """Damage in the names, shapes and types of the first variables, where it hurts most."""
    noise = np.random.default_rng(seed)
    data = bytearray(engines.weights(ENCODER)[0])
    for place in noise.integers(0, 400, 4):
        data[place] = noise.integers(0, 256)
    with contextlib.suppress(EngineError):
        converter("whisper")(store.find_card(ENCODER), [bytes(data)])
