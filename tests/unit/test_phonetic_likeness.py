"""How alike texts sound: what ears take for one another is nearer than what they do not."""

from __future__ import annotations

import itertools

import pytest

from sensorium.perception.commands.phonetic_likeness import likeness, most_alike, sounds

TEXTS = (
    "Put that there.", "But not there.", "Put it here.", "Delete these two.", "Delete me 2",
    "Turn left at the corner.", "What is this?", "stop", "x", "Кто это?",
)


def alike(one: str, other: str) -> float:
    return likeness(sounds(one), sounds(other))


def test_it_is_one_for_the_same_sounds_the_same_both_ways_and_within_0_and_1() -> None:
    assert sounds("Delete these 2!") == sounds("delete these two")
    for one, other in itertools.product(TEXTS, repeat=2):
        assert 0.0 <= alike(one, other) <= 1.0
        assert alike(one, other) == pytest.approx(alike(other, one))
        assert (alike(one, other) == 1.0) == (one == other)
    assert likeness("", "") == 1.0
    assert likeness("", "put") == likeness("put", "") == 0.0


def test_an_edit_costs_what_the_sounds_weigh() -> None:
    # A vowel weighs a half, a consonant one: "pat" weighs 2.5.
    assert likeness("pat", "pet") == pytest.approx(1 - 0.25 / 2.5)
    assert likeness("pat", "pan") == pytest.approx(1 - 0.4 / 2.5)
    assert likeness("pat", "pak") == pytest.approx(1 - 1.0 / 2.5)
    assert likeness("pat", "at") == pytest.approx(1 - 1.0 / 2.5)
    assert likeness("map", "nap") > likeness("map", "sap")


@pytest.mark.parametrize(
    ("asked", "misheard", "other"),
    [
        ("put that there", "But not there.", "But what is there?"),
        ("put that there", "But not nearer.", "Nobody is there."),
        ("delete those two", "Delete most too.", "Elite troops."),
        ("make that bigger", "Make not be a girl", "Make up your mind."),
    ],
)
def test_what_was_misheard_sounds_more_like_it_than_another_sentence(
    asked: str, misheard: str, other: str
) -> None:
    assert alike(asked, misheard) > alike(asked, other)


def test_no_text_is_more_like_another_than_what_it_begins_with_may_be() -> None:
    for one, other in itertools.product(map(sounds, TEXTS), repeat=2):
        for count in range(len(one) + 1):
            assert most_alike(one[:count], other) >= likeness(one, other) - 1e-9
    assert most_alike("", "") == 0.0
