"""What the governor did, and why: the newest steps, and counts of all since the start."""

from __future__ import annotations

import math
import threading
from collections import Counter, deque
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sensorium.inference.governor.decision import Change

KEPT = 128
"""Steps: what fits one answer of control."""


class History:
    """Filled by one thread, read by any."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._steps: deque[Change] = deque(maxlen=KEPT)
        self._counts: Counter[tuple[str, str, str]] = Counter()

    def add(self, changes: Iterable[Change]) -> None:
        """Keeps steps that were taken."""
        with self._lock:
            for change in changes:
                self._steps.append(change)
                direction = "less" if change.after > change.before else "more"
                cause = change.cause.name.lower()
                self._counts[change.sense or "background", direction, cause] += 1

    def newest(self, most: int, now_ns: int) -> list[dict[str, Any]]:
        """The newest steps, the newest first, as JSON values."""
        with self._lock:
            steps = list(self._steps)[-most:] if most else []
        return [_told(step, now_ns) for step in reversed(steps)]

    def counts(self) -> list[dict[str, Any]]:
        """How many steps of each sense, direction (less, more) and cause there were."""
        with self._lock:
            found = sorted(self._counts.items())
        return [
            {"sense": sense, "direction": direction, "cause": cause, "count": count}
            for (sense, direction, cause), count in found
        ]


def _told(step: Change, now_ns: int) -> dict[str, Any]:
    return {
        "change": step.change,
        "ago_s": round((now_ns - step.at_ns) / 1e9, 3),
        "app": step.app,
        "sense": step.sense,
        "engine": step.engine,
        "from": {"step": step.before.kind.name.lower(), "interval_ms": step.before.interval_ms},
        "to": {"step": step.after.kind.name.lower(), "interval_ms": step.after.interval_ms},
        "cause": step.cause.name.lower(),
        "level": step.level,
        "frame": step.frame,
        "frame_ms": round(step.frame_ns / 1e6, 3),
        "late_ms": round(step.late_ns / 1e6, 3),
        "period_ms": round(step.period_ns / 1e6, 3),
        "busy_ms": round(step.busy_ns / 1e6, 3),
        "cost_ms_s": round(step.cost_ns / 1e6, 3),
        "pressure": round(step.pressure, 3) if math.isfinite(step.pressure) else None,
    }
