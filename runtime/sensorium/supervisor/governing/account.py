"""What the governor shows of itself, and what it takes itself."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from sensorium.inference.governor.frame import Risk

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sensorium.inference.governor.decision import Decision, Governed

_SPAN_NS = 500_000_000
"""What the thread takes is measured over at least so long."""
_SHARE = 4
"""And follows the newest of so many such spans."""
_OLD_NS = 2_000_000_000
"""What was said so long ago holds no longer: the channel `governor` is stale then, and senses take
what they need."""


class Account:
    """Filled by the governor's thread; what it counts goes on when that begins anew.

    Attributes:
        shown: What was said to hold, as JSON values; a new one each time, so that any thread may
            read it. Empty: nothing was.
        changes: Of steps, as often as any governor has told.
    """

    def __init__(self) -> None:
        self.shown: dict[str, Any] = {}
        self._shown_ns = 0
        self._priority = ""
        self.changes = 0
        self._level, self._risk = 0, Risk.UNKNOWN
        self._since_ns = self._held_ns = self._at_risk_ns = 0
        self._measured_ns = self._used_ns = 0
        self._share = 0.0

    def begin(self, priority: str) -> None:
        """The thread has begun, with this priority."""
        self._priority = priority
        self._measured_ns, self._share = 0, 0.0

    def end(self, now_ns: int) -> None:
        """The thread has ended, and nothing holds."""
        self._hold(0, Risk.UNKNOWN, now_ns)
        self.shown = {}

    def told(self, now_ns: int, *, enabled: bool) -> dict[str, Any]:
        """What holds, as JSON values; from any thread. What is old is not told.

        Args:
            now_ns: Monotonic.
            enabled: Whether the governor is.
        """
        shown, silent_ns = self.shown, now_ns - self._shown_ns
        if not enabled or not shown:
            return self._nothing(enabled=enabled)
        if silent_ns > _OLD_NS and not shown["problem"]:
            return {
                **self._nothing(enabled=True), "priority": self._priority,
                "problem": f"it has decided nothing for {silent_ns / 1e9:.0f} s",
            }
        return shown

    def show(
        self, decision: Decision, senses: Sequence[Governed], frames: list[dict[str, Any]],
        now_ns: int,
    ) -> None:  # fmt: skip
        """Says what holds from now on.

        Args:
            decision: It.
            senses: That are governed.
            frames: Of those who tell them now, what they are like.
            now_ns: Monotonic.
        """
        self._hold(decision.level, decision.risk, now_ns)
        self.changes, self._shown_ns = decision.changes, now_ns
        self._measure(now_ns)
        self.shown = {
            "enabled": True,
            "problem": "",
            "app": decision.app,
            "policy": decision.policy.name.lower(),
            "risk": decision.risk.name.lower(),
            "level": decision.level,
            "background": decision.background,
            "period_ms": round(decision.period_ns / 1e6, 3),
            "changes": decision.changes,
            "held_s": round(self._held_ns / 1e9, 1),
            "at_risk_s": round(self._at_risk_ns / 1e9, 1),
            "cpu_percent": round(self._share * 100, 2),
            "priority": self._priority,
            "apps": [one["app"] for one in frames],
            "frames": frames,
            "senses": [
                {
                    "sense": sense.name,
                    "step": (step := decision.steps[sense.name]).kind.name.lower(),
                    "interval_ms": step.interval_ms,
                    "longest_ms": sense.tempo.longest_ms,
                    "beyond": sense.name in decision.beyond,
                }
                for sense in senses
            ],
        }

    def fail(self, error: Exception, now_ns: int) -> None:
        """Says that nothing holds, and why."""
        self._hold(0, Risk.UNKNOWN, now_ns)
        problem = " ".join(f"{type(error).__name__}: {error}".split())
        self.shown = {
            **self._nothing(enabled=True), "problem": problem, "priority": self._priority
        }

    def _nothing(self, *, enabled: bool) -> dict[str, Any]:
        """What is told where nothing is decided."""
        return {
            "enabled": enabled, "problem": "", "app": "", "policy": "none", "risk": "unknown",
            "level": 0, "background": False, "period_ms": 0.0, "changes": self.changes,
            "held_s": round(self._held_ns / 1e9, 1),
            "at_risk_s": round(self._at_risk_ns / 1e9, 1),
            "cpu_percent": 0.0, "priority": "", "apps": [], "frames": [], "senses": [],
        }  # fmt: skip

    def _hold(self, level: int, risk: Risk, now_ns: int) -> None:
        span = now_ns - self._since_ns
        if self._level:
            self._held_ns += span
        if self._risk > Risk.ROOM:
            self._at_risk_ns += span
        self._level, self._risk, self._since_ns = level, risk, now_ns

    def _measure(self, now_ns: int) -> None:
        span = now_ns - self._measured_ns
        if span < _SPAN_NS:
            return
        used = time.thread_time_ns()
        if self._measured_ns:
            share = (used - self._used_ns) / span
            self._share += (share - self._share) / _SHARE if self._share else share
        self._measured_ns, self._used_ns = now_ns, used
