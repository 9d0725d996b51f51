"""How long a run of an engine takes here, as whoever waits for it sees it."""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from sensorium.inference.engine import Engine

_RUNS = 21
_LIMIT_S = 0.2


def pace(engine: Engine, feeds: Mapping[str, NDArray[Any]]) -> float:
    """The median of some runs, in seconds; a slow engine gets few.

    Args:
        engine: Loaded, and run before.
        feeds: What it is run on.

    Raises:
        EngineError: When a run fails.
    """
    took: list[float] = []
    while not took or (len(took) < _RUNS and sum(took) < _LIMIT_S):
        begin = time.perf_counter()
        engine.run(feeds)
        took.append(time.perf_counter() - begin)
    return statistics.median(took)
