"""How fast gaze, the eye in the head and the head turn."""

from __future__ import annotations

import math
from collections import deque
from typing import NamedTuple

from sensorium.perception.eyes.directions import Quaternion, Vector, angle, forward, turned_back

WINDOW_NS = 20_000_000
"""Between the samples that are compared, where there are several in it (Olsen, "The Tobii I-VT
Fixation Filter", 2012); else from one sample to the next."""


class Speeds(NamedTuple):
    """deg/s each, NaN where not known.

    Attributes:
        gaze: In the world.
        eye: In the head.
        head: Of its forward direction.
    """

    gaze: float
    eye: float
    head: float

    @property
    def saccade(self) -> float:
        """The speed by which a saccade is told: the smaller one of gaze's and the eye's.

        A gaze that turns with the head alone moves fast in the world and not in the head; one
        that holds against the head (vestibulo-ocular reflex) the other way round. Both frames are
        needed (Agtzidis, Startsev & Dorr, "A ground-truth data set and a classification algorithm
        for eye movements in 360-degree videos", ACM Multimedia 2019).
        """
        return self.gaze if math.isnan(self.eye) else min(self.gaze, self.eye)


UNKNOWN_SPEEDS = Speeds(math.nan, math.nan, math.nan)


class AngularSpeed:
    """Measures the speeds from sample to sample."""

    def __init__(self) -> None:
        self._samples: deque[tuple[int, Vector, Vector | None, Vector | None]] = deque()

    def update(self, time_ns: int, gaze: Vector, head: Quaternion | None) -> Speeds:
        """Takes a sample, later than the one before.

        Args:
            time_ns: When.
            gaze: Its direction in the world.
            head: The head's orientation then; None where it is not known.
        """
        samples = self._samples
        eye = facing = None
        if head is not None:
            eye, facing = turned_back(gaze, head), forward(head)
        while len(samples) > 1 and time_ns - samples[0][0] > WINDOW_NS:
            samples.popleft()
        speeds = UNKNOWN_SPEEDS
        if samples:
            then_ns, old_gaze, old_eye, old_facing = samples[0]
            scale = math.degrees(1e9 / (time_ns - then_ns))
            speeds = Speeds(
                angle(old_gaze, gaze) * scale,
                angle(old_eye, eye) * scale if eye and old_eye else math.nan,
                angle(old_facing, facing) * scale if facing and old_facing else math.nan,
            )
        samples.append((time_ns, gaze, eye, facing))
        return speeds

    def reset(self) -> None:
        """Forgets: the next sample has no speed."""
        self._samples.clear()
