"""Commands by meaning on the real sentence embedding."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from fixtures import engines

from sensorium.perception.commands.found import Method
from sensorium.perception.commands.matcher import Matcher
from sensorium.perception.commands.meaning import Embedder
from sensorium.perception.commands.vocabulary_file import read
from sensorium.perception.commands.words import plain

if TYPE_CHECKING:
    from pathlib import Path

VOCABULARY = """
app = "kitchen"
[slots.food]
values = ["soup", "bread", "cheese"]
[[commands]]
name = "wash"
phrases = ["wash the dishes", "clean the plates"]
[[commands]]
name = "light_on"
phrases = ["turn on the light"]
[[commands]]
name = "light_off"
phrases = ["turn off the light"]
[[commands]]
name = "bring"
phrases = ["bring me the {food}"]
"""


@pytest.fixture(scope="module")
def matcher(tmp_path_factory: pytest.TempPathFactory) -> Matcher:
    path: Path = tmp_path_factory.mktemp("vocabulary") / "kitchen.toml"
    path.write_text(VOCABULARY)
    made = Matcher(read(path), Embedder(engines.load("minilm")))
    for steps in (made.prepare(), made.learn()):
        for _ in steps:
            pass
    return made


def test_another_wording_is_the_command_that_it_means(matcher: Matcher) -> None:
    match = matcher.match(plain("Scrub the dishes, please."))
    assert (match.command, match.method) == ("wash", Method.MEANING)
    assert 0.74 <= match.score <= 1.0


def test_a_slot_keeps_its_value_in_another_wording(matcher: Matcher) -> None:
    match = matcher.match(plain("Please hand me the cheese."))
    assert (match.command, match.method) == ("bring", Method.MEANING)
    assert [(slot.name, slot.value) for slot in match.slots] == [("food", "cheese")]


@pytest.mark.parametrize("text", [
    "Do not wash the dishes.", "I broke the dishes.", "Who washed the dishes?",
    "Never turn the light on.", "Buy new plates.", "It was a lovely day at the sea.",
])
def test_what_is_denied_told_or_asked_is_no_command(matcher: Matcher, text: str) -> None:
    assert matcher.match(plain(text)).method is Method.NONE


def test_an_opposite_is_never_taken_for_its_other_side(matcher: Matcher) -> None:
    for text in ("switch off the light", "put the light off", "lights off now"):
        assert matcher.match(plain(text)).command != "light_on"
    for text in ("switch on the light", "put the light on", "lights on now"):
        assert matcher.match(plain(text)).command != "light_off"
