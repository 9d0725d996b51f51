"""How long a run of an engine takes here, as whoever waits for it sees it."""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_RUNS = 21
_LIMIT_S = 0.2


def pace(run: Callable[[], object]) -> float:
    """The median of some runs, in seconds; a slow engine gets few.

    Args:
        run: Runs it, which was run before.

    Raises:
        EngineError: When a run fails.
    """
    took: list[float] = []
    while not took or (len(took) < _RUNS and sum(took) < _LIMIT_S):
        begin = time.perf_counter()
        run()
        took.append(time.perf_counter() - begin)
    return statistics.median(took)
