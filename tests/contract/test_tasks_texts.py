"""The tasks on texts, asked over a socket, on the real engines."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from fixtures import engines
from fixtures.task_server import serving

from sensorium.perception.commands.meaning import Embedder
from sensorium.service.tasks import catalogue

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import httpx

TOPICS = ["cooking", "sports", "money"]
TEXTS = [
    "Fry the onions in butter before you add the soup.",
    "Their striker scored twice in the second half.",
    "The bank has raised the interest on my loan.",
]
ODD = ["", " ", "\ud800", "a\0b", "日本語のテキスト", "😀 👩‍👩‍👧", "नमस्ते दुनिया", "x" * 10_000,
       "[MASK] [CLS]", "‮reversed"]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    engines.ensure_built("minilm")
    with serving(tmp_path_factory.mktemp("texts")) as client:
        yield client


def asked(service: httpx.Client, task: str, inputs: object, **parameters: object) -> dict:
    # As ASCII: httpx would refuse half of a surrogate pair.
    response = service.post(
        f"/v1/tasks/{task}", json={"inputs": inputs, "parameters": parameters}
    )
    assert response.status_code == 200, response.text
    return response.json()


def test_the_tasks_say_what_they_need(service: httpx.Client) -> None:
    tasks = {task["name"]: task for task in service.get("/v1/tasks").json()["tasks"]}
    assert list(tasks) == list(catalogue.TASKS)
    embed = tasks["embed"]
    assert embed["ready"]
    assert embed["content_types"] == ["application/json"]
    assert embed["engines"][0]["build"] == "sensorium-engines build minilm"
    assert tasks["detect_objects"]["engines"][0]["opt_in"]
    assert "required" not in tasks["classify_text"]["parameters"]


def test_a_vector_is_that_of_the_engine(service: httpx.Client) -> None:
    answer = asked(service, "embed", [*TEXTS, TEXTS[0]])
    vectors = np.array([output["vector"] for output in answer["outputs"]], np.float32)
    embed = Embedder(engines.load("minilm"))
    np.testing.assert_allclose(vectors[:3], [embed(text) for text in TEXTS], atol=1e-6)
    np.testing.assert_array_equal(vectors[0], vectors[3])
    assert [engine["name"] for engine in answer["engines"]] == ["minilm"]
    assert answer["engines"][0]["device"] == "cpu"
    assert 0 < answer["times"]["engines_ms"] <= answer["times"]["total_ms"]
    packed = asked(service, "embed", TEXTS[0], encoding="base64")["outputs"][0]["vector"]
    unpacked = np.frombuffer(base64.b64decode(packed), "<f4")
    np.testing.assert_allclose(unpacked, vectors[0], atol=1e-6)


def test_texts_of_any_script_are_answered(service: httpx.Client) -> None:
    outputs = service.post(
        "/v1/tasks/embed", headers={"Content-Type": "application/json"},
        content=_ascii({"inputs": [*ODD, "word " * 2_000]}),
    ).json()["outputs"]
    assert np.isfinite([output["vector"] for output in outputs]).all()
    assert [output["tokens"] for output in outputs[:3]] == [2, 2, 2]
    assert (outputs[-1]["tokens"], outputs[-1]["truncated"]) == (256, True)
    assert not outputs[0]["truncated"]


def test_the_nearest_label_comes_first(service: httpx.Client) -> None:
    outputs = asked(service, "classify_text", TEXTS, labels=TOPICS)["outputs"]
    assert [output["labels"][0]["label"] for output in outputs] == TOPICS
    for output in outputs:
        scores = [label["score"] for label in output["labels"]]
        assert scores == sorted(scores, reverse=True)
        assert sum(scores) == pytest.approx(1, abs=1e-5)
    (top,) = asked(service, "classify_text", TEXTS[0], labels=TOPICS, top_k=1)["outputs"]
    assert [label["label"] for label in top["labels"]] == ["cooking"]


def test_several_labels_may_fit_or_none(service: httpx.Client) -> None:
    answer = asked(
        service, "classify_text",
        ["Football players should cook a healthy dinner after the match.", TEXTS[0]],
        labels=TOPICS, multi_label=True, threshold=0.5, even=0.15,
    )
    both, one = ([label["label"] for label in output["labels"]] for output in answer["outputs"])
    assert set(both[:2]) == {"cooking", "sports"}
    assert one[0] == "cooking"
    assert "sports" not in one


def test_the_words_that_moved_it_are_told(service: httpx.Client) -> None:
    text = "Well, their striker scored twice."
    (output,) = asked(service, "classify_text", text, labels=TOPICS, explain=True)["outputs"]
    explanation = output["explanation"]
    words = explanation["words"]
    assert explanation["label"] == "sports"
    assert [text[word["start"] : word["end"]] for word in words] == [w["word"] for w in words]
    assert max(words, key=lambda word: word["similarity"])["word"] in ("striker", "scored")
    without = asked(service, "classify_text", text.replace("striker", ""), labels=TOPICS)
    before = next(label for label in output["labels"] if label["label"] == "sports")
    after = next(
        label for label in without["outputs"][0]["labels"] if label["label"] == "sports"
    )
    told = next(word for word in words if word["word"] == "striker")
    assert told["similarity"] == pytest.approx(before["similarity"] - after["similarity"], abs=2e-6)


def test_a_labels_odd_characters_come_back(service: httpx.Client) -> None:
    response = service.post(
        "/v1/tasks/classify_text", headers={"Content-Type": "application/json"},
        content=_ascii({"inputs": "\ud800", "parameters": {"labels": ["\udfff", "日本"]}}),
    )
    assert {label["label"] for label in response.json()["outputs"][0]["labels"]} == {
        "\udfff", "日本"
    }


def test_an_emotion_is_told_with_its_words(service: httpx.Client) -> None:
    engines.ensure_built("text-emotion")
    (output,) = asked(
        service, "text_emotion", "i feel so happy today", top_k=2, explain=True
    )["outputs"]
    assert output["labels"][0]["label"] == "joy"
    assert len(output["labels"]) == 2
    words = output["explanation"]["words"]
    assert max(words, key=lambda word: word["score"])["word"] == "happy"


def test_no_emotion_is_told_where_that_is_switched_off(tmp_path: Path) -> None:
    with serving(tmp_path, emotions=False) as client:
        response = client.post("/v1/tasks/text_emotion", json={"inputs": "i am happy"})
    assert response.status_code == 403
    assert "workplace_or_education" in response.json()["remedy"]


@pytest.mark.parametrize(
    ("task", "content", "status", "said"),
    [
        ("embed", {"inputs": []}, 422, "inputs"), ("embed", {}, 422, "inputs"),
        ("embed", {"inputs": ["a"] * 10_000}, 422, "10000 texts"),
        ("embed", {"inputs": "a" * 1_000_000}, 422, "1000000 characters"),
        ("embed", {"inputs": "a" * 3_000_000}, 413, "2097152 bytes"),
        ("embed", {"inputs": "a", "more": 1}, 422, "more"),
        ("embed", {"inputs": "a", "parameters": []}, 422, "parameters"),
        ("embed", {"inputs": "a", "parameters": {"encoding": "\ud800"}}, 422, "encoding"),
        ("embed", [], 400, "not an object"), ("nothing", {"inputs": "a"}, 404, "no such task"),
        ("classify_text", {"inputs": "a"}, 422, "labels"),
        ("classify_text", {"inputs": "word " * 600,
                           "parameters": {"labels": ["a"], "explain": True}}, 422, "600 words"),
    ],
)
def test_bad_requests_are_refused(
    service: httpx.Client, task: str, content: object, status: int, said: str
) -> None:
    response = service.post(
        f"/v1/tasks/{task}", content=_ascii(content), headers={"Content-Type": "application/json"}
    )
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    assert said in response.json()["detail"]
    assert response.json()["remedy"]


def test_a_deadline_ends_it(service: httpx.Client) -> None:
    response = service.post(
        "/v1/tasks/embed",
        json={"inputs": [f"text {at}" for at in range(256)], "parameters": {"timeout_s": 0.05}},
    )
    assert response.status_code == 504
    assert "timeout_s" in response.json()["remedy"] or "time" in response.json()["remedy"]


def test_an_engine_that_is_not_built_is_named_with_its_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SENSORIUM_CACHE_DIR", str(tmp_path / "cache"))
    with serving(tmp_path) as client:
        for task, engine, reason in (
            ("embed", "minilm", ""), ("text_emotion", "text-emotion", "research only"),
        ):
            response = client.post(f"/v1/tasks/{task}", json={"inputs": "a"})
            assert response.status_code == 404
            assert response.json()["remedy"] == f"sensorium-engines build {engine}"
            assert reason in response.json()["detail"]
        tasks = client.get("/v1/tasks").json()["tasks"]
        assert not any(task["ready"] for task in tasks)
        assert "was not built" in tasks[0]["engines"][0]["why_not"]


def _ascii(content: object) -> bytes:
    return json.dumps(content).encode("ascii")
