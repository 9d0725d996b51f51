"""When the governor looks for frames, and which it leaves where they are for a while."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from fixtures.layer_file import NOW_NS, Game
from fixtures.told_frames import PERIOD, a_frame, app_region
from hypothesis import given, settings
from hypothesis import strategies as st

from sensorium.channels.writer import Writer
from sensorium.clock import now_ns
from sensorium.inference.governor import app_frames as inference
from sensorium.inference.governor.app_frames import Verdict
from sensorium.inference.governor.frame import Frame
from sensorium.supervisor.governing.app_frames import AT_ONCE, AppFrames
from sensorium.supervisor.governing.game_frames import GameFrames
from sensorium.supervisor.governing.in_time import MOST, InTime
from sensorium.supervisor.governing.pacing import SELDOM_NS, SILENT_NS, Pace

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sensorium.channels.region import Region


_TIMES = ("begin_ns", "display_ns")


@pytest.fixture
def region() -> Iterator[Region]:
    with app_region() as made:
        yield made


@given(
    st.integers(6, 8) | st.integers(12, 15) | st.integers(20, 40),
    st.lists(st.floats(0.9, 1.1), min_size=20, max_size=40),
)
def test_a_steady_app_is_looked_at_before_the_third_frame_after_a_late_one(
    period_ms: int, jitter: list[float]
) -> None:
    pace, now = Pace(), 1_000_000_000
    for factor in jitter:
        now += int(period_ms * 1_000_000 * factor)
        pace.looked(1, now, now, soon=True)
        assert not pace.silent
        assert now < pace.due_ns <= now + SELDOM_NS
        assert pace.due_ns == now + pace.ahead_ns
    wait = (pace.due_ns - now) / (period_ms * 1_000_000)
    frames = 3 if period_ms < 9 else 2 if period_ms < 16 else 1
    assert 0.9 * frames < wait < frames + 0.8


def test_many_frames_of_a_look_tell_how_long_one_is() -> None:
    pace, now = Pace(), 1_000_000_000
    pace.looked(1, now, now, soon=True)
    for _ in range(20):
        now += 16 * 7_000_000
        pace.looked(16, now, now, soon=True)
    assert pace.due_ns - now == pytest.approx(3 * 7_000_000, abs=1_100_000)


def test_frames_that_nobody_would_answer_are_looked_for_seldom_until_it_is_hastened() -> None:
    pace, now = Pace(), 1_000_000_000
    for _ in range(20):
        now += PERIOD
        pace.looked(1, now, now, soon=False)
    assert 100_000_000 < pace.due_ns - now < 120_000_000
    pace.hasten(now)
    assert pace.due_ns - now == 1_000_000


def test_an_app_that_falls_silent_is_looked_at_ever_less_often() -> None:
    pace, now = Pace(), 1_000_000_000
    for _ in range(30):
        now += PERIOD
        pace.looked(1, now, now, soon=True)
    looks = 0
    end = now + 5 * SILENT_NS
    while pace.due_ns < end:
        now = pace.due_ns
        pace.looked(0, 0, now, soon=True)
        looks += 1
    assert pace.silent
    assert looks < 5 * SILENT_NS / SELDOM_NS + 10
    pace.looked(1, now, now, soon=True)
    assert not pace.silent


def test_an_app_that_tells_frames_without_end_costs_little() -> None:
    pace, now, looks, told = Pace(), 1_000_000_000, 0, 0
    end = now + SILENT_NS
    while now < end:
        step = max(pace.due_ns - now, 100_000)
        count = min(step // 100_000, AT_ONCE)
        now += step
        pace.looked(count, now, now, soon=True)
        looks, told = looks + 1, told + count
    assert looks < 30
    assert told < 3000


@pytest.mark.parametrize(
    "late",
    [
        {"display_ns": 1}, {"display_ns": -1}, {"missed": 1}, {"begin_ns": -PERIOD - 1},
        {"begin_ns": -PERIOD - 1, "period_ns": 2 * PERIOD},
        {"begin_ns": -PERIOD - 1, "display_ns": 60_000_000_000},
    ],
)  # fmt: skip
def test_frames_in_time_are_left_and_taken_with_the_first_that_may_be_late(
    region: Region, late: dict[str, int]
) -> None:
    writer, frames = Writer(region, "frame_timing", None), AppFrames(region)
    begun = now_ns() - 5 * PERIOD

    def tell(number: int, **more: int) -> int:
        end = begun + number * PERIOD
        told = {"begin_ns": end - PERIOD // 2, "end_ns": end, "period_ns": PERIOD}
        told |= {name: end + each if name in _TIMES else each for name, each in more.items()}
        writer.publish(a_frame(number, **told), 0)
        return end

    tell(1)
    assert frames.left(patient=False) == 0
    assert [frame.number for frame in frames.take(now_ns())] == [1]
    assert frames.left(patient=False) == 0
    for number in (2, 3):
        end = tell(number)
        assert frames.left(patient=False) == end
        assert frames.left(patient=False) == 0
    end = tell(4, **late)
    if late.get("display_ns") == 1:
        assert frames.left(patient=False) == end
        end = tell(5, missed=1)
    assert frames.left(patient=False) == 0
    assert [frame.number for frame in frames.take(now_ns())][:3] == [2, 3, 4]


TIMES_NS = st.integers(0, 3_000_000) | st.sampled_from([PERIOD, PERIOD // 2, 2 * PERIOD, 2**40])


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(
    TIMES_NS, TIMES_NS, TIMES_NS, st.sampled_from([0, PERIOD, PERIOD, PERIOD // 2, 3 * PERIOD]),
    st.integers(0, 20).map(lambda chance: int(chance == 20)),
), min_size=1, max_size=60))  # fmt: skip
def test_no_frame_that_the_governor_takes_for_late_is_left(
    steps: list[tuple[int, int, int, int, int]],
) -> None:
    judge, in_time = inference.AppFrames("game"), InTime()
    begin, missed, waiting = 10**15, 0, []
    for number, (pause, took, ahead, period, more) in enumerate(steps):
        begin += pause
        missed += more
        end = begin + took
        display = end + ahead - PERIOD if ahead else 0
        frame = Frame(number, begin, end, display, period, missed=missed)
        left = in_time.holds(begin, end, display, period, missed)
        verdict = judge.add(frame, end)
        assert not left or verdict <= Verdict.LOOKED
        waiting.append(frame)
        if not left:
            in_time.taken(waiting)
            waiting.clear()


def test_frames_are_not_left_for_long(region: Region) -> None:
    writer, frames = Writer(region, "frame_timing", None), AppFrames(region)
    writer.publish(a_frame(1), 0)
    frames.take(now_ns())
    left = 0
    for number in range(2, 200):
        writer.publish(a_frame(number), 0)
        if not frames.left(patient=False):
            break
        left += 1
    assert 0 < left < MOST


@pytest.mark.parametrize(
    ("patient", "shares", "waits_ms"),
    [(True, (2,), 500), (False, (2,), 250), (True, (10, *10 * [2]), 250)],
)
def test_frames_with_room_wait_longer_while_nothing_is_taken(
    region: Region, patient: bool, shares: tuple[int, ...], waits_ms: int
) -> None:
    writer, frames = Writer(region, "frame_timing", None), AppFrames(region)
    begun = now_ns() - 70 * PERIOD
    left = 0
    for number in range(1, 70):
        begin = begun + number * PERIOD
        share = shares[(number - 2) % len(shares)]
        end = begin + share * PERIOD // 11
        writer.publish(a_frame(
            number, begin_ns=begin, end_ns=end, display_ns=begin + PERIOD, period_ns=PERIOD
        ), 0)  # fmt: skip
        if number == 1:
            frames.take(now_ns())
        elif not frames.left(patient=patient):
            break
        else:
            left += 1
    assert left == pytest.approx(waits_ms * 1_000_000 / PERIOD, abs=1.5)


def test_a_games_frames_are_left_until_one_may_be_late_or_missed(tmp_path: Path) -> None:
    game = Game(tmp_path / "1-1")
    for number in range(1, 6):
        game.add_frame(number * PERIOD)
    game.save()
    held = game.hold()
    frames = GameFrames(game.path)
    try:
        assert frames.left(patient=False) == 0
        assert len(frames.take(NOW_NS)) == 5
        game.add_frame(6 * PERIOD)
        game.update()
        assert frames.left(patient=False) == NOW_NS - 1
        assert frames.left(patient=False) == 0
        game.add_frame(9 * PERIOD)
        game.update()
        assert frames.left(patient=False) == 0
        assert [(one.number, one.missed) for one in frames.take(NOW_NS)] == [(6, 0), (7, 2)]
        assert frames.left(patient=False) == 0
    finally:
        os.close(held)
        frames.close()
