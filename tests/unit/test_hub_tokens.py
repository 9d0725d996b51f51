"""The tokenisers of models from a hub: odd texts, damaged rules, a package that is missing."""

from __future__ import annotations

import json
import sys

import pytest
from fixtures import hub_folders

from sensorium.errors import EngineError
from sensorium.perception.hub_tokens import HubTokens
from sensorium_tools.convert.wordpiece_file import tokenizer_json


def rules() -> str:
    words = "\n".join(hub_folders.VOCABULARY).encode()
    return tokenizer_json({"vocab.txt": words}, "test", len(hub_folders.VOCABULARY))


def test_a_text_has_its_marks_and_the_places_of_its_tokens() -> None:
    read = HubTokens(rules(), "test")("The [MASK]  bad\ud800!")
    assert [hub_folders.VOCABULARY[at] for at in read.ids[0]] == [
        "[CLS]", "the", "[MASK]", "bad", "!", "[SEP]"
    ]
    assert read.places[2] == (4, 10)
    assert not read.truncated


def test_a_longer_text_is_cut_and_keeps_its_marks() -> None:
    read = HubTokens(rules(), "test", 6)("bad " * 50)
    assert read.ids.tolist() == [[2, 64, 64, 64, 64, 3]]
    assert read.truncated
    assert not HubTokens(rules(), "test", 6)("bad " * 4).truncated


@pytest.mark.parametrize("normaliser", [
    {"type": "Precompiled", "precompiled_charsmap": "AAAA"},
    {"type": "Precompiled", "precompiled_charsmap": "//////////"}, {"type": "None"}, 5,
])  # fmt: skip
def test_damaged_rules_are_refused(normaliser: object) -> None:
    """Some of them make the library panic, which is no Exception."""
    damaged = {**json.loads(rules()), "normalizer": normaliser}
    with pytest.raises(EngineError, match=r"test: its tokenizer.json is damaged") as caught:
        HubTokens(json.dumps(damaged), "test")("é bad")
    assert "sensorium-engines build test" in caught.value.remedy


def test_rules_that_make_no_tokens_are_refused() -> None:
    bare = {**json.loads(rules()), "post_processor": None}
    with pytest.raises(EngineError, match="makes no tokens"):
        HubTokens(json.dumps(bare), "test")("")


def test_the_package_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    with pytest.raises(EngineError, match="tokenizers is not installed") as caught:
        HubTokens(rules(), "test")
    assert caught.value.remedy == "pip install sensorium[text]"
