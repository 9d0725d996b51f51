"""What is taken for said, by the model's own figures, and what is not."""

from __future__ import annotations

import pytest

from sensorium.perception.whisper_doubt import is_said, without_echo
from sensorium.perception.whisper_heard import Ending, Heard
from sensorium.perception.whisper_words import Word


@pytest.mark.parametrize(
    ("text", "silence", "likely", "ending", "voice", "said"),
    [
        ("Turn it off.", 0.05, -0.2, Ending.SAID, 1.0, True),
        ("Call waiting.", 0.55, -0.7, Ending.SAID, 1.0, True),
        ("For more information, visit us.", 0.76, -0.2, Ending.SAID, 1.0, True),
        ("I'm going to go.", 0.93, -0.6, Ending.SAID, 1.0, False),
        ("I'm not able to do that.", 0.55, -1.7, Ending.SAID, 1.0, False),
        ("The sky, we all see it.", 0.1, -1.6, Ending.SAID, 1.0, False),
        ("eeeee", 0.83, -0.3, Ending.LOOP, 1.0, False),
        ("one two", 0.05, -0.3, Ending.LOOP, 1.0, True),
        (" ... ", 0.0, 0.0, Ending.SAID, 1.0, False),
        ("", 0.0, 0.0, Ending.SAID, 1.0, False),
        ("Thank you.", 0.05, -0.2, Ending.SAID, 0.99, True),
        ("Thank you.", 0.3, -0.2, Ending.SAID, 0.99, False),
        ("Thank you.", 0.05, -0.2, Ending.SAID, 0.4, False),
        ("Okay!", 0.3, -0.2, Ending.SAID, 0.99, False),
    ],
)
def test_a_text_is_said_or_invented(text, silence, likely, ending, voice, said) -> None:
    assert is_said(Heard((1,), text, ending, likely, silence), voice) is said


def spoken(*spans: tuple[str, int, int]) -> list[Word]:
    return [Word(text, first, last, 0.9, True) for text, first, last in spans]


def test_an_echo_without_sound_is_left_out() -> None:
    once = spoken(("Yes", 0, 10), ("turn", 10, 20), ("it", 20, 30), ("off.", 30, 40))
    echo = spoken(("Turn", 40, 40), ("it", 40, 40), ("off", 40, 50))
    assert without_echo([*once, *echo]) == tuple(once)
    again = spoken(("Turn", 40, 50), ("it", 50, 60), ("off", 60, 70))
    assert without_echo([*once, *again]) == (*once, *again)
    assert without_echo([]) == ()
    twice = spoken(("no", 0, 10), ("no", 10, 12))
    assert without_echo(twice) == tuple(twice)
