"""Vocabularies and what is found of them in a text, without meanings; what a bad file is told."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest

from sensorium.errors import ConfigError
from sensorium.perception.commands.found import Match, Method
from sensorium.perception.commands.matcher import Matcher
from sensorium.perception.commands.templates import wordings
from sensorium.perception.commands.vocabulary import Gate, Vocabulary
from sensorium.perception.commands.vocabulary_file import read
from sensorium.perception.commands.words import plain

if TYPE_CHECKING:
    from pathlib import Path

HOUSE = """
app = "house"
gate = ["always", "wake_word"]
[slots.place]
values = ["table", "top shelf", "floor"]
[slots.level]
kind = "number"
[slots.text]
kind = "anything"
[[commands]]
name = "put"
phrases = ["[please] (put|move) (that|it) (on|to) the {place}"]
[[commands]]
name = "volume"
phrases = ["set the volume to {level}", "volume {level}"]
[[commands]]
name = "lights_on"
phrases = ["turn the lights on"]
[[commands]]
name = "lights_off"
phrases = ["turn the lights off"]
[[commands]]
name = "note"
phrases = ["write down {text}"]
"""


def vocabulary(folder: Path, text: str) -> Vocabulary:
    path = folder / "house.toml"
    path.write_text(text)
    return read(path)


@pytest.fixture
def matcher(tmp_path: Path) -> Matcher:
    made = Matcher(vocabulary(tmp_path, HOUSE), None)
    for _ in made.prepare():
        pass
    return made


def slots(match: Match) -> dict[str, tuple[str | None, float]]:
    return {filled.name: (filled.value, filled.number) for filled in match.slots}


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("Set it to 25%.", "set it to twenty five percent"),
        ("Set it to twenty-five percent!", "set it to twenty five percent"),
        ("It's the 2nd one", "it is the second one"),
        ("um, don't", "do not"),
        ("-3.5 degrees", "minus three point five degrees"),
        ("1,200", "one thousand two hundred"),
        ("", ""),
        ("...", ""),
    ],
)
def test_a_text_becomes_plain_words(said: str, words: str) -> None:
    assert " ".join(plain(said)) == words


@pytest.mark.parametrize(
    ("said", "place"),
    [
        ("Put that on the table.", "table"),
        ("please move it to the top shelf", "top shelf"),
        ("Move that on the floor", "floor"),
    ],
)
def test_a_phrase_is_known_exactly_with_its_slot(
    matcher: Matcher, said: str, place: str
) -> None:
    match = matcher.match(plain(said))
    assert (match.command, match.method, match.score) == ("put", Method.EXACT, 1.0)
    assert slots(match)["place"][0] == place


@pytest.mark.parametrize(
    ("said", "number"),
    [
        ("Set the volume to 25.", 25.0),
        ("set the volume to twenty five", 25.0),
        ("volume minus three point five", -3.5),
        ("Volume 1,200", 1200.0),
        ("volume zero", 0.0),
    ],
)
def test_a_number_is_read_however_it_is_written(
    matcher: Matcher, said: str, number: float
) -> None:
    match = matcher.match(plain(said))
    assert match.command == "volume"
    assert slots(match)["level"][1] == number


def test_free_words_are_taken_as_they_were_said(matcher: Matcher) -> None:
    match = matcher.match(plain("Write down buy milk and bread"))
    assert match.command == "note"
    (filled,) = match.slots
    assert (filled.first, filled.last) == (2, 6)
    assert math.isnan(filled.number)


def test_what_was_heard_nearly_right_is_close(matcher: Matcher) -> None:
    match = matcher.match(plain("Put that on the tables"))
    assert (match.command, match.method) == ("put", Method.CLOSE)
    assert 0.5 < match.score < 1.0


@pytest.mark.parametrize("said", ["it is a lovely day", "the lights", "where is my cup of tea"])
def test_other_speech_is_none(matcher: Matcher, said: str) -> None:
    assert matcher.match(plain(said)).method == Method.NONE


def test_on_is_not_taken_for_off(matcher: Matcher) -> None:
    for said in ("on", "off"):
        assert matcher.match(plain(f"turn the lights {said}")).command == f"lights_{said}"
    assert matcher.match(plain("turn the light of")).command != "lights_on"


def test_templates_stand_for_all_their_wordings() -> None:
    made = {" ".join(map(str, wording)) for wording in wordings("[a] (b|c d) e")}
    assert made == {"a b e", "b e", "a c d e", "c d e"}


def test_the_gate_and_the_app_are_those_of_the_file(tmp_path: Path) -> None:
    made = vocabulary(tmp_path, HOUSE)
    assert made.gate == Gate.ALWAYS | Gate.WAKE_WORD
    assert made.is_for("house")
    assert not made.is_for("castle")
    assert vocabulary(tmp_path, HOUSE.replace('"house"', '"*"')).is_for("castle")
    default = vocabulary(tmp_path, HOUSE.replace('gate = ["always", "wake_word"]\n', ""))
    assert default.gate == Gate.PUSH_TO_TALK | Gate.WAKE_WORD


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('name = "volume"', 'name = "put"', "put"),
        ('"turn the lights off"', '"turn the lights on"', "turn the lights on"),
        ('"turn the lights off"', '""', "empty"),
        ('"turn the lights off"', '"..."', "empty"),
        ('"turn the lights off"', '"{text}"', "no word of its own"),
        ('"turn the lights off"', '"go to {nowhere}"', "nowhere"),
        ('"turn the lights off"', '"(go"', "lacks"),
        ('kind = "number"', 'kind = "numbr"', "numbr"),
        ('app = "house"', 'app = ""', "app"),
        ('"always", "wake_word"', '"sometimes"', "sometimes"),
        ('values = ["table", "top shelf", "floor"]', "values = []", "place"),
    ],
)
def test_a_bad_file_is_told_where_and_what(
    tmp_path: Path, old: str, new: str, words: str
) -> None:
    assert old in HOUSE
    with pytest.raises(ConfigError) as raised:
        vocabulary(tmp_path, HOUSE.replace(old, new, 1))
    assert words in str(raised.value)
    assert "house.toml" in str(raised.value)


def test_bytes_that_are_no_text_are_told(tmp_path: Path) -> None:
    path = tmp_path / "house.toml"
    path.write_bytes(b'app = "\xff"')
    with pytest.raises(ConfigError, match="house.toml"):
        read(path)


def test_five_thousand_phrases_are_matched(tmp_path: Path) -> None:
    commands = "".join(
        f'[[commands]]\nname = "c{at}"\nphrases = ["do the thing number {at} at once"]\n'
        for at in range(5000)
    )
    made = Matcher(vocabulary(tmp_path, f'app = "house"\n{commands}'), None)
    for _ in made.prepare():
        pass
    match = made.match(plain("Do the thing number 4321 at once"))
    assert (match.command, match.method) == ("c4321", Method.EXACT)
    assert made.match(plain("do the think number 77 at once")).command == "c77"


@pytest.mark.parametrize(
    ("text", "number"),
    [("Set the volume to 25.", 25), ("Set the volume to twenty-five.", 25),
     ("Set the volume to $25.", 25), ("Set the volume to 25%.", 25), ("Volume $25", 25),
     ("Set the volume to 20 5.", 25), ("Set the volume to 20-5.", 25),
     ("Set the volume. To 25.", 25), ("Set the volume to twenty. Five.", 25),
     ("Set the volume two 25.", 25), ("Set the volume too 25.", 25), ("Set the volume 2 25.", 25),
     ("Set the volume to too.", 2), ("Set the volume to to.", 2), ("Set the volume to for.", 4),
     ("Set the volume to ate.", 8), ("Volume to.", None), ("Set the volume to.", None)],
)  # fmt: skip
def test_a_number_is_found_however_a_recogniser_writes_it(
    matcher: Matcher, text: str, number: float | None
) -> None:
    found = matcher.match(plain(text))
    if number is None:
        assert found.command == ""
    else:
        assert (found.command, [slot.number for slot in found.slots]) == ("volume", [number])
