"""What eyes do, and what tells it from a stream of gaze directions."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from sensorium.perception.eyes.directions import Quaternion, Vector


class Movement(IntEnum):
    """The values of the records' field `movement`."""

    NONE = 0
    """Not known (yet), or none of the others."""
    FIXATION = 1
    SACCADE = 2
    PURSUIT = 3
    BLINK = 4


class GazePoint(NamedTuple):
    """One sample of where the wearer looks.

    Attributes:
        time_ns: When.
        direction: In the world: what the eyes and the head give together.
        speed: Of that direction, deg/s; NaN for the first sample after a gap.
        saccade_speed: deg/s. The smaller one of `speed` and the eye's speed in the head where the
            head is known: a head that turns while the eye holds (vestibulo-ocular reflex) or
            together with the eye is no saccade.
        head: The head's orientation in the world; None where it is not known.
    """

    time_ns: int
    direction: Vector
    speed: float
    saccade_speed: float
    head: Quaternion | None = None


class Classifier(Protocol):
    """Tells eye movements as samples come, without looking ahead.

    A movement is told once it is certain; `since_ns` then says when it began, which may be some
    samples ago: the label of these is settled by it.
    """

    movement: Movement
    since_ns: int

    def update(self, point: GazePoint) -> Movement:
        """Takes a sample, later than the one before, and returns what the gaze does now."""
        ...

    def reset(self) -> None:
        """Forgets: what comes next does not follow what was before."""
        ...
