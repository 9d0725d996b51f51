"""A channel with poses: its record to fill, its origin, and how it says that nothing is there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sensorium import records
from sensorium.health import Reason

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from sensorium.records import Record
    from sensorium.sensors.sensor import SensorIO

SESSION, LAYER = 1, 2
"""Who gives a pose, as records have it: an OpenXR session, the OpenXR layer in an app."""

CHANNELS = (
    "head", "hand_left", "hand_right", "controller_left", "controller_right", "gaze",
)  # fmt: skip
"""All that have poses."""

REPUBLISH_NS = 95_000_000
"""An invalid channel is written again after this long, so that it never looks stale."""


@dataclass(frozen=True)
class Origin:
    """What a record says of its space.

    Attributes:
        space: 1 STAGE, 2 LOCAL_FLOOR, 3 LOCAL; 0 unknown.
        generation: Counts recentres; a new session counts as one, since its origin may differ.
    """

    space: int = 0
    generation: int = 0


class Outlet:
    """One channel.

    Args:
        io: Where records go.
        channel: The channel's name.
        kind: Its record.
        giver: Who gives its poses: `SESSION` or `LAYER`.
        side: 1 left, 2 right; 0 for a record without sides.

    Attributes:
        record: To fill before `publish`; shape (1,).
    """

    def __init__(self, io: SensorIO, channel: str, kind: Record, giver: int, side: int = 0) -> None:
        self._io = io
        self._channel = channel
        self.record: NDArray[np.void] = kind.zeros()
        self._blank: NDArray[np.void] = kind.zeros()
        # A gaze's `source` is what it is made from: the eyes, or the head.
        self.record["given_by" if kind is records.GAZE else "source"] = giver
        if side:
            self.record["side"] = self._blank["side"] = side
        self._reason = Reason.NONE
        self._published_ns = 0

    def set_origin(self, origin: Origin) -> None:
        """Says which space the poses of the record are in."""
        for each in (self.record, self._blank):
            each["space"] = origin.space
            each["space_generation"] = origin.generation

    def publish(self, capture_ns: int) -> None:
        """Publishes the record as valid."""
        self._reason = Reason.NONE
        self._io.publish(self._channel, self.record, capture_ns)

    def withhold(self, now_ns: int, reason: Reason) -> None:
        """Publishes an empty invalid record, when the reason is new and then ten times a second."""
        if reason is self._reason and now_ns - self._published_ns < REPUBLISH_NS:
            return
        self._reason = reason
        self._published_ns = now_ns
        self._io.publish(self._channel, self._blank, now_ns, valid=False, reason=reason)


def outlets(io: SensorIO, giver: int) -> dict[str, Outlet]:
    """One for each of `CHANNELS`, by its name.

    Args:
        io: Where records go.
        giver: `SESSION` or `LAYER`.
    """
    kinds = {
        "head": records.HEAD, "hand": records.HAND, "controller": records.CONTROLLER,
        "gaze": records.GAZE,
    }  # fmt: skip
    made = {}
    for channel in CHANNELS:
        kind, _, side = channel.partition("_")
        number = {"left": 1, "right": 2}.get(side, 0)
        made[channel] = Outlet(io, channel, kinds[kind], giver, number)
    return made
