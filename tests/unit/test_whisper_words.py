"""Words of tokens: their letters, their marks, their times."""

from __future__ import annotations

import numpy as np
import pytest

from sensorium.perception.whisper_heard import Ending, Heard
from sensorium.perception.whisper_text import Vocabulary
from sensorium.perception.whisper_words import joined, words

TOKENS = (
    "ĠSay", "Ġhello", "Ġw", "orld", ".", "Ġ\"", "Quote", "\"", "Ġ-", "ĠÃ", "©", "t", "Ãł", "!",
    "你", "好", "'t", "Ġ", "Ġ%",
)
LETTERS = {"你": "ä½ł", "好": "å¥½"}
SPECIAL = ("<|endoftext|>", "<|startoftranscript|>", "<|nospeech|>", "<|notimestamps|>", "<|0.00|>")
VOCABULARY = Vocabulary.parse(
    {
        "vocabulary": "\n".join((*(LETTERS.get(token, token) for token in TOKENS), *SPECIAL)),
        "suppressed": "", "suppressed_at_start": "",
    },
    "test",
)
POSITION = 320


def heard(said: list[str], language: str = "en", each: int = 20, ended: bool = True) -> Heard:
    """A text whose tokens are said one after the other, `each` positions long."""
    tokens = tuple(TOKENS.index(token) for token in said)
    rows = np.zeros((2 + len(said), 2, each * (len(said) + 2)), np.float32)
    for row in range(1, len(rows)):
        rows[row, :, each * (row - 1) : each * row] = 8
    return Heard(
        tokens, VOCABULARY.text(tokens), Ending.SAID if ended else Ending.CAPPED, 0.0, 0.0,
        language, tuple(0.1 * (at + 1) for at in range(len(said))),
        rows if ended else rows[:-1],
    )


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (["ĠSay", "Ġhello", "Ġw", "orld", "."], ["Say", "hello", "world."]),
        (["ĠSay", "Ġ\"", "Quote", "\"", "."], ["Say", "\"Quote\"."]),
        (["ĠSay", "Ġ\"", "Ġhello"], ["Say", "\" hello"]),
        (["ĠSay", "Ġ-", "Ġhello"], ["Say", "- hello"]),
        (["ĠSay", "Ġ-"], ["Say -"]),
        (["ĠSay", "Ġ%", "."], ["Say %."]),
        (["Ġ-"], ["-"]),
        (["Ġ", "ĠSay"], ["Say"]),
        (["ĠÃ", "©", "t", "Ãł", "!"], ["étà!"]),
        (["Ġw", "'t"], ["w't"]),
        ([], []),
    ],
)
def test_words_are_split_at_spaces_and_take_their_marks(said, expected) -> None:
    found = heard(said)
    made = words(found, VOCABULARY, 320 * 20 * (len(said) + 1))
    assert [word.text for word in made] == expected
    assert joined(made) == found.text


def test_a_language_without_spaces_has_words_of_letters() -> None:
    found = heard(["你", "好", "!"], "zh")
    made = words(found, VOCABULARY, 320 * 80)
    assert [word.text for word in made] == ["你", "好!"]
    assert joined(made) == "你好!"


def test_words_have_their_times_and_confidence() -> None:
    """The last one is three tokens long, which is more than twice the median word."""
    made = words(heard(["ĠSay", "Ġhello", "Ġw", "orld", "."]), VOCABULARY, 320 * 120)
    spans = np.array([(word.first, word.last) for word in made]) / POSITION
    np.testing.assert_allclose(spans, [(0, 20), (20, 40), (40, 80)], atol=2)
    assert [word.confidence for word in made] == pytest.approx([0.1, 0.2, 0.4])


def test_what_was_capped_ends_with_the_sound() -> None:
    samples = 320 * 50
    made = words(heard(["ĠSay", "Ġhello"], ended=False), VOCABULARY, samples)
    assert made[-1].last == samples
    assert all(0 <= word.first <= word.last <= samples for word in made)


def test_silence_is_taken_off_words_at_a_pause() -> None:
    found = heard(["ĠSay", "Ġhello", "Ġw", "orld"], each=10)
    late = np.concatenate([np.zeros((6, 2, 200), np.float32), found.alignment], axis=2)
    # The first token is looked for in all of the silence, too.
    late[1, :, :200] = 8
    made = words(
        Heard(**{**vars(found), "alignment": late}), VOCABULARY, 320 * 240
    )
    assert made[0].last == pytest.approx(320 * 210, abs=640)
    assert made[0].first >= 320 * 160
