"""Who tells frames, in figures: how often, how long, how late, now and in the last minute."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sensorium.inference.governor.app_frames import AppFrames
    from sensorium.inference.governor.policy import Policy

_EVERY_NS = 500_000_000
"""Between two counts that are kept."""
_RATE_NS = 2_250_000_000
"""What the rate is of."""
_MINUTE_NS = 60_000_000_000


class _Count(NamedTuple):
    at_ns: int
    told_ns: int
    """When the newest frame was taken; 0: before the first one."""
    frames: int
    late: int
    missed: int


class Telling:
    """Keeps counts of each app that tells frames; used by one thread."""

    def __init__(self) -> None:
        self._counts: dict[str, deque[_Count]] = {}

    def figures(
        self, apps: Iterable[tuple[AppFrames, Policy]], held: str, now_ns: int
    ) -> list[dict[str, Any]]:
        """What their frames are like, as JSON values.

        Args:
            apps: Who tells frames now, with the policy that holds for it.
            held: Whose frames are held; empty: nobody's.
            now_ns: Monotonic; call it twice a second.

        Returns:
            Of each app: `rate_hz` of the last two seconds (None: not known yet), `period_ms` of the
            display and `busy_ms`, the p95 of its newest 64 frames from begin to submission (None:
            not known), `frames`, `late` and `missed` of the last minute, as the governor judges
            them.
        """
        told = [self._figures(app, policy, held, now_ns) for app, policy in apps]
        old = now_ns - _MINUTE_NS
        # Who stops for a moment keeps its minute.
        self._counts = {
            name: counts for name, counts in self._counts.items() if counts[-1].at_ns > old
        }
        return told

    def _figures(
        self, app: AppFrames, policy: Policy, held: str, now_ns: int
    ) -> dict[str, Any]:
        now = _Count(now_ns, app.told_ns, app.frames, app.late, app.missed)
        counts = self._counts.get(app.name)
        if counts is None or counts[-1].frames > now.frames:
            counts = self._counts[app.name] = deque([_Count(now_ns, 0, 0, 0, 0)])
        if now_ns - counts[-1].at_ns >= _EVERY_NS or not counts[-1].told_ns:
            counts.append(now)
        while counts[0].at_ns < now_ns - _MINUTE_NS:
            counts.popleft()
        before = counts[0]
        return {
            "app": app.name,
            "held": app.name == held,
            "policy": policy.name.lower(),
            "risk": app.risk.name.lower(),
            "rate_hz": _rate_hz(counts, now),
            "period_ms": round(app.period_ns / 1e6, 3) if app.period_ns else None,
            "busy_ms": round(app.busy_ns / 1e6, 3) if app.busy_ns else None,
            "frames": now.frames - before.frames,
            "late": now.late - before.late,
            "missed": now.missed - before.missed,
        }


def _rate_hz(counts: Iterable[_Count], now: _Count) -> float | None:
    for count in counts:
        if count.told_ns and count.at_ns >= now.at_ns - _RATE_NS:
            span = now.told_ns - count.told_ns
            return round((now.frames - count.frames) * 1e9 / span, 1) if span > 0 else None
    return None
