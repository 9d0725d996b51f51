"""What a text is for: asked, told or demanded, and what is to be done."""

from __future__ import annotations

import pytest

from sensorium.perception.commands.purpose import Mood, differs, mood


@pytest.mark.parametrize(("text", "expected"), [
    ("open the door", Mood.DEMAND),
    ("please open the door", Mood.DEMAND),
    ("can you open the door", Mood.DEMAND),
    ("i want a door", Mood.DEMAND),
    ("i opened the door", Mood.STATEMENT),
    ("the door is open", Mood.STATEMENT),
    ("is the door open", Mood.QUESTION),
    ("who opened the door", Mood.QUESTION),
    ("please", Mood.DEMAND),
])
def test_what_a_text_is_for(text: str, expected: Mood) -> None:
    assert mood(text.split()) is expected


@pytest.mark.parametrize(("said", "asked", "different"), [
    ("eat the soup", "taste the soup", True),
    ("sample the soup", "taste the soup", False),
    ("shut the door", "close the door", False),
    ("put the door shut", "close the door", False),
    ("who ordered the soup", "taste the soup", True),
    ("who is the painter", "who painted this", False),
    ("where are the statues", "show the sculptures", False),
    ("i burned the eggs", "fry the eggs", True),
    ("please now", "fry the eggs", False),
])
def test_another_purpose_is_told_and_an_unknown_verb_says_nothing(
    said: str, asked: str, different: bool
) -> None:
    assert differs(said.split(), [asked.split()]) is different
    # One phrase that it may be is enough.
    assert not differs(said.split(), [asked.split(), said.split()])
