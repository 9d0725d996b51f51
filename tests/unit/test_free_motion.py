"""What is kept of free motion: of both hands, of old and new, no more than there is place for."""

from __future__ import annotations

import numpy as np
import pytest

from sensorium.errors import EnrolmentError
from sensorium.perception.free_motion import FEWEST, SHORTEST, STRETCH, check_free, kept
from sensorium.perception.hand_motion import RATE_HZ
from sensorium.perception.movement_embedding import WIDTH
from sensorium.perception.own_movements import FREE

LEFT, RIGHT, BEFORE = 1.0, 2.0, 3.0


def moved(seconds: float, whose: float) -> np.ndarray:
    return np.full((round(seconds * RATE_HZ), WIDTH), whose, np.float32)


def seconds(pieces: tuple[np.ndarray, ...], whose: float) -> float:
    return sum(len(one) for one in pieces if one[0, 0] == whose) / RATE_HZ


@pytest.mark.parametrize("each", [20.0, 30.0, 60.0])
def test_both_hands_and_what_was_kept_before_have_their_share(each: float) -> None:
    old = [moved(10.0, BEFORE)] * 6
    found = kept([moved(each, LEFT), moved(each, RIGHT)], old)
    assert sum(map(len, found)) <= FREE
    assert seconds(found, BEFORE) == 30.0
    assert seconds(found, LEFT) >= 10.0
    assert seconds(found, RIGHT) >= 10.0


def test_the_first_free_motion_has_all_the_place() -> None:
    found = kept([moved(20.0, LEFT), moved(20.4, RIGHT)], [])
    assert (seconds(found, LEFT), seconds(found, RIGHT)) == (20.0, 20.0)
    assert max(map(len, found)) == STRETCH
    again = kept([moved(3.0, LEFT)], found)
    assert (seconds(again, LEFT), sum(map(len, again))) == (20.0 + 3.0, 43 * RATE_HZ)


def test_many_short_pieces_are_taken_from_begin_to_end() -> None:
    numbered = [moved(1.5, float(number)) for number in range(80)]
    found = [int(one[0, 0]) for one in kept(numbered, [moved(10.0, -1.0)] * 6)]
    chosen = [number for number in found if number >= 0]
    assert len(chosen) == 20
    assert set(np.diff(chosen)) == {4}


def test_pieces_that_are_not_kept_do_not_count() -> None:
    short = moved(0.9, LEFT)
    assert len(short) < SHORTEST
    with pytest.raises(EnrolmentError, match=r"0\.0 s of free motion, 3 are needed"):
        check_free([short] * 10)
    check_free([*[short] * 10, np.zeros((FEWEST, WIDTH), np.float32)])
