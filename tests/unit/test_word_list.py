"""Texts to numbers of words, as Keras's Tokenizer gives them."""

from __future__ import annotations

import json
from typing import NamedTuple

import pytest

from sensorium.errors import EngineError
from sensorium.inference import text_metadata
from sensorium.inference.card_tables import Port
from sensorium.perception.text_reader import TextReader
from sensorium.perception.word_list import WordList

WORDS = {"words": ["<UNK>", "i", "feel", "don't", "a\nb"], "unknown": 1, "filters": "!,.\t"}


class Carrying(NamedTuple):
    name: str
    metadata: dict[str, str]


@pytest.mark.parametrize(
    ("text", "numbers"),
    [("I feel", [2, 3, 0, 0]), ("I,feel!fine", [2, 3, 1, 0]), ("  I  \t feel ", [2, 3, 0, 0]),
     ("don't", [4, 0, 0, 0]), ("a\nb", [5, 0, 0, 0]), ("", [0] * 4), (",.!", [0] * 4),
     ("i i i i i i", [2] * 4), ("\u0130", [1, 0, 0, 0])],
)  # fmt: skip
def test_words_become_numbers(text, numbers):
    found = WordList(json.dumps(WORDS), "test")(text, 4)
    assert (found.dtype, found.tolist()) == ("int64", [numbers])


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"words": 3}', b"\xff", json.dumps({**WORDS, "unknown": "x"}),
             json.dumps({**WORDS, "words": None}), "[" * 100_000],
    ids=range(8),
)  # fmt: skip
def test_another_file_is_refused(text):
    with pytest.raises(EngineError, match="^text-emotion: not a list of words"):
        WordList(text, "text-emotion")


@pytest.mark.parametrize(
    ("shape", "text", "numbers", "truncated"),
    [
        ((1, 3), "i", [2, 0, 0], False), ((1, 3), "I feel, i", [2, 3, 2], False),
        ((1, 3), "i i i i", [2, 2, 2], True), ((1, "words"), "i", [2], False),
        ((1, "words"), "", [0], False), ((1, "words"), "i i i i", [2, 2, 2], True),
    ],
)
def test_an_engine_that_carries_words_reads_by_them(shape, text, numbers, truncated) -> None:
    port = Port("given", shape, type="int64")
    fed = TextReader(Carrying("mine", {text_metadata.WORDS: json.dumps(WORDS)}), port, 3)(text)
    assert (list(fed.feeds), fed.truncated) == (["given"], truncated)
    assert fed.feeds["given"].tolist() == [numbers]
    with pytest.raises(EngineError, match="mine: carries no tokenizer and no words"):
        TextReader(Carrying("mine", {}), port, 3)
