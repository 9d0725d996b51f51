"""I-DT: identification of fixations by a threshold of dispersion (Salvucci & Goldberg, 2000)."""

from __future__ import annotations

from collections import deque

from sensorium.perception.eyes.directions import TangentPlane, Vector, degrees_between
from sensorium.perception.eyes.movements import GazePoint, Movement

_FAR_DEG = 20.0
"""From here on a window's places are taken in a plane of its own."""


class DispersionThreshold:
    """I-DT, sample by sample: a window that stays within a small area is a fixation.

    The dispersion is (max x - min x) + (max y - min y), as published, in the plane that touches
    the sphere of directions near the window. Between fixations all is saccade.

    Args:
        threshold: degrees.
        min_fixation_ns: What the window spans at least, from its first sample to its last.
    """

    def __init__(self, threshold: float, min_fixation_ns: int) -> None:
        self._threshold = threshold
        self._min_fixation_ns = min_fixation_ns
        self._plane = TangentPlane((0.0, 0.0, -1.0))
        self.movement = Movement.NONE
        self.since_ns = 0
        self._window: deque[tuple[int, Vector, float, float]] = deque()
        self._box = (0.0, 0.0, 0.0, 0.0)

    def update(self, point: GazePoint) -> Movement:
        """See `Classifier.update`."""
        window = self._window
        fixating = self.movement == Movement.FIXATION
        far = degrees_between(self._plane.anchor, point.direction) > _FAR_DEG
        if not fixating and (far or not window):
            self._plane = TangentPlane(point.direction)
            place = self._plane.place
            kept = [(ns, direction, *place(direction)) for ns, direction, _, _ in window]
            window.clear()
            window.extend(kept)
        x, y = self._plane.place(point.direction)
        window.append((point.time_ns, point.direction, x, y))
        if fixating:
            self._box = (
                min(self._box[0], x), max(self._box[1], x),
                min(self._box[2], y), max(self._box[3], y),
            )
            if self._dispersion() > self._threshold:
                self.movement, self.since_ns = Movement.SACCADE, point.time_ns
                window.clear()
                window.append((point.time_ns, point.direction, x, y))
            else:
                # Its box says all that is asked of what lies before.
                window.popleft()
            return self.movement
        while window[-1][0] - window[0][0] >= self._min_fixation_ns:
            self._box = (
                min(place[2] for place in window), max(place[2] for place in window),
                min(place[3] for place in window), max(place[3] for place in window),
            )
            if self._dispersion() <= self._threshold:
                self.movement, self.since_ns = Movement.FIXATION, window[0][0]
                break
            if self.movement == Movement.NONE:
                self.movement, self.since_ns = Movement.SACCADE, window[0][0]
            window.popleft()
        return self.movement

    def reset(self) -> None:
        """See `Classifier.reset`."""
        self.movement = Movement.NONE
        self.since_ns = 0
        self._window.clear()

    def _dispersion(self) -> float:
        left, right, low, high = self._box
        return right - left + high - low
