"""Writes what the governor decides into its three channels."""

from __future__ import annotations

import os
import struct
from typing import TYPE_CHECKING

from sensorium import records
from sensorium.channels.writer import Writer
from sensorium.clock import now_ns
from sensorium.health import OwnerState, Reason
from sensorium.records.fields import encode_text
from sensorium.records.governing import GOVERNED, NAME_SIZE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sensorium.channels.region import Region, Waiters
    from sensorium.inference.governor.decision import Change, Decision, Governed
    from sensorium.inference.governor.frame import Phase

CHANNELS = ("governor", "frame_phase", "governor_step")
"""What the supervisor owns while the governor is enabled."""
BEYOND = 1
"""Bit of a governed sense's `flags`."""
_PHASE = struct.Struct(f"<4QII{records.FRAME_PHASE.size - 40}x")
_TEXTS = {"app": NAME_SIZE, "sense": 24, "engine": 48, "name": 24}
"""Bytes of the records' texts."""


class Outlet:
    """The owner of the channels; used by one thread.

    Args:
        region: Public, mapped for writing.
        waiters: Its page.
    """

    def __init__(self, region: Region, waiters: Waiters) -> None:
        for name in CHANNELS:
            region.new_owner(name, os.getpid())
        self._state, self._phase, self._step = (
            Writer(region, name, waiters) for name in CHANNELS
        )
        self._waiters, self._phase_lease = waiters, region.entry("frame_phase").index
        self._made: tuple[Decision, Sequence[Governed], bytes] | None = None
        self.withhold(Reason.STARTING)
        for name in CHANNELS:
            region.set_owner_state(name, OwnerState.LIVE, Reason.NONE)

    def decision(self, decision: Decision, senses: Sequence[Governed]) -> None:
        """What holds now; the same one is made into a record once."""
        made = self._made
        if made is None or made[0] is not decision or made[1] is not senses:
            self._made = made = decision, senses, _record(decision, senses)
        now = now_ns()
        self._state.publish(made[2], now, flags=int(len(senses) > GOVERNED))
        self._beat(now)

    def change(self, change: Change) -> None:
        """One step that was taken."""
        record = records.GOVERNOR_STEP.zeros()
        row = record[0]
        for name in ("app", "sense", "engine"):
            row[name] = _text(name, getattr(change, name))
        row["from_step"], row["from_interval_ms"] = change.before
        row["to_step"], row["to_interval_ms"] = change.after
        for name in (
            "cause", "level", "frame", "frame_ns", "late_ns", "period_ns", "busy_ns", "cost_ns",
            "pressure", "change",
        ):  # fmt: skip
            row[name] = getattr(change, name)
        self._step.publish(record, change.at_ns)

    def phase(self, phase: Phase) -> None:
        """Where in its frame the app is."""
        submitted, period, due, busy, risk = phase
        self._phase.publish(_PHASE.pack(submitted, period, due, busy, risk, 0), submitted)

    def phase_is_wanted(self, now_ns: int) -> bool:
        """Whether somebody sleeps until the next one, or did within the length of a lease."""
        return self._waiters.words[self._phase_lease] > now_ns

    def no_phase(self) -> None:
        """No app need be spared just now."""
        self._phase.publish(records.FRAME_PHASE.blank, now_ns(), False, Reason.INACTIVE)

    def withhold(self, reason: Reason) -> None:
        """Nothing is decided: every sense takes what it needs."""
        now = now_ns()
        self._state.publish(records.GOVERNOR.blank, now, False, reason)
        self._phase.publish(records.FRAME_PHASE.blank, now, False, reason)
        self._beat(now)

    def _beat(self, now: int) -> None:
        for writer in (self._state, self._phase, self._step):
            writer.heartbeat(now)


def _record(decision: Decision, senses: Sequence[Governed]) -> bytes:
    record = records.GOVERNOR.zeros()
    row = record[0]
    row["app"] = _text("app", decision.app)
    for name in (
        "policy", "risk", "level", "background", "gpu_spared", "period_ns", "changed_ns", "changes",
    ):  # fmt: skip
        row[name] = getattr(decision, name)
    told = senses[:GOVERNED]
    row["count"] = len(told)
    for slot, sense in zip(row["senses"], told, strict=False):
        step = decision.steps[sense.name]
        slot["name"] = _text("name", sense.name)
        slot["step"], slot["interval_ms"] = step
        slot["longest_ms"] = sense.tempo.longest_ms
        slot["flags"] = BEYOND if sense.name in decision.beyond else 0
    return record.tobytes()


def _text(name: str, value: str) -> bytes:
    return encode_text(value, _TEXTS[name])[0]
