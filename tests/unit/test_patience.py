"""How long a run may take before its device is held to hang."""

from __future__ import annotations

import pytest

from sensorium.inference.patience import Patience


def test_it_is_a_second_at_least():
    patience = Patience()
    assert patience.limit_s == 1.0
    for _ in range(1000):
        patience.add(0.002)
    assert patience.limit_s == 1.0


def test_a_slow_engine_gets_ten_times_its_99th_percentile():
    patience = Patience()
    for _ in range(640):
        patience.add(0.4)
    assert patience.limit_s == pytest.approx(4.0)


def test_one_slow_run_in_hundreds_changes_nothing():
    patience = Patience()
    for run in range(512):
        patience.add(30.0 if run == 100 else 0.2)
    assert patience.limit_s == pytest.approx(2.0)
