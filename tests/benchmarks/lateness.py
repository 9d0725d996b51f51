"""How late capture polls, told from the times of its polls alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

RATE_HZ = 90.0
PERIOD_NS = round(1e9 / RATE_HZ)
_GRID_NS = 20_000


def lateness_ms(times_ns: NDArray[np.int64]) -> NDArray[np.float64]:
    """Each poll's time after the deadline that it was for, 0 to a period.

    The deadlines are the grid of the display's rate where the polls' times begin to crowd, so the
    least time that a wake-up takes is left out. A poll that is later than a period counts as one
    for the next deadline, and one is left out: see `left_out`.

    Args:
        times_ns: Capture times of one run of capture, during which its rate stayed the same.
    """
    phase = times_ns % PERIOD_NS
    return (phase - _grid(phase)) % PERIOD_NS / 1e6


def left_out(times_ns: NDArray[np.int64], numbers: NDArray[np.int64]) -> int:
    """How many polls there are too few between the first and the last.

    Args:
        times_ns: Capture times, of any of the polls in order.
        numbers: Of their records: what the reader did not see was not left out.
    """
    periods = round((times_ns[-1] - times_ns[0]) / PERIOD_NS)
    return int(periods - (numbers[-1] - numbers[0]))


def _grid(phase: NDArray[np.int64]) -> int:
    """Where in the period the phases begin to crowd, in ns."""
    bins = PERIOD_NS // _GRID_NS
    count = np.bincount(np.minimum(phase // _GRID_NS, bins - 1), minlength=bins)
    first = int(count.argmax())
    while count[first - 1] > len(phase) / 500:
        first -= 1
    return first * _GRID_NS
