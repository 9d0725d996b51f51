"""An engine whose runs are timed, and what it took of the process's memory when it was loaded."""

from __future__ import annotations

from time import perf_counter_ns
from typing import TYPE_CHECKING, Any

from sensorium.inference.resident_memory import resident_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from sensorium.health import Device, Precision
    from sensorium.inference.engine import Engine
    from sensorium.inference.gate import Gate

KEPT = 512
"""Runs that the percentiles are of."""
_USUAL = 15
"""Of so many runs the lower quartile is what the next one is expected to take: on a busy PC half of
them wait for the processor in their middle."""


class MeasuredEngine:
    """See `inference.engine.Engine`; runs another one.

    Args:
        engine: The other one.
        memory_bytes: By how much the process grew when it was loaded; None: not known.
        gate: That its runs go through; None: they begin at once.

    Attributes:
        runs: That succeeded.
    """

    def __init__(
        self, engine: Engine, memory_bytes: int | None, gate: Gate | None = None
    ) -> None:
        self.name = engine.name
        self.labels = engine.labels
        self.metadata = engine.metadata
        self.memory_bytes = memory_bytes
        self.runs = 0
        self._engine = engine
        self._gate = gate
        self._took_ns = [0] * KEPT

    @property
    def file_hash(self) -> int:
        """See `Engine`; as `precision`."""
        return self._engine.file_hash

    @property
    def precision(self) -> Precision:
        """See `Engine`; another one where the engine that answers changes."""
        return self._engine.precision

    @property
    def device(self) -> Device:
        """See `Engine`; as `precision`."""
        return self._engine.device

    @property
    def is_steady(self) -> bool:
        """See `Engine`."""
        return self._engine.is_steady

    @property
    def note(self) -> str:
        """See `Engine`."""
        return self._engine.note

    def run(self, feeds: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        """See `Engine`."""
        if self._gate is None:
            begun = perf_counter_ns()
            outputs = self._engine.run(feeds)
            took = perf_counter_ns() - begun
        else:
            outputs, took = self._gate.run(self._engine, feeds, self.usual_ns)
        self._took_ns[self.runs % KEPT] = took
        self.runs += 1
        return outputs

    @property
    def usual_ns(self) -> int:
        """What its newest runs took, undisturbed; 0: there was none."""
        kept = min(self.runs, KEPT)
        newest = sorted(
            self._took_ns[(self.runs - back) % KEPT] for back in range(1, min(kept, _USUAL) + 1)
        )
        return newest[len(newest) // 4] if newest else 0

    def close(self) -> None:
        """See `Engine`."""
        self._engine.close()

    def figures(self) -> dict[str, Any]:
        """What it is and what its newest runs took, as JSON values; from any thread."""
        took = sorted(self._took_ns[: self.runs])

        def percentile_us(share: float) -> float | None:
            if not took:
                return None
            return round(took[min(len(took) - 1, int(share * len(took)))] / 1e3, 1)

        return {
            "engine": self.name,
            "precision": self.precision.name.lower(),
            "device": self.device.name.lower(),
            "note": self.note,
            "runs": self.runs,
            "p50_us": percentile_us(0.5),
            "p99_us": percentile_us(0.99),
            "memory_bytes": self.memory_bytes,
        }


def load(
    load_engine: Callable[[str], Engine], name: str, gate: Gate | None = None
) -> MeasuredEngine:
    """Loads an engine whose runs are timed; see `grown` and `MeasuredEngine`.

    Raises:
        EngineError: As `load_engine`.
    """
    return MeasuredEngine(*grown(load_engine, name), gate)


def grown(load_engine: Callable[[str], Engine], name: str) -> tuple[Engine, int | None]:
    """Loads an engine and looks by how many bytes the process grows; None: it is not known.

    The first one of a process has what the backend itself takes with it, and what other threads
    take meanwhile counts, too; one that shares its weights with another looks small.

    Args:
        load_engine: Loads it; see `store.load`.
        name: Of its card.

    Raises:
        EngineError: As `load_engine`.
    """
    before = resident_bytes()
    engine = load_engine(name)
    after = resident_bytes()
    if before is None or after is None:
        return engine, None
    return engine, max(0, after - before)
