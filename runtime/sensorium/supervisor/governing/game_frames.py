"""A game's frames as the OpenXR layer within it tells them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sensorium.inference.governor.frame import Frame
from sensorium.sensors.openxr_layer.frames import FrameCounts
from sensorium.sensors.openxr_layer.mapping import LayerMapping
from sensorium.sensors.openxr_layer.timing import cpu_ns, display_ns
from sensorium.supervisor.governing.in_time import MOST, MOST_NS, ROOMY_NS, InTime

if TYPE_CHECKING:
    from pathlib import Path


class GameFrames:
    """Reads one session's file.

    Args:
        path: Of the file.

    Attributes:
        about: What the game says of itself.

    Raises:
        SensorError: It cannot be read; says why.
    """

    def __init__(self, path: Path) -> None:
        self._mapping = LayerMapping(path)
        self.about = self._mapping.about
        self._counts = FrameCounts()
        self._in_time = InTime()
        self._number = self._looked = 0
        self._end_ns = self._shown = 0

    def left(self, *, patient: bool) -> int:
        """See `Source.left`. What stands there is checked when it is taken."""
        newest, offset = self._mapping.newest_frame()
        counts, end, shown = self._counts, 0, self._shown
        period = counts.period_ns
        if not self._looked < newest < self._number + MOST:
            return 0
        for number in range(self._looked + 1, newest + 1):
            frame = self._mapping.row_at_a_glance(number)
            if frame is None:
                return 0
            step, shown, end = frame.display_time - shown, frame.display_time, frame.end_ns
            if not 0 < 2 * step < 3 * period or not self._in_time.holds(
                frame.begin_ns, end, display_ns(frame, offset), min(period, frame.period),
                counts.missed,
            ):
                return 0
        most = ROOMY_NS if patient and self._in_time.roomy else MOST_NS
        if end > self._end_ns + most:
            return 0
        self._looked, self._shown = newest, shown
        return end

    def take(self, now_ns: int) -> list[Frame]:
        """What is new and keeps every rule, oldest first."""
        frames, self._number = self._mapping.rows_after(self._number, now_ns)
        self._looked = self._number
        if not frames:
            return []
        offset, counts = self._mapping.clock_offset_ns(), self._counts
        found = []
        for frame in frames:
            counts.count(frame, offset)
            found.append(Frame(
                frame.number, frame.begin_ns, frame.end_ns, display_ns(frame, offset),
                counts.period_ns, cpu_ns(frame), 0, counts.missed,
            ))  # fmt: skip
        self._end_ns, self._shown = frames[-1].end_ns, frames[-1].display_time
        self._in_time.taken(found)
        return found

    def is_over(self) -> bool:
        """Whether the session was destroyed, or its process is gone."""
        return self._mapping.is_over()

    def close(self) -> None:
        """Closes the file."""
        self._mapping.close()
