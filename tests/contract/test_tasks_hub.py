"""Tasks on texts by engines of the user's own cards: classifiers and masked words."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING

import numpy as np
import pytest
from fixtures import hub_folders, marian_folders
from fixtures.bert_reference import BertReference
from fixtures.task_server import serving
from scipy.special import expit, softmax

from sensorium.inference import store
from sensorium.inference.text_metadata import TOKENIZER
from sensorium.perception.hub_tokens import HubTokens
from sensorium.perception.translation import Translator
from sensorium_tools import build
from sensorium_tools.evaluate.text_class import TextClass
from sensorium_tools.progress import Progress
from sensorium_tools.samples import Sample
from sensorium_tools.tryout.trying import tried

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import httpx

ODD = ["", " ", "\ud800", "a\0b", "日本語のテキスト", "😀 👩‍👩‍👧", "नमस्ते दुनिया", "x" * 9_000,
       "[CLS] [SEP]", "‮reversed"]
SEVERAL = {**hub_folders.BERT, "problem_type": "multi_label_classification"}
MODELS = {
    "sentiment": ("classes", hub_folders.DISTIL), "masks": ("masked-words", hub_folders.BERT),
    "topics": ("classes", SEVERAL),
}  # fmt: skip


def install(data: Path, name: str) -> None:
    part, config = MODELS[name]
    folder = hub_folders.write(
        data / "hub" / name, config, hub_folders.random_tensors(config)
    )
    hub_folders.card(data, name, "bert", part, folder)
    build.build(store.find_card(name), Progress(), quick=True)


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The user's data folder, with a classifier and a model of masked words."""
    with pytest.MonkeyPatch.context() as patch:
        data = tmp_path_factory.mktemp("data")
        patch.setenv("SENSORIUM_DATA_DIR", str(data))
        patch.setenv("SENSORIUM_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        for name in MODELS:
            install(data, name)
        made = marian_folders.write(data / "hub" / "en-de")
        for half in ("encoder", "decoder"):
            hub_folders.card(data, f"en-de-{half}", "marian", half, made)
            build.build(store.find_card(f"en-de-{half}"), Progress(), quick=True)
        yield data


@pytest.fixture(scope="module")
def service(own: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    with serving(tmp_path_factory.mktemp("hub")) as client:
        yield client


def post(service: httpx.Client, task: str, inputs: object, **parameters: object):
    return service.post(
        f"/v1/tasks/{task}", headers={"Content-Type": "application/json"},
        content=json.dumps({"inputs": inputs, "parameters": parameters}).encode("ascii"),
    )


def asked(service: httpx.Client, task: str, inputs: object, **parameters: object) -> list:
    response = post(service, task, inputs, **parameters)
    assert response.status_code == 200, response.text
    return response.json()["outputs"]


def reference(own: Path, name: str) -> BertReference:
    folder = own / "hub" / name
    return BertReference(
        (folder / "model.safetensors").read_bytes(), (folder / "config.json").read_bytes()
    )


def tokens(name: str, limit: int = 24) -> HubTokens:
    return HubTokens(store.load(name).metadata[TOKENIZER], name, limit)


def test_a_users_classifier_answers_with_its_own_labels(service: httpx.Client, own: Path) -> None:
    texts = ["The good, the bad!", "is it bad?"]
    outputs = asked(service, "classify_text", texts, classifier="sentiment")
    for text, output in zip(texts, outputs, strict=True):
        ids = tokens("sentiment")(text).ids[0]
        expected = softmax(reference(own, "sentiment").classes(list(ids)))
        named = dict(zip(("negative", "neutral", "positive"), expected, strict=True))
        found = {label["label"]: label["score"] for label in output["labels"]}
        assert found == pytest.approx(named, abs=1e-5)
        assert not output["truncated"]
    (top,) = asked(service, "classify_text", texts[0], classifier="sentiment", top_k=1)
    assert len(top["labels"]) == 1


def test_a_classifier_is_judged_as_it_is_served(service: httpx.Client) -> None:
    judge = TextClass(store.with_ports(store.find_card("sentiment")))
    run = store.load("sentiment").run
    # A special token in a text keeps its meaning.
    texts = ["the good", "[MASK] is bad [SEP]", "bad " * 40, *ODD]
    outputs = asked(service, "classify_text", texts, classifier="sentiment", top_k=1)
    assert [output["labels"][0]["label"] for output in outputs] == [
        judge.perform(run, Sample("one", "text", text)) for text in texts
    ]


def test_several_labels_are_true_where_the_model_says_so(service: httpx.Client, own: Path) -> None:
    (output,) = asked(service, "classify_text", "the good", classifier="topics")
    logits = reference(own, "topics").classes(list(tokens("topics")("the good").ids[0]))
    named = dict(zip(("negative", "neutral", "positive"), expit(logits), strict=True))
    found = {label["label"]: label["score"] for label in output["labels"]}
    assert found == pytest.approx(named, abs=1e-5)


def test_a_sentiment_has_a_polarity_and_its_words(service: httpx.Client) -> None:
    text = "the good, bad thing"
    (output,) = asked(service, "sentiment", text, explain=True)
    scores = {label["label"]: label["score"] for label in output["labels"]}
    assert output["polarity"] == pytest.approx(scores["positive"] - scores["negative"], abs=1e-5)
    words = output["explanation"]["words"]
    assert [word["word"] for word in words] == ["the", "good", "bad", "thing"]
    label = output["explanation"]["label"]
    (without,) = asked(service, "sentiment", text.replace("good", ""))
    left = next(each["score"] for each in without["labels"] if each["label"] == label)
    assert words[1]["score"] == pytest.approx(scores[label] - left, abs=2e-6)


def test_masks_are_filled_as_the_formulas_say(service: httpx.Client, own: Path) -> None:
    text = "the [MASK] is good [MASK]."
    (output,) = asked(service, "fill_mask", text, top_k=4, explain=True)
    pieces = tokens("masks")
    ids = pieces(text).ids[0]
    scores = softmax(reference(own, "masks").words(list(ids)), axis=-1)
    places = np.flatnonzero(ids == 4)
    assert len(output["masks"]) == len(places) == 2
    for mask, at in zip(output["masks"], places, strict=True):
        assert text[mask["start"] : mask["end"]] == "[MASK]"
        best = np.argsort(-scores[at])[:4]
        found = [word["score"] for word in mask["words"]]
        assert found == pytest.approx(scores[at][best], abs=1e-5)
        named = [("##" if word["joins"] else "") + word["word"] for word in mask["words"]]
        assert named == [hub_folders.VOCABULARY[each] for each in best]
    assert [word["word"] for word in output["explanation"]["words"]] == ["the", "is", "good"]


def test_a_translation_is_that_of_the_model(service: httpx.Client) -> None:
    texts = ["the house is small.\n\na dog", "", "the house is small."]
    outputs = asked(service, "translate", texts, target="deu", beam=2, max_tokens=12)
    translator = Translator(*(store.load(f"en-de-{half}") for half in ("encoder", "decoder")))
    lines = [
        translator.translate(*translator.sources(line, "deu"), 2, 12)
        for line in ("the house is small.", "a dog")
    ]
    assert outputs[0]["text"].split("\n") == [lines[0].text, "", lines[1].text]
    assert outputs[0]["parts"] == 2
    assert outputs[0]["truncated"] == (not all(line.ended for line in lines))
    assert outputs[1] == {"text": "", "score": 1, "tokens": 0, "parts": 0, "truncated": False}
    assert outputs[2]["score"] == pytest.approx(lines[0].score, abs=1e-5)
    odd = asked(service, "translate", [*ODD[:7], "q " * 300], target="deu", beam=1, max_tokens=5)
    assert odd[-1]["parts"] > 5


@pytest.mark.parametrize(
    ("name", "said"), [("sentiment", "neutral"), ("masks", '"joins"'), ("topics", "neutral")]
)
def test_the_builder_tries_them(own: Path, name: str, said: str) -> None:
    page = tried(name, ("[MASK] is bad",), Progress())["page"]
    assert said in page


def test_texts_of_any_script_are_answered_and_long_ones_cut(service: httpx.Client) -> None:
    outputs = asked(service, "classify_text", [*ODD, "bad " * 100], classifier="sentiment")
    assert len(outputs) == len(ODD) + 1
    assert [output["truncated"] for output in outputs[:3]] == [False] * 3
    assert outputs[-1]["truncated"]
    filled = asked(service, "fill_mask", [f"[MASK] {text}" for text in ODD])
    assert all(len(output["masks"]) == 1 for output in filled)


@pytest.mark.parametrize(
    ("task", "inputs", "parameters", "status", "said"),
    [
        ("fill_mask", ["[MASK]", "no mask"], {}, 422, "inputs[1]: has no [MASK]"),
        ("fill_mask", "bad " * 40 + "[MASK]", {}, 422, "behind what the model reads"),
        ("fill_mask", "[MASK]", {"top_k": 0}, 422, "top_k"),
        ("fill_mask", ["[MASK]" * 20] * 20, {}, 422, "400 masks"),
        ("fill_mask", "[MASK]", {"model": "sentiment"}, 422, "no model of masked words"),
        ("fill_mask", "[MASK]", {"model": "../masks\ud800"}, 404, "masks"),
        ("classify_text", "a", {"classifier": "minilm"}, 422, "no classifier of texts"),
        ("classify_text", "a", {"classifier": "../sentiment"}, 404, "there is no '../sentiment'"),
        ("sentiment", "a", {"classifier": "nobody"}, 404, "nobody"),
        ("classify_text", "a", {"classifier": "sentiment", "labels": ["b"]}, 422, "labels"),
        ("classify_text", "a", {"classifier": "sentiment", "even": 0.5}, 422, "even"),
        ("classify_text", "a", {}, 422, "labels"),
        ("translate", "a", {}, 422, "en-de speaks several languages"),
        ("translate", "a", {"target": "fra\ud800"}, 422, "en-de has no"),
        ("translate", "a", {"target": "deu", "beam": 99}, 422, "beam"),
        ("translate", "a", {"target": "deu", "model": "fr"}, 404, "translators"),
    ],
)
def test_what_cannot_be_done_is_told_with_the_remedy(
    service: httpx.Client, task: str, inputs: object, parameters: dict, status: int, said: str
) -> None:
    response = post(service, task, inputs, **parameters)
    assert response.status_code == status, response.text
    assert said in response.json()["detail"]
    assert response.json()["remedy"]


def test_the_tasks_list_the_users_engines(service: httpx.Client) -> None:
    tasks = {task["name"]: task for task in service.get("/v1/tasks").json()["tasks"]}
    assert [engine["name"] for engine in tasks["fill_mask"]["engines"]] == ["masks"]
    assert tasks["fill_mask"]["ready"]
    assert tasks["sentiment"]["ready"]
    assert tasks["translate"]["ready"]
    halves = [engine["name"] for engine in tasks["translate"]["engines"]]
    assert halves == ["en-de-encoder", "en-de-decoder"]
    assert "sentiment" in [engine["name"] for engine in tasks["classify_text"]["engines"]]


def test_without_engines_the_remedy_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SENSORIUM_DATA_DIR", str(tmp_path))
    with serving(tmp_path) as client:
        for task in ("sentiment", "fill_mask", "translate"):
            response = post(client, task, "[MASK]")
            assert response.status_code == 404, response.text
            assert "engines/README.md" in response.json()["remedy"]


def test_many_at_a_time_get_their_own_answers(service: httpx.Client) -> None:
    """Tokenisers are used by several threads at a time."""
    texts = [f"[MASK] {letter} bad" for letter in "abcdefgh"]
    alone = [asked(service, "fill_mask", text) for text in texts]
    found: dict[str, list] = {}
    threads = [
        threading.Thread(target=lambda t=text: found.update({t: asked(service, "fill_mask", t)}))
        for text in texts
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [found[text] for text in texts] == alone
