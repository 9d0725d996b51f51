"""Texts to numbers of words, as Keras's Tokenizer gives them."""

from __future__ import annotations

import json

import pytest

from sensorium.errors import EngineError
from sensorium.perception.word_list import WordList

WORDS = {"words": ["<UNK>", "i", "feel", "don't", "a\nb"], "unknown": 1, "filters": "!,.\t"}


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
