"""A channel of this sensor: its record to fill, and how it says that nothing is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sensorium.health import Reason

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from sensorium.records import Record
    from sensorium.sensors.openxr.spaces import Origin
    from sensorium.sensors.sensor import SensorIO

SOURCE_SESSION = 1
"""In a record's `source`: an OpenXR session."""

REPUBLISH_NS = 95_000_000
"""An invalid channel is written again after this long, so that it never looks stale."""


class Outlet:
    """One channel.

    Args:
        io: Where records go.
        channel: The channel's name.
        kind: Its record.
        side: 1 left, 2 right; 0 for a record without sides.

    Attributes:
        record: To fill before `publish`; shape (1,).
    """

    def __init__(self, io: SensorIO, channel: str, kind: Record, side: int = 0) -> None:
        self._io = io
        self._channel = channel
        self.record: NDArray[np.void] = kind.zeros()
        self._blank: NDArray[np.void] = kind.zeros()
        if side:
            self.record["side"] = self._blank["side"] = side
        self._reason = Reason.NONE
        self._published_ns = 0

    def set_origin(self, origin: Origin) -> None:
        """Says which space the poses of the record are in."""
        for each in (self.record, self._blank):
            each["space"] = origin.space
            each["space_generation"] = origin.generation
        self.record["source"] = SOURCE_SESSION

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
