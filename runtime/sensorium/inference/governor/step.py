"""The rungs that a sense stands on: how much it may take now."""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple


class StepKind(IntEnum):
    """What a step takes from a sense; the later ones take more."""

    FULL = 0
    REDUCED = 1
    SMALLER = 2
    OTHER_DEVICE = 3
    PAUSED = 4


class Step(NamedTuple):
    """Where a sense stands.

    Attributes:
        kind: Of the step.
        interval_ms: THINNED, from one record that is taken to the next; DEFERRED, how long its
            input may wait; 0: nothing waits. It may also be set on the steps after REDUCED.
    """

    kind: StepKind = StepKind.FULL
    interval_ms: int = 0


class Cause(IntEnum):
    """Why the governor changed a step."""

    NONE = 0
    LATE = 1
    """A frame was submitted too late for its refresh, or took longer than one."""
    MISSED = 2
    """The display showed a frame again."""
    CLOSE = 3
    """Frames leave so little of their time that the next ones are likely to be late."""
    PRESSURE = 4
    """No app tells its frames, and others on the PC wait for processors."""
    RELIEF = 5
    """Frames have had room for long enough."""
    POLICY = 6
    """The owner's policy for an app that began or ended, or a new configuration."""
    GONE = 7
    """The app ended, or tells no frames any more."""
    MEMORY = 8
    """No app tells its frames, and others on the PC wait for memory."""
    GPU = 9
    """No app tells its frames, and others keep the GPU busy."""
