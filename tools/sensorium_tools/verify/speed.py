"""How long a run takes: graphs take turns, so that a machine that slows down slows all of them."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sensorium_tools.evaluate import Run
    from sensorium_tools.quantise.recorder import Feeds

_SECONDS = 3.0
_MOST = 400
_LEAST = 12
_WARM = 3


@dataclass(frozen=True)
class Speed:
    """Times of one graph.

    Attributes:
        p50_ms: Half of the runs take no longer.
        p99_ms: 99 % of the runs take no longer.
        runs: How many were timed.
    """

    p50_ms: float
    p99_ms: float
    runs: int


def compare(runs: Mapping[str, Run], feeds: Sequence[Feeds]) -> dict[str, Speed]:
    """Times several graphs on the same inputs, in turns.

    Args:
        runs: Name to graph.
        feeds: Inputs; all of them are used, in turn.

    Returns:
        Name to times. Their ratio is worth more than they are.
    """
    for run in runs.values():
        for _ in range(_WARM):
            run(feeds[0])
    times: dict[str, list[int]] = {name: [] for name in runs}
    end = time.perf_counter() + _SECONDS
    for place in range(_MOST):
        if place >= _LEAST and time.perf_counter() > end:
            break
        given = feeds[place % len(feeds)]
        for name, run in runs.items():
            begin = time.perf_counter_ns()
            run(given)
            times[name].append(time.perf_counter_ns() - begin)
    return {
        name: Speed(
            float(np.median(taken)) / 1e6, float(np.quantile(taken, 0.99)) / 1e6, len(taken)
        )
        for name, taken in times.items()
    }
