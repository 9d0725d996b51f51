"""When heavy runs begin in an app's frame."""

from __future__ import annotations

import pytest

from sensorium.inference.frame_phase import FramePhase, wait_ns

MS = 1_000_000
PERIOD = 10 * MS
PHASE = FramePhase(submitted_ns=100 * MS, period_ns=PERIOD, due_ns=110 * MS, busy_ns=6 * MS, risk=2)
"""Of each 10 ms the app works in the last 6."""


@pytest.mark.parametrize(
    ("now_ms", "cost_ms", "wait_ms"),
    [
        (100.5, 3, 0),     # over before the app begins to work
        (101.5, 3, 8.5),   # not any more: with the next frame
        (105, 3, 5),       # in the middle of its work
        (110, 3, 0),       # the moment that it was due
        (111.5, 3, 8.5),   # it is taken to have been submitted then
        (113, 3, 7),
        (171.5, 3, 8.5),   # also many frames later
        (100.5, 40, 0),    # it fits nowhere: right after a submission
        (102, 40, 8),
        (110.5, 40, 0),
        (112, 40, 8),
    ],
)
def test_runs_keep_out_of_the_work_on_a_frame(
    now_ms: float, cost_ms: float, wait_ms: float
) -> None:
    assert wait_ns(PHASE, int(now_ms * MS), int(cost_ms * MS)) == int(wait_ms * MS)


@pytest.mark.parametrize("change", [{"risk": 1}, {"risk": 0}, {"period_ns": 0}])
def test_nothing_waits_where_no_frame_is_at_risk(change: dict[str, int]) -> None:
    assert wait_ns(PHASE._replace(**change), 105 * MS, 3 * MS) == 0


def test_no_wait_is_longer_than_a_period_whatever_is_told() -> None:
    for due in (0, 1, 109 * MS, 110 * MS, 1 << 62):
        for submitted in (0, 100 * MS, 1 << 62):
            for busy in (0, 6 * MS, 1 << 62):
                for now in (0, 105 * MS, 1 << 40):
                    for cost in (0, 3 * MS, 1 << 40):
                        phase = FramePhase(submitted, PERIOD, due, busy, 3)
                        assert 0 <= wait_ns(phase, now, cost) <= PERIOD


def test_where_the_app_is_always_busy_a_run_begins_with_a_submission() -> None:
    phase = PHASE._replace(busy_ns=20 * MS)
    assert wait_ns(phase, 100 * MS + 1, 3 * MS) == 0
    assert wait_ns(phase, 104 * MS, 3 * MS) == 6 * MS
