"""Blinks by openness and by gaps: what is one and what is not, at any rate."""

from __future__ import annotations

import pytest

from sensorium.perception.eyes.blinks import Blink, Blinks, Evidence

CLOSED = 0.2


def told(hertz: int, openness: list[float | str | None]) -> list[Blink]:
    """The blinks of samples at a rate; "lost" is a record that says that no eye is seen."""
    blinks, found = Blinks(CLOSED), []
    for number, each in enumerate(openness):
        time_ns = 10**9 + number * 10**9 // hertz
        if each == "lost":
            blinks.lost(time_ns)
        else:
            found.append(blinks.seen(time_ns, each))
    return [blink for blink in found if blink is not None]


@pytest.mark.parametrize("hertz", [30, 45, 72, 90, 120, 144])
def test_one_lost_record_is_no_blink_and_a_tenth_of_a_second_is(hertz: int) -> None:
    seen: list[float | str | None] = [None] * 5
    assert told(hertz, [*seen, "lost", *seen]) == []
    (blink,) = told(hertz, [*seen, *["lost"] * (hertz // 8), *seen])
    assert blink.evidence is Evidence.GAP
    assert blink.end_ns - blink.begin_ns == pytest.approx(
        1e9 * (hertz // 8 + 1) / hertz, abs=10
    )


@pytest.mark.parametrize("hertz", [30, 90, 144])
def test_openness_that_is_missing_in_a_blink_does_not_make_two_of_it(hertz: int) -> None:
    shut: list[float | str | None] = [0.0] * (hertz // 7)
    shut[len(shut) // 2] = None
    (blink,) = told(hertz, [1.0, 1.0, *shut, 1.0, 1.0])
    assert blink.evidence is Evidence.OPENNESS
    assert blink.end_ns - blink.begin_ns == pytest.approx(1e9 * len(shut) / hertz, abs=10)


def test_openness_that_stays_away_is_no_blink_that_ends() -> None:
    assert told(90, [1.0, 0.0, 0.0, *[None] * 90, 1.0, 1.0]) == []
