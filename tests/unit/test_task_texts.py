"""Texts, parameters, scores and occlusion of the tasks, on values that are known."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field

import numpy as np
import pytest
from starlette.datastructures import QueryParams

from sensorium.errors import EngineError
from sensorium.inference import store
from sensorium.perception.softmax import log_softmax, softmax
from sensorium.service.models.pool import Pool
from sensorium.service.problem import Problem
from sensorium.service.tasks import bodies, occlusion, parameters, texts
from sensorium.service.tasks.probabilities import logistic, surest
from sensorium.service.tasks.task import Timed
from sensorium.service.tasks.work import Work
from sensorium.service.tasks.zero_shot import ZeroShotParameters, scores


@dataclass(frozen=True)
class Options(Timed):
    names: tuple[str, ...] = field(metadata={"doc": "Some."})
    share: float = field(default=0.5, metadata={"doc": "Half.", "min": 0.0, "max": 1.0})
    most: int = field(default=3, metadata={"doc": "Three.", "min": 1, "max": 9})
    loud: bool = field(default=False, metadata={"doc": "Or not."})
    kind: str = field(default="a", metadata={"doc": "One.", "choices": ("a", "b")})


def test_scores_are_shares() -> None:
    values = np.array([0.2, 0.5, 0.1], np.float32)
    expected = np.exp(np.array([2, 5, 1.0]))
    np.testing.assert_allclose(softmax(values, 0.1), expected / expected.sum(), rtol=1e-6)
    np.testing.assert_allclose(
        softmax(np.float32([1e4, 0, -1e4]), 0.001), [1, 0, 0], atol=1e-12
    )
    rows = np.array([[0.2, 0.5, 0.1], [-np.inf, 0.0, 2.0]], np.float32)
    with np.errstate(divide="ignore"):
        np.testing.assert_allclose(log_softmax(rows, 0.1), np.log(softmax(rows, 0.1)), rtol=1e-5)
    assert log_softmax(rows).dtype == np.float32
    np.testing.assert_allclose(
        logistic(np.array([0.0, 0.1, -0.1, 1e6]), 0.1),
        [0.5, 1 / (1 + np.exp(-1)), 1 / (1 + np.exp(1)), 1],
    )


def test_the_surest_come_first_and_ties_keep_their_order() -> None:
    values = np.array([0.1, 0.4, 0.4, 0.05])
    assert surest(values, 0, 0.0) == [1, 2, 0, 3]
    assert surest(values, 2, 0.0) == [1, 2]
    assert surest(values, 0, 0.1) == [1, 2, 0]


def test_labels_are_judged_together_or_each_by_itself() -> None:
    one = ZeroShotParameters(labels=("a", "b"), temperature=0.1)
    each = ZeroShotParameters(labels=("a", "b"), temperature=0.1, multi_label=True, even=0.3)
    similarity = np.array([0.3, 0.4])
    np.testing.assert_allclose(scores(similarity, one), [0.268941, 0.731059], atol=1e-6)
    np.testing.assert_allclose(scores(similarity, each), [0.5, 0.731059], atol=1e-6)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Don't stop, please!", ["Don't", "stop", "please"]), ("", []), (" \n\t ", []),
        ("...!?", []), ("«Ça va?» — oui", ["Ça", "va", "oui"]),
        ("今日は good 天気", ["今", "日", "は", "good", "天", "気"]),
        ("I 💔 it", ["I", "💔", "it"]),
        ("\ud800 half", ["\ud800", "half"]), ("नमस्ते दुनिया", ["नमस्ते", "दुनिया"]),
        ("well-known (e.g.) 3.14", ["well-known", "e.g", "3.14"]),
    ],
)
def test_words_stand_where_they_say(text: str, wanted: list[str]) -> None:
    found = texts.words(text)
    assert [word.text for word in found] == wanted
    assert all(text[word.start : word.end] == word.text for word in found)


def test_occlusion_tells_what_each_word_did() -> None:
    weights = {"good": 2.0, "bad": -1.0}
    asked, within = [], []

    async def score(text: str) -> dict[str, float]:
        asked.append(text)
        within.append(text)
        most.append(len(within))
        # The later one is asked for, the earlier it is done.
        await asyncio.sleep((8 - len(asked)) / 1000)
        within.remove(text)
        return {"score": sum(weights.get(word, 0.0) for word in text.split())}

    async def occluded(queue: int) -> list:
        work = Work(Pool(store.load, workers=1, queue=queue, keep_s=60), 60.0, "test")
        return await occlusion.occlude("a good, bad day", {"score": -1.0}, score, work)

    for queue in (1, 3, 32):
        asked.clear()
        most: list[int] = []
        found = asyncio.run(occluded(queue))
        assert max(most) == min(queue, 4)
        assert asked == [" good, bad day", "a , bad day", "a good,  day", "a good, bad "]
        assert [(word["word"], word["score"]) for word in found] == [
            ("a", 0.0), ("good", 0.0), ("bad", -1.0), ("day", 0.0)
        ]
        assert [(word["start"], word["end"]) for word in found] == [
            (0, 1), (2, 6), (8, 11), (12, 15)
        ]


def test_the_first_error_of_several_ends_the_others() -> None:
    begun, ended = [], []

    async def each(number: int) -> None:
        begun.append(number)
        try:
            if number == 1:
                raise EngineError("it failed")
            await asyncio.Event().wait()
        finally:
            ended.append(number)

    work = Work(Pool(store.load, workers=1, queue=8, keep_s=60), 60.0, "test")
    with pytest.raises(EngineError, match="it failed"):
        asyncio.run(work.several(each, range(9)))
    assert sorted(ended) == begun
    assert len(begun) < 9


def test_what_would_take_too_long_is_not_explained() -> None:
    occlusion.check(("word " * occlusion.MOST_WORDS,))
    with pytest.raises(Problem, match="513 words, 512 can") as caught:
        occlusion.check(("word " * occlusion.MOST_WORDS, "more"))
    assert caught.value.status == 422


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        (None, "no list of texts"), ([], "no list of texts"), ({}, "no list of texts"),
        (3, "no list of texts"), (["a", None], r"inputs\[1\]: is no text"),
        ([["a"]], r"inputs\[0\]: is no text"), (["a"] * 10_000, "10000 texts, 256 are"),
        (["a", "b" * 1_000_000], r"inputs\[1\]: has 1000000 characters, 10000 are"),
    ],
)
def test_wrong_inputs_are_refused(inputs: object, said: str) -> None:
    with pytest.raises(Problem, match=said) as caught:
        texts.checked(inputs)
    assert caught.value.status == 422
    assert caught.value.remedy


def test_one_text_is_a_list_of_one() -> None:
    assert texts.checked("") == ("",)
    assert texts.checked(["a", "\ud800"]) == ("a", "\ud800")


def test_parameters_have_types_ranges_and_defaults() -> None:
    found = parameters.decoded(Options, {"names": ["x"], "share": 1, "timeout_s": 2})
    assert (found.names, found.share, found.most, found.timeout_s) == (("x",), 1.0, 3, 2.0)
    for given, said in (
        ({}, "the key names is missing"), ({"names": "x"}, "parameters.names: "),
        ({"names": ["x"], "shar": 1}, "parameters.shar: there is no such key"),
        ({"names": ["x"], "share": 2}, "parameters.share: 2"),
        ({"names": ["x"], "share": float("nan")}, "parameters.share: nan"),
        ({"names": ["x"], "most": 2.5}, "parameters.most: 2.5 is of the wrong type"),
        ({"names": ["x"], "most": True}, "parameters.most: true is of the wrong type"),
        ({"names": ["x"], "loud": 1}, "parameters.loud: 1 is of the wrong type"),
        ({"names": ["x"], "kind": "\ud800"}, "parameters.kind: "),
        ({"names": ["x"], "\ud800": 1}, "there is no such key"),
    ):
        with pytest.raises(Problem, match=said) as caught:
            parameters.decoded(Options, given)
        assert caught.value.status == 422
        str(caught.value).encode()


def test_a_query_is_read_by_the_parameters_types() -> None:
    query = QueryParams("names=x&names=y&share=.25&most=4&loud=&kind=b")
    found = parameters.decoded(Options, parameters.of_query(Options, query))
    assert found == Options(names=("x", "y"), share=0.25, most=4, loud=True, kind="b")
    for wrong in ("most=1e3", "most=" + "9" * 9999, "share=a", "loud=perhaps", "more=1", "names"):
        query = QueryParams(f"names=x&{wrong}" if wrong != "names" else "")
        with pytest.raises(Problem):
            parameters.decoded(Options, parameters.of_query(Options, query))


def test_the_schema_says_all_of_it() -> None:
    schema = parameters.schema(Options)
    assert schema["required"] == ["names"]
    assert schema["properties"]["names"]["items"] == {"type": "string"}
    assert schema["properties"]["share"] == {
        "type": "number", "minimum": 0.0, "maximum": 1.0, "description": "Half.", "default": 0.5,
    }
    assert schema["properties"]["kind"]["enum"] == ["a", "b"]
    json.dumps(schema, allow_nan=False)


@pytest.mark.parametrize(
    "data",
    [
        b"", b"{", b"[]", b"3", b'"a"', b"null", b'{"a": NaN}', b'{"a": -Infinity}', b"\xff\xfe{}",
        b"[" * 100_000, b'{"a":' * 100_000, b'{"a": ' + b"9" * 10_000 + b"}",
    ],
    ids=range(12),
)
def test_what_is_no_object_of_json_is_refused(data: bytes) -> None:
    with pytest.raises(Problem) as caught:
        bodies.json_object(data)
    assert caught.value.status == 400


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"labels": ()}, "1 to 100"), ({"labels": ("a",) * 101}, "1 to 100"),
        ({"labels": ("a", "a")}, "there twice"), ({"labels": ("a", " ")}, r"labels\[1\]"),
        ({"labels": ("a" * 201,)}, r"labels\[0\]"), ({"labels": ("a",), "template": "x"}, "{}"),
        ({"labels": ("a",), "template": "{} {}"}, "{}"),
    ],
)
def test_labels_and_their_template_are_checked(given: dict, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        ZeroShotParameters(**given)
