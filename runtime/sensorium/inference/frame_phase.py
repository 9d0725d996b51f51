"""When in an app's frame a heavy run begins, so that it is over before the frame is due."""

from __future__ import annotations

from typing import NamedTuple

CLOSE = 2
"""The record's `risk` from which runs wait for their place."""
HEAVY_NS = 2_000_000
"""A shorter run is over sooner than a wait would be worth."""
_JUST = 8
"""A submission is new for this share of a period."""


class FramePhase(NamedTuple):
    """Where in its frame an app is; see the record `frame_phase`."""

    submitted_ns: int
    period_ns: int
    due_ns: int
    busy_ns: int
    risk: int


def wait_ns(phase: FramePhase, now_ns: int, cost_ns: int) -> int:
    """How long a run waits for its place, unless the app submits a frame before; 0: not at all.

    From the submission of one frame to the time from which the app works on the next one, the
    run disturbs nobody. One that fits into no such gap begins right after a submission. A frame
    that was not told of yet is taken to be submitted when it is due.

    Args:
        phase: The newest.
        now_ns: Monotonic.
        cost_ns: What the run will take.

    Returns:
        Never more than a period.
    """
    period = phase.period_ns
    if phase.risk < CLOSE or period <= 0:
        return 0
    due, submitted = phase.due_ns, phase.submitted_ns
    if due < now_ns:
        due += -(-(now_ns - due) // period) * period
        submitted = due - period
    left = min(due - now_ns, period)
    busy = min(phase.busy_ns, period)
    if cost_ns <= period - busy:
        return 0 if cost_ns <= left - busy else left
    return 0 if 0 <= now_ns - submitted <= period // _JUST else left
