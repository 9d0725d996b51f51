"""When a picture is looked at, and what is told of one that is none."""

from __future__ import annotations

import numpy as np
import pytest
from fixtures.senses import Player, no_rings

from sensorium import records
from sensorium.health import Reason
from sensorium.perception.picture_stream import PictureOptions, PictureStream, Seen

MS = 1_000_000


class Counter:
    """Looks at pictures by counting them."""

    made = 0

    def __init__(self) -> None:
        Counter.made += 1
        self.keys: list[int] = []
        self.record = records.OBJECTS.zeros()

    def __call__(self, picture) -> Seen:
        self.keys.append(picture.key)
        self.record["frame"] = picture.sequence
        self.record["width"] = picture.image.shape[1]
        return Seen(self.record, float("nan"), None)


@pytest.fixture
def player() -> Player:
    Counter.made = 0
    options = PictureOptions(interval_ms=400)
    return Player(PictureStream("objects", records.OBJECTS.zeros(), Counter, options, no_rings()))


def picture(sequence: int, width: int = 64) -> np.ndarray:
    record = records.PICTURE.zeros()
    record["sequence"], record["width"], record["height"] = sequence, width, 48
    record["format"] = 1
    return record


def test_pictures_are_looked_at_in_their_interval(player: Player) -> None:
    for number in range(20):
        # Ten a second, which come some milliseconds sooner or later.
        player.valid(picture(number), (1000 + 100 * number + 7 * (number % 3)) * MS)
    assert [one["frame"] for one in player.said] == [0, 4, 8, 12, 16]
    assert all(one.valid and one["width"] == 64 for one in player.said)


def test_time_that_goes_back_stops_nothing(player: Player) -> None:
    player.valid(picture(1), 9000 * MS)
    player.valid(picture(2), 10 * MS)
    assert [one["frame"] for one in player.said] == [1, 2]


@pytest.mark.parametrize(
    ("said", "told"),
    [(Reason.MUTED, Reason.MUTED), (Reason.CLOSED, Reason.CLOSED),
     (Reason.DEVICE_MISSING, Reason.DEVICE_MISSING), (Reason.OWNER_LOST, Reason.INPUT_LOST)],
)
def test_without_pictures_it_says_why_and_forgets_what_it_followed(
    player: Player, said: Reason, told: Reason
) -> None:
    player.valid(picture(1), 1000 * MS)
    player.invalid(1010 * MS, said)
    player.valid(picture(2), 1020 * MS)
    assert [(one.valid, one.reason) for one in player.said] == [
        (True, Reason.NONE), (False, told), (True, Reason.NONE)
    ]
    assert Counter.made == 2


def test_noise_in_the_place_of_a_picture_is_told_as_a_fault(player: Player) -> None:
    noise = np.random.default_rng(6)
    for step in range(30):
        record = records.PICTURE.zeros()
        record.view(np.uint8)[:64] = noise.integers(0, 256, 64)
        player.valid(record, (1000 + 500 * step) * MS)
    assert {one.reason for one in player.said} == {Reason.FAILED}
    player.valid(picture(31), 99_000 * MS)
    assert player.said[-1].valid
