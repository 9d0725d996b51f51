"""A game's frames as the layer tells them, as the record that apps write of theirs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sensorium import records
from sensorium.sensors.frame_history import FrameHistory
from sensorium.sensors.openxr_layer import layout
from sensorium.sensors.openxr_layer.frames import FrameCounts

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from sensorium.sensors.openxr_layer.mapping import LayerMapping

_SOURCE_LAYER = 2


class GameFrames:
    """Follows the frames of one game.

    Args:
        mapping: Its file.
    """

    def __init__(self, mapping: LayerMapping) -> None:
        self._mapping = mapping
        self._number = 0
        self._counts = FrameCounts()
        self._history = FrameHistory()

    def take(self, now_ns: int) -> None:
        """Takes what is new: at most as many frames as the file has room for."""
        frames, self._number = self._mapping.rows_after(self._number, now_ns)
        offset = self._mapping.clock_offset_ns() if frames else None
        counts = self._counts
        for frame in frames:
            counts.count(frame, offset)
            self._history.add(timing(frame, counts.missed, counts.period_ns, offset)[0])

    def figures(self, now_ns: int) -> dict[str, Any]:
        """Whose they are, and what they are like; see `FrameHistory.figures`."""
        about = self._mapping.about
        return {
            "app": about.app, "pid": about.pid, "source": "layer",
            **self._history.figures(now_ns),
        }  # fmt: skip


def timing(
    frame: layout.LayerFrame, missed: int, period_ns: int, clock_offset_ns: int | None
) -> NDArray[np.void]:
    """One frame as `records.FRAME_TIMING`, shape (1,).

    Args:
        frame: A checked one.
        missed: Frames missed so far.
        period_ns: The display's; 0: not known.
        clock_offset_ns: What to add to a runtime's time for the monotonic clock, if known.
    """
    record = records.FRAME_TIMING.zeros()
    row = record[0]
    row["frame"], row["begin_ns"], row["end_ns"] = frame.number, frame.begin_ns, frame.end_ns
    row["display_ns"] = display_ns(frame, clock_offset_ns)
    row["period_ns"], row["missed"] = period_ns, missed
    row["cpu_ns"], row["source"] = cpu_ns(frame), _SOURCE_LAYER
    return record


def display_ns(frame: layout.LayerFrame, clock_offset_ns: int | None) -> int:
    """When it is meant to be shown, monotonic; 0: that is not known.

    The display time of a frame that is not the one that was waited for is not known.

    Args:
        frame: A checked one.
        clock_offset_ns: What to add to a runtime's time for the monotonic clock, if known.
    """
    if clock_offset_ns is None or frame.flags & layout.UNMATCHED:
        return 0
    return max(0, frame.display_time + clock_offset_ns)


def cpu_ns(frame: layout.LayerFrame) -> int:
    """The CPU's time, from when xrWaitFrame returned to xrEndFrame.

    But for what xrBeginFrame took, which may wait for the GPU.
    """
    return frame.end_ns - frame.wait_done_ns - (frame.begin_done_ns - frame.begin_ns)
