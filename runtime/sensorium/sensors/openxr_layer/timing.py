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
        frames, self._number = self._mapping.frames_after(self._number, now_ns)
        offset = self._mapping.clock_offset_ns() if len(frames) else None
        for place in range(len(frames)):
            frame = frames[place : place + 1]
            self._counts.add(frame, offset)
            self._history.add(
                timing(frame[0], self._counts.missed, self._counts.period_ns, offset)[0]
            )

    def figures(self, now_ns: int) -> dict[str, Any]:
        """Whose they are, and what they are like; see `FrameHistory.figures`."""
        about = self._mapping.about
        return {
            "app": about.app, "pid": about.pid, "source": "layer",
            **self._history.figures(now_ns),
        }  # fmt: skip


def timing(
    frame: np.void, missed: int, period_ns: int, clock_offset_ns: int | None
) -> NDArray[np.void]:
    """One frame as `records.FRAME_TIMING`, shape (1,).

    The CPU's time is from when xrWaitFrame returned to xrEndFrame, but for what xrBeginFrame took,
    which may wait for the GPU. The display time of a frame that is not the one that was waited for
    is not known.

    Args:
        frame: A checked `layout.FRAME`.
        missed: Frames missed so far.
        period_ns: The display's; 0: not known.
        clock_offset_ns: What to add to a runtime's time for the monotonic clock, if known.
    """
    record = records.FRAME_TIMING.zeros()
    begun, returned = (int(each) for each in frame["begin_ns"])
    display = int(frame["display_time"]) + (clock_offset_ns or 0)
    record["frame"] = frame["number"]
    record["begin_ns"], record["end_ns"] = begun, frame["end_ns"][0]
    dated = clock_offset_ns is not None and not frame["flags"] & layout.UNMATCHED
    record["display_ns"] = display if dated and display > 0 else 0
    record["period_ns"], record["missed"] = period_ns, missed
    record["cpu_ns"] = int(frame["end_ns"][0]) - int(frame["wait_ns"][1]) - (returned - begun)
    record["source"] = _SOURCE_LAYER
    return record
