"""One frame of an app, what is made of its risk, and when the next one is due."""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple


class Frame(NamedTuple):
    """A submitted frame: the fields of `records.FRAME_TIMING` that the governor reads.

    Whoever reads them from an app checks them first; values that contradict one another still
    break nothing.

    Attributes:
        number: The app's own, counts up.
        begin_ns: Monotonic, when the app began it.
        end_ns: Monotonic, when it was submitted.
        display_ns: Monotonic, when it is meant to be shown; 0: not known.
        period_ns: Of the display; 0: not known.
        cpu_ns: What it took of a processor; 0: not known.
        gpu_ns: What it took of the GPU; 0: not known.
        missed: Frames that the app or the layer counts as missed since it began.
    """

    number: int
    begin_ns: int
    end_ns: int
    display_ns: int = 0
    period_ns: int = 0
    cpu_ns: int = 0
    gpu_ns: int = 0
    missed: int = 0


class Risk(IntEnum):
    """How near an app is to missing a frame; as in `records.GOVERNOR`."""

    UNKNOWN = 0
    """No frames are known."""
    ROOM = 1
    CLOSE = 2
    """Frames leave so little of their time that the next ones are likely to be late."""
    LATE = 3
    """One was late within the last second."""


class Phase(NamedTuple):
    """Where in its frame an app is; the fields of `records.FRAME_PHASE`.

    Attributes:
        submitted_ns: Monotonic, when the newest frame was submitted.
        period_ns: From one frame to the next as the app makes them; 0: not known.
        due_ns: Monotonic, by when the next one must be submitted, predicted; 0: not known.
        busy_ns: That the app works on a frame before it submits it, predicted; 0: not known.
        risk: Of the app.
    """

    submitted_ns: int
    period_ns: int
    due_ns: int
    busy_ns: int
    risk: Risk
