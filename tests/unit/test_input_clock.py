"""When sound was taken, and what was lost, from arrivals of every kind."""

from __future__ import annotations

import numpy as np
import pytest

from sensorium.sensors.input_clock import InputClock

RATE = 48_000
FRAMES = 1536
PIECE_NS = 32_000_000
START_NS = 1_000_000_000_000


def feed(
    clock: InputClock, arrivals: list[int], adc_ends: list[int | None] | None = None
) -> list[tuple[int, int]]:
    ends = adc_ends or [None] * len(arrivals)
    return [
        clock.advance(now, end, FRAMES, overflow=False)
        for now, end in zip(arrivals, ends, strict=True)
    ]


def steady(count: int, first: int = 1) -> list[int]:
    return [START_NS + i * PIECE_NS for i in range(first, first + count)]


def test_jitter_is_smoothed_and_never_in_the_future() -> None:
    random = np.random.default_rng(1)
    arrivals = [now + int(random.exponential(1e6)) for now in steady(500)]
    told = feed(InputClock(RATE), arrivals)
    ends = np.array([end for end, _ in told])
    assert all(end <= now for end, now in zip(ends, arrivals, strict=True))
    assert np.std(np.diff(ends)[100:] - PIECE_NS) < 0.3 * np.std(np.diff(arrivals) - PIECE_NS)
    assert sum(lost for _, lost in told) == 0


def test_the_backends_time_is_taken_where_it_makes_sense() -> None:
    arrivals = steady(200)
    told = feed(InputClock(RATE), arrivals, [now - 9_000_000 for now in arrivals])
    assert told[-1][0] == pytest.approx(arrivals[-1] - 9_000_000, abs=1000)
    future = feed(InputClock(RATE), arrivals, [now + 31_000_000 for now in arrivals])
    assert future[-1][0] == arrivals[-1]
    ancient = feed(InputClock(RATE), arrivals, [now - 60_000_000_000 for now in arrivals])
    assert ancient[-1][0] == arrivals[-1]


def test_one_late_delivery_that_is_caught_up_loses_nothing() -> None:
    """0.6 s without a piece, then all of them within 8 ms."""
    arrivals = steady(100)
    held = arrivals[50]
    burst = [held + 600_000_000 + i * 400_000 for i in range(20)]
    after = steady(200, first=71)
    told = feed(InputClock(RATE), [*arrivals[:50], *burst, *(max(a, burst[-1]) for a in after)])
    assert sum(lost for _, lost in told) == 0


def test_sound_that_stays_behind_was_lost() -> None:
    arrivals = [*steady(100), *(now + 320_000_000 for now in steady(100, first=101))]
    told = feed(InputClock(RATE), arrivals)
    lost = [(i, count) for i, (_, count) in enumerate(told) if count]
    assert len(lost) == 1
    assert 100 < lost[0][0] < 112
    assert lost[0][1] == pytest.approx(0.32 * RATE, rel=0.02)
    assert told[-1][0] == pytest.approx(arrivals[-1], abs=2_000_000)


def test_a_backend_that_settles_is_no_loss() -> None:
    """PulseAudio: 147 ms old at first, 0 after ten pieces, and no sample is missing."""
    arrivals = steady(200)
    ages = [max(0, 147_000_000 - max(0, i - 5) * 32_000_000) for i in range(200)]
    told = feed(
        InputClock(RATE), arrivals, [now - age for now, age in zip(arrivals, ages, strict=True)]
    )
    assert sum(lost for _, lost in told) == 0
    ends = [end for end, _ in told]
    assert ends == sorted(ends)
    assert ends[-1] == pytest.approx(arrivals[-1], abs=1_000_000)


def test_a_reported_overflow_is_counted_at_once() -> None:
    clock = InputClock(RATE)
    feed(clock, steady(50))
    late = START_NS + 51 * PIECE_NS + 96_000_000
    end, lost = clock.advance(late, None, FRAMES, overflow=True)
    assert lost == pytest.approx(0.096 * RATE, rel=0.02)
    assert end == late


def test_a_device_whose_clock_differs_loses_nothing() -> None:
    """500 ppm slow, over half an hour: 0.9 s in all."""
    arrivals = [START_NS + int(i * PIECE_NS * 1.0005) for i in range(56_000)]
    assert sum(lost for _, lost in feed(InputClock(RATE), arrivals)) == 0
