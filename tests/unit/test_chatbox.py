"""The chatbox: VRChat's size and pace, and nothing lost but what is counted."""

from __future__ import annotations

import itertools

import pytest

from sensorium.bridges.vrchat.chatbox import (
    MOST_LINES,
    MOST_UNITS,
    MOST_WAITING,
    Chatbox,
    fits,
    pieces,
)

INTERVAL_NS = 1_500_000_000


def units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


@pytest.mark.parametrize("text", [
    "short", " ".join(f"word{number}" for number in range(200)), "x" * 500,
    "\U0001f600" * 200, "語" * 400, ("a" * 143 + " ") * 3, "a" * 144 + " b",
    "\n".join(str(number) for number in range(40)), "\n" * 30 + "end", "e\u0301" * 200,
])
def test_pieces_fit_and_are_the_text(text: str) -> None:
    found = pieces(text)
    assert all(fits(piece) and piece for piece in found)
    assert all(units(piece) <= MOST_UNITS for piece in found)
    assert all(piece.count("\n") < MOST_LINES for piece in found)
    assert "".join("".join(found).split()) == "".join(text.split())


def test_what_belongs_together_is_not_cut() -> None:
    family = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
    assert all(len(piece) % len(family) == 0 for piece in pieces(family * 40))
    assert all(len(piece) % 2 == 0 for piece in pieces("e\u0301" * 200))


@pytest.mark.parametrize("text", ["", "   ", "\n\t\r\n", "\0\x07", "\ud800"])
def test_what_cannot_be_shown_is_nothing(text: str) -> None:
    assert pieces(text) == []


def test_texts_keep_their_distance_and_order() -> None:
    chatbox = Chatbox(INTERVAL_NS)
    said = [f"{number} " + "y" * 100 for number in range(3)]
    for text in said:
        chatbox.say(text)
    shown = [(now, text) for now in range(0, 10 * INTERVAL_NS, INTERVAL_NS // 15)
             if (text := chatbox.take(now)) is not None]
    assert [text for _, text in shown] == said
    assert all(later - sooner >= INTERVAL_NS
               for (sooner, _), (later, _) in itertools.pairwise(shown))
    assert chatbox.dropped == 0


def test_short_ones_that_wait_are_shown_together() -> None:
    chatbox = Chatbox(INTERVAL_NS)
    for text in ("one", "two", "three"):
        chatbox.say(text)
    assert chatbox.take(0) == "one two three"
    chatbox.say("four")
    assert chatbox.take(INTERVAL_NS - 1) is None
    assert chatbox.take(INTERVAL_NS) == "four"


def test_who_says_too_much_loses_the_oldest_and_it_is_counted() -> None:
    chatbox = Chatbox(INTERVAL_NS)
    for number in range(MOST_WAITING + 5):
        chatbox.say(f"{number} " + "z" * 120)
    assert chatbox.dropped == 5
    first = chatbox.take(0)
    assert first is not None
    assert first.startswith("5 ")
