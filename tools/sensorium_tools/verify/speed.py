"""How long a run takes: graphs take turns, so that a machine that slows down slows all of them.

A loaded graph may be some percent slower or faster than the same graph loaded again, by where its
memory lies. So each is loaded several times, and a ratio is the least that any round showed.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sensorium_tools.evaluate import Run
    from sensorium_tools.progress import Progress
    from sensorium_tools.quantise.recorder import Feeds

_ROUNDS = 3
_SECONDS = 1.2
_MOST = 150
_LEAST = 6
_WARM = 3


@dataclass(frozen=True)
class Speed:
    """Times of one graph.

    Attributes:
        p50_ms: Half of the runs take no longer.
        p99_ms: 99 % of the runs take no longer.
        speedup: The first graph's median over this one's, the middle of the rounds.
        least_speedup: The smallest of the rounds.
        runs: How many were timed.
    """

    p50_ms: float
    p99_ms: float
    speedup: float
    least_speedup: float
    runs: int


def compare(
    loads: Mapping[str, Callable[[], Run]], feeds: Sequence[Feeds], progress: Progress, label: str
) -> dict[str, Speed]:
    """Times several graphs on the same inputs, in turns.

    Args:
        loads: Name to what loads a graph; the first is what the others are compared with.
        feeds: Inputs; all of them are used, in turn.
        progress: Told of each round.
        label: What it is called there.

    Returns:
        Name to times.
    """
    rounds: list[dict[str, list[int]]] = []
    with progress.steps(label, _ROUNDS) as advance:
        for place in range(_ROUNDS):
            runs = {name: load() for name, load in loads.items()}
            names = list(runs)
            rounds.append(_round(runs, names[place % len(names):] + names[:place % len(names)],
                                 feeds))
            advance(1)
    first = next(iter(loads))
    found = {}
    for name in loads:
        ratios = [float(np.median(each[first]) / np.median(each[name])) for each in rounds]
        times = np.concatenate([each[name] for each in rounds]) / 1e6
        found[name] = Speed(
            float(np.median(times)), float(np.quantile(times, 0.99)),
            float(np.median(ratios)), min(ratios), len(times),
        )
    return found


def _round(
    runs: Mapping[str, Run], names: Sequence[str], feeds: Sequence[Feeds]
) -> dict[str, list[int]]:
    for run in runs.values():
        for _ in range(_WARM):
            run(feeds[0])
    times: dict[str, list[int]] = {name: [] for name in names}
    end = time.perf_counter() + _SECONDS
    for place in range(_MOST):
        if place >= _LEAST and time.perf_counter() > end:
            break
        given = feeds[place % len(feeds)]
        for name in names:
            begin = time.perf_counter_ns()
            runs[name](given)
            times[name].append(time.perf_counter_ns() - begin)
    return times
