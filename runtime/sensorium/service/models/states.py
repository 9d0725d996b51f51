"""How the engines are, for whoever looks from outside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sensorium.inference import store
from sensorium.service.models import residency

if TYPE_CHECKING:
    from collections.abc import Collection

    from sensorium.service.models.residency import Resident

_ON_DEMAND = "loaded when it is used"
_US = 1e-3


@dataclass(frozen=True)
class State:
    """How an engine is.

    Attributes:
        name: Of its card.
        state: READY (loaded), LOADING or UNAVAILABLE.
        reason: Why it is not loaded; empty where it is.
        precision: Of the loaded engine; empty.
        device: Where it runs; empty.
        note: Why it runs there, where that is not where it was meant to.
        warm: Whether it stays loaded without use.
        waiting: Turns that wait for it.
        runs: Since the service began.
        p50_us: Of the last 1,024 runs.
        p99_us: Of these.
        idle_s: Since it was last used; None: it is not loaded.
        memory_bytes: By how much the process grew when it was loaded; None: not known.
    """

    name: str
    state: str
    reason: str
    precision: str = ""
    device: str = ""
    note: str = ""
    warm: bool = False
    waiting: int = 0
    runs: int = 0
    p50_us: float = 0.0
    p99_us: float = 0.0
    idle_s: float | None = None
    memory_bytes: int | None = None


def cards(known: Collection[str]) -> list[tuple[str, State | None]]:
    """The names of all cards, in order; with the states of engines that nobody asked for.

    It looks at the disk, so an event loop leaves it to a thread.

    Args:
        known: Names of those that somebody asked for; they get None.
    """
    return [(name, None if name in known else _unused(name)) for name in store.names()]


def _unused(name: str) -> State:
    there = store.stamp(name) is not None
    return State(
        name, residency.UNAVAILABLE, _ON_DEMAND if there else f"sensorium-engines build {name}"
    )


def used(resident: Resident, waiting: int, now_s: float) -> State:
    """The state of an engine that somebody asked for.

    Args:
        resident: The engine.
        waiting: Turns that wait for it.
        now_s: The loop's time.
    """
    engine, figures = resident.engine, resident.figures
    reason = str(resident.error) if resident.error else _ON_DEMAND
    return State(
        resident.name,
        resident.state,
        "" if engine else reason,
        engine.precision.name if engine else "",
        engine.device.name if engine else "",
        engine.note if engine else "",
        resident.warm,
        waiting,
        figures.whole.run.count,
        figures.percentile_ns(0.5) * _US,
        figures.percentile_ns(0.99) * _US,
        now_s - resident.used_s if engine else None,
        resident.memory_bytes if engine else None,
    )
