"""Words as parts of records."""

from __future__ import annotations

import pytest

from sensorium.perception.transcripts import ROOM, parts
from sensorium.perception.whisper_words import Word, joined
from sensorium.records.voice import WORDS


def said(texts: list[str], spaced: bool = True) -> list[Word]:
    return [
        Word(text, 320 * at, 320 * at + 320, 0.5, spaced) for at, text in enumerate(texts)
    ]


@pytest.mark.parametrize(
    ("texts", "spaced", "count"),
    [
        ([], True, 1),
        (["one"], True, 1),
        ([f"wörd{number}" for number in range(WORDS)], True, 1),
        ([f"wörd{number}" for number in range(WORDS + 1)], True, 2),
        ([f"{number:0>100}" for number in range(50)], True, 5),
        (["你", "好!"] * 100, False, 4),
        (["a", "é" * 1000, "b"], True, 3),
        (["é" * 1000], True, 2),
        (["ab", "é" * 2000], False, 5),
    ],
)
def test_parts_behind_one_another_are_the_text(texts, spaced: bool, count: int) -> None:
    words = said(texts, spaced)
    made = parts(words)
    assert "".join(part.text for part in made) == joined(words)
    assert len(made) == count
    found = []
    for part in made:
        data = part.text.encode()
        assert len(data) <= ROOM
        assert len(part.words) <= WORDS
        found += [(word, data[at : at + length].decode()) for word, at, length in part.words]
    # A word that was cut is in several parts, a piece in each.
    assert "".join(text for _, text in found) == "".join(texts)
    assert list(dict.fromkeys(word for word, _ in found)) == words
