"""How often a state is told, and the text that says where a client stands."""

from __future__ import annotations

import random

import pytest

from sensorium.service.events import position
from sensorium.service.events.asked import asked
from sensorium.service.events.pace import Pace
from sensorium.service.events.position import Position
from sensorium.service.problem import Problem

SECOND = 1_000_000_000


def passed(written_hz: float, asked_hz: float, jitter: float, seconds: int = 20) -> int:
    dice = random.Random(3)
    pace = Pace(round(SECOND / asked_hz))
    count = 0
    for n in range(1, int(written_hz * seconds) + 1):
        now = int((n + dice.uniform(-jitter, jitter)) / written_hz * SECOND)
        count += pace.passes(n, now)
    return count


@pytest.mark.parametrize("written_hz", [30.0, 72.0, 90.0, 144.0, 1000.0])
@pytest.mark.parametrize("asked_hz", [0.5, 10.0, 30.0, 90.0])
def test_never_more_often_than_was_asked(written_hz: float, asked_hz: float) -> None:
    assert passed(written_hz, asked_hz, 0.4) <= asked_hz * 20 + 1


@pytest.mark.parametrize("jitter", [0.0, 0.05, 0.12])
def test_what_is_written_at_that_rate_is_told_record_by_record(jitter: float) -> None:
    assert passed(90.0, 90.0, jitter) >= 0.99 * 90 * 20


def test_one_record_is_told_once() -> None:
    pace = Pace(SECOND)

    assert [pace.passes(1, now * SECOND) for now in range(1, 4)] == [True, False, False]


def test_a_place_comes_back_as_it_was() -> None:
    places = {
        "utterance": Position(17, 2, 5), "voice_event": Position(17, 2, 0),
        "transcript": Position(17, 9, 2**60), "command": Position(3, 1, 1),
    }

    token = position.encode(places)

    assert position.decode(token) == places
    assert all(letter.isalnum() or letter in "-._~" for letter in token)


@pytest.mark.parametrize(
    "token", ["", "2", "1~", "1~1", "1~1.1", "1~1.1-utterance", "1~1.1-utterance.g",
              "1~1.1-utterance.1 ", "1~" + "f" * 17 + ".1-utterance.1", "1~1.1-utterance.1" * 600],
)
def test_what_is_no_place_is_refused(token: str) -> None:
    with pytest.raises(Problem) as refused:
        position.decode(token)

    assert refused.value.status == 400


def test_a_channel_that_is_not_known_is_left_out() -> None:
    assert position.decode("1~1.1-telepathy.4-utterance.2") == {"utterance": Position(1, 1, 2)}


@pytest.mark.parametrize("name", ["frame", "app_frame"])
def test_pictures_are_no_events(name: str) -> None:
    with pytest.raises(Problem, match="not told as events"):
        asked([name], [], "")
