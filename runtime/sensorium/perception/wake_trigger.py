"""From a head's scores to detections: one for each time that a phrase is said."""

from __future__ import annotations

from typing import NamedTuple

WINDOW = 16
"""Embeddings that a head sees: the last of them is of now, all of them of the last 2 s."""
SMOOTH = 2
"""Scores that are averaged: one high score alone is no detection."""
PAUSE_STEPS = 12
"""Steps of 80 ms before the same phrase can be heard again."""
DOUBT_STEPS = 4
"""Steps for which a doubt waits: for a higher score, and for the sound that its check hears."""
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

    def reject(self) -> None:
        """The newest detection was none: the phrase may come at once."""
        self._waits = 0

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


class Heard(NamedTuple):
    """What a head took for its phrase.

    Attributes:
        end: Index behind the step at which it did first.
        score: Its highest mean since then.
        threshold: That it has reached.
        in_doubt: Whether it is to be checked.
    """

    end: int
    score: float
    threshold: float
    in_doubt: bool


class Stages:
    """A head's scores to what is sure at once and what is in doubt.

    Args:
        doubt: Threshold of a doubt, 0..1.
        sure: From this mean on nothing is checked; `doubt` again where nothing ever is.
    """

    def __init__(self, doubt: float, sure: float) -> None:
        self._trigger = Trigger(doubt)
        self._sure = sure
        self._end = 0
        self._peak = 0.0
        self._waited = 0

    @property
    def waiting(self) -> bool:
        """Whether there is a doubt that has not been told yet."""
        return self._end > 0

    def update(self, score: float, end: int) -> Heard | None:
        """Takes the score of the step that ends at an index of the stream of sound."""
        if self._trigger.update(score):
            self._end, self._peak, self._waited = end, 0.0, 0
        elif not self._end:
            return None
        else:
            self._waited += 1
        self._peak = max(self._peak, self._trigger.score)
        if self._peak >= self._sure or self._waited >= DOUBT_STEPS:
            return self.close()
        return None

    def close(self) -> Heard | None:
        """What is waited for, as far as it was heard."""
        if not self._end:
            return None
        end, self._end = self._end, 0
        sure = self._peak >= self._sure
        return Heard(end, self._peak, self._sure if sure else self._trigger.threshold, not sure)

    def forget(self) -> None:
        """What comes next does not follow the scores so far."""
        self._end = 0
        self._trigger.forget()

    def reject(self) -> None:
        """What was in doubt was not the phrase."""
        self._trigger.reject()
