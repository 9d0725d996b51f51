"""From a head's scores to detections: one for each time that a phrase is said."""

from __future__ import annotations

WINDOW = 16
"""Embeddings that a head sees: the last of them is of now, all of them of the last 2 s."""
SMOOTH = 2
"""Scores that are averaged: one high score alone is no detection."""
PAUSE_STEPS = 12
"""Steps of 80 ms before the same phrase can be heard again."""
_ARMED = 0.5
"""Share of the threshold under which the score must fall before the next detection."""


class Trigger:
    """The detections of one head.

    Args:
        threshold: 0..1, of the mean of `SMOOTH` scores.

    Attributes:
        score: The newest mean.
    """

    def __init__(self, threshold: float) -> None:
        self.threshold = threshold
        self.score = 0.0
        self._newest: list[float] = []
        self._waits = 0
        self._armed = True

    def forget(self) -> None:
        """What comes next does not follow the scores so far."""
        self._newest = []

    def update(self, score: float) -> bool:
        """Takes the score of one step; whether the phrase was said just now."""
        self._newest = [*self._newest[-SMOOTH + 1 :], score]
        self._waits = max(0, self._waits - 1)
        if len(self._newest) < SMOOTH:
            return False
        self.score = sum(self._newest) / SMOOTH
        if self.score < _ARMED * self.threshold:
            self._armed = True
        if self.score < self.threshold or not self._armed or self._waits:
            return False
        self._armed, self._waits = False, PAUSE_STEPS
        return True
