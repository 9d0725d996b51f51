"""A game's frames as the OpenXR layer within it tells them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sensorium.inference.governor.frame import Frame
from sensorium.sensors.openxr_layer.frames import FrameCounts
from sensorium.sensors.openxr_layer.mapping import LayerMapping
from sensorium.sensors.openxr_layer.timing import timing

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
        self._number = 0

    def left(self, heed: bool) -> int:
        """See `Source.left`."""
        return 0

    def take(self, now_ns: int) -> list[Frame]:
        """What is new and keeps every rule, oldest first."""
        frames, self._number = self._mapping.frames_after(self._number, now_ns)
        if not len(frames):
            return []
        offset = self._mapping.clock_offset_ns()
        found = []
        for place in range(len(frames)):
            self._counts.add(frames[place : place + 1], offset)
            row = timing(frames[place], self._counts.missed, self._counts.period_ns, offset)[0]
            found.append(Frame(*row.item()[: len(Frame._fields)]))
        return found

    def is_over(self) -> bool:
        """Whether the session was destroyed, or its process is gone."""
        return self._mapping.is_over()

    def close(self) -> None:
        """Closes the file."""
        self._mapping.close()
