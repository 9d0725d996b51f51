"""Tokens of Whisper to text, and vocabularies that make no sense."""

from __future__ import annotations

import pytest

from sensorium.errors import EngineError
from sensorium.perception.whisper_text import Vocabulary, byte_letters

SPECIAL = (
    "<|endoftext|>", "<|startoftranscript|>", "<|nocaptions|>", "<|notimestamps|>", "<|0.00|>"
)
WORDS = ("!", "Hello", "Ġworld", "Ã", "©", "Ġ", "âĤ", "¬")
METADATA = {
    "vocabulary": "\n".join(WORDS + SPECIAL), "suppressed": "9 10", "suppressed_at_start": "5 8",
}


def test_a_byte_has_one_letter() -> None:
    letters = byte_letters()
    assert sorted(letters.values()) == list(range(256))
    assert (letters["A"], letters["Ġ"], letters["Ċ"], letters["ÿ"]) == (65, 32, 10, 255)


def test_special_tokens_are_found() -> None:
    found = Vocabulary.parse(METADATA, "test")
    assert (found.start, found.end, found.silence, found.times) == (9, 8, 10, 12)
    assert found.prompt("en") == (9, 11)
    assert not found.languages
    assert (found.suppressed, found.suppressed_at_start) == ((9, 10), (5, 8))


def test_a_multilingual_model_is_told_the_language() -> None:
    special = (
        "<|endoftext|>", "<|startoftranscript|>", "<|en|>", "<|de|>", "<|translate|>",
        "<|transcribe|>", "<|nospeech|>", "<|notimestamps|>", "<|0.00|>",
    )
    words = tuple(f"w{number}" for number in range(51_865 - len(special)))
    metadata = {**METADATA, "vocabulary": "\n".join(words + special)}
    found = Vocabulary.parse(metadata, "test")
    start = len(words) + 1
    assert found.languages == {"en": start + 1, "de": start + 2}
    assert found.prompt("de") == (start, start + 2, start + 4, start + 6)
    gone = metadata["vocabulary"].replace("<|transcribe|>", "<|x|>")
    with pytest.raises(EngineError, match="vocabulary"):
        Vocabulary.parse({**metadata, "vocabulary": gone}, "test")


@pytest.mark.parametrize(
    ("tokens", "text"),
    [((1, 2, 0), "Hello world!"), ((3, 4), "é"), ((6, 7), "€"), ((3,), "�"), ((), ""),
     ((5, 1, 5), "Hello"), ((9, 1, 12, 8), "Hello")],
)  # fmt: skip
def test_tokens_are_bytes_of_utf_8(tokens, text: str) -> None:
    assert Vocabulary.parse(METADATA, "test").text(tokens) == text


@pytest.mark.parametrize(
    "change",
    [{"vocabulary": ""}, {"vocabulary": "\n".join(SPECIAL[1:])}, {"suppressed": "x"},
     {"suppressed": "13"}, {"suppressed_at_start": "-1"},
     {"vocabulary": "\n".join(word for word in WORDS + SPECIAL if word != "<|nocaptions|>")}],
)  # fmt: skip
def test_a_damaged_vocabulary_is_refused(change) -> None:
    with pytest.raises(EngineError, match="vocabulary") as caught:
        Vocabulary.parse({**METADATA, **change}, "test")
    assert caught.value.remedy == "sensorium-engines build test"


@pytest.mark.parametrize("name", sorted(METADATA))
def test_a_missing_part_is_refused(name: str) -> None:
    with pytest.raises(EngineError, match=name):
        Vocabulary.parse({key: METADATA[key] for key in METADATA if key != name}, "test")
