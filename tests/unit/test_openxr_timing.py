"""The pace of polling and the conversion of times, without a runtime."""

import numpy as np
import pytest

from sensorium.sensors.openxr.spaces import Recentres
from sensorium.sensors.openxr.timing import SECOND_NS, Pacer, ticks_of, timespec_of


def test_deadlines_are_counted_from_the_start_so_lateness_never_adds_up():
    pacer = Pacer(100.0, 0)
    for tick in range(1, 1000):
        late = (tick - 1) * 10_000_000 + 3_000_000
        pacer.advance(late)
        assert pacer.remaining_s(late) == pytest.approx(0.007)
    assert pacer.missed == 0


def test_missed_deadlines_are_skipped_and_counted():
    pacer = Pacer(100.0, 0)
    pacer.advance(0)
    pacer.advance(45_000_000)
    assert pacer.missed == 3
    assert pacer.remaining_s(45_000_000) == pytest.approx(0.005)


def test_early_call_still_moves_on_by_one():
    pacer = Pacer(100.0, 50_000_000)
    pacer.advance(10_000_000)
    assert pacer.remaining_s(50_000_000) == pytest.approx(0.01)


def test_a_new_rate_holds_from_the_next_deadline_on():
    pacer = Pacer(100.0, 0)
    pacer.advance(0)
    pacer.set_rate(50.0)
    pacer.advance(10_000_000)
    assert pacer.remaining_s(10_000_000) == pytest.approx(0.02)


def test_timespec_splits_without_loss():
    for time_ns in (1, SECOND_NS - 1, SECOND_NS, 123_456_789_012_345_678):
        seconds, rest = timespec_of(time_ns)
        assert 0 <= rest < SECOND_NS
        assert seconds * SECOND_NS + rest == time_ns


@pytest.mark.parametrize("frequency_hz", [10_000_000, 3_579_545, 2_441_442, 1_000_000_000])
def test_ticks_of_the_performance_counter_survive_the_way_through_nanoseconds(frequency_hz):
    for ticks in np.random.default_rng(1).integers(0, 1 << 50, 1000).tolist():
        assert ticks_of(ticks * SECOND_NS // frequency_hz, frequency_hz) == ticks


def test_recentre_counts_when_it_takes_effect():
    recentres = Recentres(4)
    recentres.announce(100)
    recentres.announce(200)
    assert not recentres.settle(99)
    assert recentres.settle(150)
    assert recentres.generation == 5
    assert not recentres.settle(150)
    assert recentres.settle(10_000)
    assert recentres.generation == 6
