"""I-VT: identification of fixations by a threshold of velocity (Salvucci & Goldberg, ETRA 2000)."""

from __future__ import annotations

from sensorium.perception.eyes.movements import GazePoint, Movement


class VelocityThreshold:
    """I-VT, sample by sample: below the threshold a fixation, else a saccade.

    Args:
        threshold: deg/s.
        min_fixation_ns: Shorter ones are not told. Their samples stay without a movement.
    """

    def __init__(self, threshold: float, min_fixation_ns: int) -> None:
        self._threshold = threshold
        self._min_fixation_ns = min_fixation_ns
        self.movement = Movement.NONE
        self.since_ns = 0
        self._slow_ns: int | None = None

    def update(self, point: GazePoint) -> Movement:
        """See `Classifier.update`."""
        # The first sample after a gap has no velocity, and is of no movement.
        if point.saccade_speed >= self._threshold:
            if self.movement != Movement.SACCADE:
                self.movement, self.since_ns = Movement.SACCADE, point.time_ns
            self._slow_ns = None
        elif point.saccade_speed < self._threshold:
            if self._slow_ns is None:
                self._slow_ns = point.time_ns
                self.movement, self.since_ns = Movement.NONE, point.time_ns
            if point.time_ns - self._slow_ns >= self._min_fixation_ns:
                self.movement, self.since_ns = Movement.FIXATION, self._slow_ns
        return self.movement

    def reset(self) -> None:
        """See `Classifier.reset`."""
        self.movement = Movement.NONE
        self.since_ns = 0
        self._slow_ns = None
