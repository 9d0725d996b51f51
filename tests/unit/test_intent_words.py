"""Words that refer: which, to how many, and when they were said."""

from __future__ import annotations

import pytest

from sensorium.perception.commands.said import Said
from sensorium.perception.commands.words import normalised
from sensorium.perception.intents.deictic import Role, references


def said(text: str, *, timed: bool = False) -> Said:
    words = tuple(normalised(text))
    times = tuple(
        (100 * at + 1001, 100 * at + 1090) if timed else (0, 0) for at in range(len(words))
    )
    return Said(1, 1000, 2000, text, words, times)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Put that there.", [("that", Role.OBJECT, False, 0), ("there", Role.PLACE, False, 0)]),
        ("Delete these two!", [("these", Role.OBJECT, True, 2)]),
        ("delete those 3 cubes", [("those", Role.OBJECT, True, 3)]),
        ("delete two of them", [("them", Role.PRONOUN, True, 2)]),
        ("both of these", [("these", Role.OBJECT, True, 2)]),
        ("hide both", [("both", Role.OBJECT, True, 2)]),
        ("delete these", [("these", Role.OBJECT, True, 0)]),
        ("delete these minus two", [("these", Role.OBJECT, True, 0)]),
        ("What's this?", [("this", Role.OBJECT, False, 0)]),
        ("follow me", [("me", Role.WEARER, False, 0)]),
        ("make it two times bigger", [("it", Role.PRONOUN, False, 0)]),
        ("give him that", [("him", Role.PRONOUN, False, 0), ("that", Role.OBJECT, False, 0)]),
        ("open the door", []),
    ],
)
def test_words_that_refer(text: str, wanted: list[tuple[str, Role, bool, int]]) -> None:
    found = references(said(text), "en")
    assert [(one.text, one.role, one.plural, one.many) for one in found] == wanted
    assert references(said(text), "") == found
    assert references(said(text), "xx") == []


def test_a_word_has_its_own_time_or_its_share_of_the_utterance() -> None:
    that, there = references(said("put that there", timed=True), "en")
    assert (that.start_ns, that.end_ns, there.start_ns) == (1101, 1190, 1201)
    that, there = references(said("put that there"), "en")
    assert (that.start_ns, there.end_ns) == (1000 + 1000 * 4 // 14, 2000)


def test_no_word_begins_before_its_utterance() -> None:
    """The sound of the time before the onset is heard with the first word."""
    words = tuple(normalised("this is it"))
    heard = Said(1, 400, 900, "this is it", words, ((100, 500), (500, 700), (700, 800)))
    this, it = references(heard, "en")
    assert (this.start_ns, this.end_ns, it.start_ns) == (400, 500, 700)
