"""Which sound is heard for an utterance, and which words are its own."""

from __future__ import annotations

import pytest

from sensorium import records
from sensorium.perception.pieces import CONTEXT, index_of, piece, time_ns
from sensorium.perception.utterances import Ending

SECOND = 16_000


def told(first_s: float, last_s: float, ending: int = 0, continues: int = 0):
    record = records.UTTERANCE.zeros()[0]
    first, last = int(first_s * SECOND), int(last_s * SECOND)
    record["utterance"], record["first"], record["last"] = 1 << 40 | first, first, last
    record["onset"], record["start_ns"] = first, 7_000_000_000
    record["ending"], record["continues"] = ending, continues
    return record


def test_an_utterance_between_silences_is_heard_alone() -> None:
    found = piece(told(3, 5, Ending.SILENCE), 0, 1000)
    assert (found.first, found.last) == (3 * SECOND, 5 * SECOND)
    assert found.keep_first == found.first
    assert found.keep_last > found.last


def test_both_sides_of_a_cut_hear_a_little_of_the_other() -> None:
    found = piece(told(3, 5, Ending.LENGTH, 1), 0, 1000)
    assert (found.first, found.last) == (3 * SECOND - CONTEXT, 5 * SECOND + CONTEXT)
    assert (found.keep_first, found.keep_last) == (3 * SECOND, 5 * SECOND)


def test_what_is_not_there_yet_or_was_never_is_not_heard() -> None:
    blocks = (5 * SECOND + 3000) // 512
    assert piece(told(3, 5, Ending.LENGTH), 0, blocks).last == blocks * 512
    assert piece(told(3, 5, Ending.LENGTH), 0, 10).last == 5 * SECOND
    assert piece(told(0.5, 5, 0, 1), 0, 1000).first == 0


@pytest.mark.parametrize(("reached_s", "kept_s"), [(-0.3, 2.7), (0.4, 3.4), (-5, 2), (5, 4)])
def test_words_begin_where_those_before_ended(reached_s: float, kept_s: float) -> None:
    found = piece(told(3, 9, 0, 1), int(7e9 + reached_s * 1e9), 1000)
    assert found.keep_first == pytest.approx(kept_s * SECOND, abs=1)
    assert piece(told(3, 9), int(7e9 + reached_s * 1e9), 1000).keep_first == 3 * SECOND


def test_times_and_indices_are_one_another() -> None:
    record = told(3, 9)
    for index in (0, 3 * SECOND, 5 * SECOND + 1):
        assert index_of(record, time_ns(record, index)) == pytest.approx(index, abs=1)
