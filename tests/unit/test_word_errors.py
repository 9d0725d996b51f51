"""Words of a text and word error rates, beside jiwer's."""

from __future__ import annotations

import numpy as np
import pytest

from sensorium_tools.evaluate.english_words import spelt, words
from sensorium_tools.evaluate.word_errors import compare, errors, rate


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Hello, WORLD!", "hello world"),
        ("Press 1, or #2.", "press one or two"),
        ("twenty-one", "twenty one"),
        ("21 105 1,234,567", "twenty one one hundred five one million two hundred thirty four "
         "thousand five hundred sixty seven"),
        ("1st 2nd 3rd 12th 20th 21st 1990s", "first second third twelfth twentieth twenty first "
         "one thousand nine hundred nineties"),
        ("28.8 50% 007", "twenty eight point eight fifty percent zero zero seven"),
        ("$1 $20.50 £3", "one dollar twenty dollars fifty cents three pounds"),
        ("won't can't it's they're I’m we'll", "will not can not it is they are i am we will"),
        ("um, [noise] (laughs) Mr. Smith & café", "mister smith and cafe"),
        ("99999999999", " ".join(["nine"] * 11)),
        ("", ""), ("...", ""), ("[all of it]", ""),
    ],
)  # fmt: skip
def test_words_are_what_was_said(text: str, said: str) -> None:
    assert words(text) == said.split()


def test_numbers_are_spelt() -> None:
    assert [spelt(number) for number in (0, 10, 19, 40, 99, 100, 1000, 999_999_999)] == [
        "zero", "ten", "nineteen", "forty", "ninety nine", "one hundred", "one thousand",
        "nine hundred ninety nine million nine hundred ninety nine thousand nine hundred ninety "
        "nine",
    ]  # fmt: skip


def test_errors_are_those_of_jiwer() -> None:
    jiwer = pytest.importorskip("jiwer", exc_type=ImportError)
    noise = np.random.default_rng(1)
    pairs = []
    for _ in range(200):
        said = list(noise.choice(list("abcdef"), noise.integers(1, 12)))
        heard = list(noise.choice(list("abcdef"), noise.integers(0, 12)))
        found = jiwer.process_words(" ".join(said), " ".join(heard))
        assert errors(said, heard) == (
            found.substitutions + found.deletions + found.insertions
        ), (said, heard)
        pairs.append((" ".join(said), " ".join(heard)))
    value, low, high = rate([compare(*pair) for pair in pairs])
    expected = jiwer.wer([said for said, _ in pairs], [heard for _, heard in pairs])
    assert value == pytest.approx(expected)
    assert low < value < high


def test_an_interval_holds_the_rate_it_was_drawn_from() -> None:
    noise = np.random.default_rng(2)
    held = 0
    for _ in range(100):
        said = noise.integers(3, 15, 120)
        _, low, high = rate([(int(noise.binomial(n, 0.1)), int(n)) for n in said])
        held += low <= 0.1 <= high
    assert 88 <= held <= 100


def test_all_right_is_no_error() -> None:
    assert rate([(0, 5), (0, 3)]) == (0.0, 0.0, 0.0)
    assert compare("One two", "1, 2") == (0, 2)
    assert compare("", "ghost") == (1, 0)
