"""Sensors that write the same channels: one is heard, and the switch is no jump.

The rule: of two sensors the one that sees the first of their channels (the head); of two that do,
the one that sees more of them; of equals the one that is named first. Another than the present one
is chosen once it was better for `HOLD_NS`, or for `GONE_NS` where the present one has lost the
first channel. Poses of two sensors have two origins: a switch counts as a recentre.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from sensorium.health import Reason
    from sensorium.process.outputs import Outputs
    from sensorium.process.sensing import Report

HOLD_NS = 2_000_000_000
GONE_NS = 250_000_000
FRESH_NS = 150_000_000
"""A channel without a valid record for so long is not seen."""
_JUDGE_NS = 20_000_000


class Side:
    """What one of the sensors publishes and reports to; see `SensorThread`.

    Attributes:
        name: The sensor's.
        seen_ns: When each channel was last valid.
    """

    def __init__(self, choice: Choice, name: str, report: Callable[[Report], None]) -> None:
        self.name = name
        self.seen_ns: dict[str, int] = {}
        self._choice = choice
        self._report = report
        self._said: Report | None = None

    def publish(
        self, channel: str, record: NDArray[np.void] | None, capture_ns: int, **more: Any
    ) -> None:
        """Publishes the record where this sensor is the chosen one."""
        self._choice.publish(self, channel, record, capture_ns, more)

    def refuse(self, channels: tuple[str, ...], reason: Reason) -> None:
        """Marks the channels invalid where this sensor is the chosen one."""
        self._choice.refuse(self, channels, reason)

    def report(self, report: Report) -> None:
        """Passes on what the sensor says of itself, and whether it is the chosen one."""
        self._said = report
        self.tell()

    def tell(self) -> None:
        """Says anew what the sensor said last."""
        if self._said is None:
            return
        name, state, detail, remedy = self._said
        chosen = self._choice.chosen
        use = "in use" if chosen is self else f"not in use: {chosen.name} is"
        self._report((name, state, f"{detail}; {use}" if detail else use, remedy))


class Choice:
    """Chooses one of some sensors, each in a thread of its own.

    Args:
        names: The sensors, the preferred one first.
        leading: The channel that counts most.
        outputs: Where the chosen one publishes. Every record has a `space_generation`.
        report: Where reports go.

    Attributes:
        chosen: The side that is heard.
    """

    def __init__(
        self, names: Sequence[str], leading: str, outputs: Outputs,
        report: Callable[[Report], None],
    ) -> None:
        self.sides = {name: Side(self, name, report) for name in names}
        self.chosen = self.sides[names[0]]
        self._leading = leading
        self._outputs = outputs
        self._lock = threading.Lock()
        self._judged_ns = 0
        self._rival: Side | None = None
        self._since_ns = 0
        self._origin: tuple[str, int, int] | None = None
        self._generation = 0

    def publish(
        self, side: Side, channel: str, record: NDArray[np.void] | None, capture_ns: int,
        more: dict[str, Any],
    ) -> None:
        """Takes a record of a side; see `SensorIO.publish`."""
        now = self._outputs.clock()
        valid = more.get("valid", True)
        with self._lock:
            if valid:
                side.seen_ns[channel] = now
            switched = now - self._judged_ns >= _JUDGE_NS and self._judge(now)
            if side is self.chosen:
                if record is not None:
                    record = self._placed(record, valid=valid)
                self._outputs.publish(channel, record, capture_ns, **more)
        if switched:
            for each in self.sides.values():
                each.tell()

    def refuse(self, side: Side, channels: tuple[str, ...], reason: Reason) -> None:
        """Marks the channels of a side invalid."""
        with self._lock:
            if side is self.chosen:
                self._outputs.refuse(channels, reason)

    def _placed(self, record: NDArray[np.void], *, valid: bool) -> NDArray[np.void]:
        """The record with a generation that counts the recentres and switches of all sides."""
        if valid:
            origin = (
                self.chosen.name, int(record["space"][0]), int(record["space_generation"][0])
            )
            if origin != self._origin:
                self._generation += self._origin is not None
                self._origin = origin
        placed = record.copy()
        placed["space_generation"] = self._generation
        return placed

    def _judge(self, now: int) -> bool:
        """Chooses anew, and returns whether another is chosen."""
        self._judged_ns = now
        worth = {side: self._worth(side, now) for side in self.sides.values()}
        best = max(worth, key=lambda side: worth[side])
        if best is self.chosen or worth[best] == worth[self.chosen] == (False, 0):
            self._rival = None
            return False
        if best is not self._rival:
            self._rival, self._since_ns = best, now
        leads, _ = worth[self.chosen]
        if now - self._since_ns < (HOLD_NS if leads else GONE_NS):
            return False
        self.chosen, self._rival = best, None
        return True

    def _worth(self, side: Side, now: int) -> tuple[bool, int]:
        seen = [name for name, at in side.seen_ns.items() if now - at < FRESH_NS]
        return self._leading in seen, len(seen)
