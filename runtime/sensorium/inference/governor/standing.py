"""Where every sense stands, and the evidence of how it came there."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING

from sensorium.inference.governor.decision import Change, Decision
from sensorium.inference.governor.frame import Risk
from sensorium.inference.governor.ladder import Ladder
from sensorium.inference.governor.step import Step, StepKind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sensorium.inference.governor.app_frames import AppFrames
    from sensorium.inference.governor.decision import Governed
    from sensorium.inference.governor.policy import Policy
    from sensorium.inference.governor.step import Cause

_CHANGES = 1024
"""Changes that wait to be taken; of more the oldest are left out."""
_SETTLED_NS = 2_000_000_000
"""So long after a change a sense's cost is that of its new step."""
_ON, _OFF = Step(StepKind.REDUCED), Step()


class Standing:
    """Sets the level and keeps what it does to each sense.

    Args:
        senses: That are governed.
        policy: Of an app that has none of its own.
        changes: How often steps were changed before.

    Attributes:
        decision: The present one.
        ladder: What the levels take; see `prepare`.
        paused: Whether all are paused, which is the level above the ladder's top.
        changed_ns: Monotonic, of the newest change; None: there was none.
        full: What the engines of each sense take at full, ns a second; None: not known.
        pressure: The newest share of time that others waited for; NaN: not asked.
    """

    def __init__(self, senses: Sequence[Governed], policy: Policy, changes: int = 0) -> None:
        self._senses = {sense.name: sense for sense in senses}
        self._costs: dict[str, int] = {}
        self._changes: deque[Change] = deque(maxlen=_CHANGES)
        self.full: dict[str, int | None] = {
            sense.name: None if sense.engine else 0 for sense in senses
        }
        self.ladder = Ladder(senses, {})
        self.decision = Decision(policy=policy, steps=self.ladder.steps(0), changes=changes)
        self.changed_ns: int | None = None
        self.pressure = math.nan
        self._waits_for_gpu = False

    @property
    def level(self) -> int:
        """The present one."""
        return self.decision.level

    @property
    def paused(self) -> bool:
        """Whether all are paused by the policy."""
        return self.level > self.ladder.top

    def since_ns(self, now_ns: int) -> float:
        """Since the newest change; infinite: there was none."""
        return math.inf if self.changed_ns is None else now_ns - self.changed_ns

    def costs(self, costs: Mapping[str, int], now_ns: int) -> None:
        """Takes what the engines of each sense take now, ns a second; not in it: not known."""
        self._costs = {
            name: cost for name, cost in costs.items() if cost >= 0 and name in self._senses
        }
        settled = self.since_ns(now_ns) > _SETTLED_NS
        for name, cost in self._costs.items():
            at_full = settled and self.decision.steps[name].kind is StepKind.FULL
            self.full[name] = cost if at_full else max(cost, self.full[name] or 0)

    def added(self, level: int) -> float:
        """Processors that senses take more at a lower level, as far as their costs are known."""
        rungs = self.ladder.rungs[level : self.level]
        return sum((self.full.get(rung.sense) or 0) * rung.saves for rung in rungs) / 1e9

    def prepare(self, app: AppFrames | None, *, gpu_short: bool = False) -> None:
        """Makes the ladder anew, by what is known now, while all is at full.

        Another device is no help but to who waits for the GPU: it is the CPU. An app that
        comes while something is taken has callers' engines leave it with the next change.

        Args:
            app: Whose frames are in trouble; None: nobody's.
            gpu_short: Whether it is the GPU that others need.
        """
        waits = gpu_short or (app is not None and app.waits_for_gpu)
        if self.level:
            self._waits_for_gpu |= waits
            return
        self._waits_for_gpu = waits
        senses = [
            sense._replace(other_device=sense.other_device and waits)
            for sense in self._senses.values()
        ]
        self.ladder = Ladder(senses, {name: cost for name, cost in self.full.items() if cost})

    def set_level(self, level: int, cause: Cause, app: AppFrames | None, now_ns: int) -> None:
        """Changes the level and tells each step of it, with its evidence.

        Args:
            level: Another than the present one; above the ladder's top: all are paused.
            cause: Why.
            app: Whose frames are the reason; None: nobody's.
            now_ns: Monotonic.
        """
        old = self.decision
        level = min(level, self.ladder.top + 1)
        paused = level > self.ladder.top
        steps = self.ladder.steps_paused() if paused else self.ladder.steps(level)
        background = level > 0
        self.changed_ns = now_ns
        self.decision = replace(
            old, level=level, background=background, steps=steps,
            gpu_spared=paused or (background and self._waits_for_gpu),
            beyond=self.ladder.beyond(steps), changed_ns=now_ns, changes=old.changes + 1,
        )  # fmt: skip
        if background is not old.background:
            self._tell("", _ON if old.background else _OFF, _ON if background else _OFF, cause, app)
        for name, step in steps.items():
            if step != old.steps[name]:
                self._tell(name, old.steps[name], step, cause, app)

    def hold(self, app: AppFrames | None, policy: Policy) -> bool:
        """Says whose frames are held, and their risk; returns whether that is new."""
        old = self.decision
        name, risk, period = "", Risk.UNKNOWN, 0
        if app is not None:
            name, risk, period = app.name, app.risk, app.period_ns
        if (old.app, old.risk, old.policy, old.period_ns) == (name, risk, policy, period):
            return False
        self.decision = replace(old, app=name, risk=risk, policy=policy, period_ns=period)
        return True

    def take_changes(self) -> list[Change]:
        """Steps that were changed since the last call, the oldest first."""
        taken = list(self._changes)
        self._changes.clear()
        return taken

    def _tell(
        self, sense: str, before: Step, after: Step, cause: Cause, app: AppFrames | None
    ) -> None:
        decision, last = self.decision, app.last if app is not None else None
        self._changes.append(Change(
            at_ns=decision.changed_ns,
            app=app.name if app is not None else "",
            sense=sense,
            engine=self._senses[sense].engine if sense else "",
            before=before,
            after=after,
            cause=cause,
            level=decision.level,
            frame=last.number if last is not None else 0,
            frame_ns=last.end_ns - last.begin_ns if last is not None else 0,
            late_ns=app.late_ns if app is not None else 0,
            period_ns=app.period_ns if app is not None else 0,
            busy_ns=app.busy_ns if app is not None else 0,
            cost_ns=self._costs.get(sense, 0),
            pressure=self.pressure,
            change=decision.changes,
        ))  # fmt: skip
