"""One phrase of the wake word: its head, what it is sure of, and the check of what it is not."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sensorium.errors import EngineError
from sensorium.perception.phrase_check import BEFORE, BEHIND
from sensorium.perception.speech_embedding import WIDTH
from sensorium.perception.wake_trigger import WINDOW, Stages

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from sensorium.inference.engine import Engine
    from sensorium.perception.phrase_check import PhraseCheck
    from sensorium.perception.wake_trigger import Heard

    Sound = NDArray[np.float32]

RATE_HZ = 16_000
INPUT, OUTPUT = "embeddings", "probability"
"""Ports of a head."""
PHRASE, THRESHOLD, LATE_MS, LENGTH_MS = "phrase", "threshold", "late_ms", "length_ms"
"""What a head carries in its metadata: the phrase, the threshold that was chosen for it, how long
after the phrase's end it is detected and how long the phrase is, both the median."""
DOUBT, SURE, LIMIT = "doubt", "sure", "limit"
"""And, where its training chose them, the thresholds of the two stages; see `Bounds`."""


class Bounds(NamedTuple):
    """When a head's phrase is checked, and what confirms it.

    Attributes:
        doubt: Score from which on it may be the phrase, 0..1.
        sure: Score from which on it is.
        limit: Of the likelihood of its text, see `PhraseCheck`, from which on it is, too.
    """

    doubt: float
    sure: float
    limit: float


class Head:
    """One phrase.

    Args:
        engine: Its head.
        threshold: Its score alone decides, from here on; 0: what its training chose.
        check: For what it is in doubt of; None: its score alone decides.

    Attributes:
        phrase: Its words.
        alone: Score from which on it is heard where nothing is checked.
        late: Samples from the phrase's end to its detection.
        length: Samples of the phrase.
        checked: Whether doubts are checked: a training may have chosen no thresholds for that.

    Raises:
        EngineError: When it is no head of a wake word.
    """

    def __init__(
        self, engine: Engine, threshold: float, check: PhraseCheck | None = None
    ) -> None:
        self.engine = engine
        about = engine.metadata
        try:
            self.phrase = about[PHRASE]
            own = float(about[THRESHOLD])
            self.late = int(float(about[LATE_MS]) * RATE_HZ / 1000)
            self.length = int(float(about[LENGTH_MS]) * RATE_HZ / 1000)
            bounds = bounds_of(about)
        except (KeyError, ValueError) as error:
            raise EngineError(
                f"{engine.name}: is no head of a wake word: {error} is missing or wrong",
                f"sensorium-engines train wake-word PHRASE --name {engine.name}",
            ) from error
        if not 0.0 < own <= 1.0:
            raise EngineError(f"{engine.name}: its threshold is {own}, must lie in 0 to 1")
        self.alone = threshold or own
        self._check = None if bounds is None or threshold else check
        self._limit = bounds.limit if bounds is not None else math.nan
        self.checked = self._check is not None
        if bounds is not None and self.checked:
            self.stages = Stages(bounds.doubt, bounds.sure)
        else:
            self.stages = Stages(self.alone, self.alone)
        self._feeds = {INPUT: np.zeros((1, WINDOW, WIDTH), np.float32)}

    def hears(self, window: Sound, end: int) -> Heard | None:
        """Takes one step.

        Args:
            window: float32 [16, 96], the last embeddings.
            end: Index behind the step's last sample.

        Returns:
            What it took for the phrase, now or up to `DOUBT_STEPS` before; see `confirms`.
        """
        self._feeds[INPUT][0] = window
        score = float(self.engine.run(self._feeds)[OUTPUT].reshape(-1)[0])
        return self.stages.update(score if math.isfinite(score) else 0.0, end)

    def confirms(
        self, heard: Heard, take: Callable[[int, int], Sound | None], until: int
    ) -> tuple[bool, float]:
        """Whether what it heard was the phrase, and the likelihood that was found; NaN: none.

        Args:
            heard: What `hears` gave.
            take: Gives the sound between two indices; None where it is overwritten.
            until: Index behind the newest sample that may be heard.

        Raises:
            EngineError: When an engine of the check fails.
        """
        if not heard.in_doubt or self._check is None:
            return True, math.nan
        sound = take(max(0, heard.end - BEFORE), min(heard.end + BEHIND, until))
        if sound is None:
            return heard.score >= self.alone, math.nan
        likelihood = self._check.likelihood(sound, self.phrase)
        confirmed = likelihood >= self._limit
        if not confirmed:
            self.stages.reject()
        return confirmed, likelihood


def bounds_of(about: Mapping[str, str]) -> Bounds | None:
    """The thresholds of a head's two stages; None where its training chose none.

    Raises:
        KeyError: When some of them are missing.
        ValueError: When one is no number, or out of its range.
    """
    if not any(name in about for name in (DOUBT, SURE, LIMIT)):
        return None
    bounds = Bounds(float(about[DOUBT]), float(about[SURE]), float(about[LIMIT]))
    if not (0.0 < bounds.doubt <= bounds.sure and math.isfinite(bounds.limit)):
        raise ValueError(f"{bounds.doubt}, {bounds.sure}, {bounds.limit}")
    return bounds
