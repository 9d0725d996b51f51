"""What a worker's thread does: runs of one engine, each caller's result its own."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sensorium.clock import now_ns
from sensorium.errors import EngineError
from sensorium.service.models.figures import Timing

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from numpy.typing import NDArray

    from sensorium.health import Device, Precision
    from sensorium.inference.engine import Engine
    from sensorium.service.models.batching import Batching


@dataclass(frozen=True)
class Ran:
    """The result of a run.

    Attributes:
        outputs: Output name to array; the caller's own.
        precision: Of the engine that ran.
        device: Where it ran.
        rows: Of all callers in that run; 0 where they are not counted.
        timing: What the run took.
    """

    outputs: dict[str, NDArray[Any]]
    precision: Precision
    device: Device
    rows: int
    timing: Timing


def alone(
    engine: Engine,
    feeds: Mapping[str, NDArray[Any]],
    rows: int = 0,
    wanted: Collection[str] | None = None,
) -> Ran:
    """One caller's run.

    Args:
        engine: Whose run.
        feeds: The caller's.
        rows: To be counted.
        wanted: The outputs to be copied; None: all.

    Raises:
        EngineError: See `Engine.run`.
    """
    begun, cpu = now_ns(), time.thread_time_ns()
    outputs = engine.run(feeds)
    ran, cpu = now_ns(), time.thread_time_ns() - cpu
    # The arrays are the engine's: the next run writes into them.
    own = {
        name: array.copy()
        for name, array in outputs.items()
        if wanted is None or name in wanted
    }
    return Ran(
        own, engine.precision, engine.device, rows, Timing(0, ran - begun, now_ns() - ran, cpu)
    )


def together(
    engine: Engine,
    several: Sequence[Mapping[str, NDArray[Any]]],
    counts: Sequence[int],
    batching: Batching,
) -> list[Ran | EngineError]:
    """One run for several callers.

    Where it fails each has a run of its own, so that nobody pays for another's feeds.

    Args:
        engine: Whose run.
        several: Feeds by caller.
        counts: Rows by caller.
        batching: How they are joined.
    """
    begun = now_ns()
    try:
        joined = batching.join(several)
        ready, cpu = now_ns(), time.thread_time_ns()
        outputs = engine.run(joined)
    except EngineError:
        return [
            _tried(engine, feeds, count) for feeds, count in zip(several, counts, strict=True)
        ]
    ran, cpu = now_ns(), time.thread_time_ns() - cpu
    parts = batching.split(outputs, counts)
    timing = Timing(ready - begun, ran - ready, now_ns() - ran, cpu)
    rows = sum(counts)
    return [Ran(part, engine.precision, engine.device, rows, timing) for part in parts]


def _tried(engine: Engine, feeds: Mapping[str, NDArray[Any]], rows: int) -> Ran | EngineError:
    try:
        return alone(engine, feeds, rows)
    except EngineError as error:
        return error
