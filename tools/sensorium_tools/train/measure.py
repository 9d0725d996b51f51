"""What a head is worth: misses, false accepts an hour with their bound, and its threshold."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from sensorium.perception.speech_embedding import STEP
from sensorium.perception.wake_trigger import SMOOTH, Trigger
from sensorium_tools.samples.checks import RATE_HZ

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    Scores = NDArray[np.float32]

STEP_S = STEP / RATE_HZ
LOWEST, HIGHEST = 0.3, 0.97
"""Thresholds that are chosen; a user may set any. Over 0.97 the phrase's own scores crowd."""
LEAST_LIKELY, MOST_LIKELY = -35.0, -5.0
"""Limits of a likelihood that are chosen."""
AN_HOUR = 0.2
"""False accepts for which a threshold is chosen."""
_TAIL = 24
"""The highest peaks, whose fall tells where that rate is."""
_CERTAINTY = 0.95


def detections(scores: Scores, threshold: float) -> list[int]:
    """Steps at which the sense would tell that the phrase was said.

    Args:
        scores: Of a sound's windows, 80 ms apart.
        threshold: 0..1.
    """
    trigger = Trigger(threshold)
    return [step for step, score in enumerate(scores) if trigger.update(float(score))]


def peak(scores: Scores) -> float:
    """The highest threshold at which a sound would still be taken for the phrase."""
    if len(scores) < SMOOTH:
        return 0.0
    return float(np.convolve(scores, np.full(SMOOTH, 1 / SMOOTH, np.float32), "valid").max())


def choose(others: Sequence[float], heard_hours: float, an_hour: float = AN_HOUR) -> float:
    """The threshold at which so many false accepts an hour are to be expected.

    Near phrases are not among the others: who says "hey sensory" is not far from the phrase. Hours
    are too few to count one in five of them, so the rate is that of the exponential fall of the
    highest logits (peaks over a threshold; Pickands 1975, with a shape of 0).

    Args:
        others: Peaks of sounds without the phrase, one of each.
        heard_hours: How long these are, together.
        an_hour: False accepts.
    """
    level = _level([_logit(peak) for peak in others], heard_hours, an_hour)
    return float(np.clip(1 / (1 + math.exp(-max(level, -700.0))), LOWEST, HIGHEST))


def limit(likelihoods: Sequence[float], heard_hours: float, an_hour: float = AN_HOUR) -> float:
    """The likelihood from which on so many false accepts an hour are to be expected.

    Args:
        likelihoods: Of the phrase, where a head took other sounds for it; see `PhraseCheck`.
        heard_hours: How long all sounds are, together.
        an_hour: False accepts.
    """
    return float(np.clip(_level(likelihoods, heard_hours, an_hour), LEAST_LIKELY, MOST_LIKELY))


def _level(values: Sequence[float], heard_hours: float, an_hour: float) -> float:
    """Where the exponential fall of the highest values reaches a rate; see `choose`."""
    highest = sorted(values, reverse=True)[: _TAIL + 1]
    if len(highest) < 2 or heard_hours <= 0:
        return -math.inf
    base, count = highest[-1], len(highest) - 1
    fall = sum(highest[:-1]) / count - base
    return base + fall * math.log(max(1.0, count / (an_hour * heard_hours)))


def most_an_hour(count: int, hours: float) -> float:
    """The upper end of the one-sided 95 % interval of a rate, exact for a Poisson process.

    The rate at which so few or fewer would be seen in one of 20 times; for none it is 3.0 / hours,
    the rule of three.

    Args:
        count: Seen.
        hours: In which they were seen.
    """
    if hours <= 0:
        return math.inf
    low, high = 0.0, 10.0 + 4.0 * count
    for _ in range(60):
        middle = (low + high) / 2
        share = sum(
            math.exp(-middle + place * math.log(middle) - math.lgamma(place + 1))
            for place in range(count + 1)
        )
        low, high = (middle, high) if share > 1 - _CERTAINTY else (low, middle)
    return high / hours


def most_of(count: int, total: int) -> float:
    """The upper end of the one-sided 95 % interval of a share (Clopper and Pearson 1934)."""
    if count >= total:
        return 1.0
    low, high = count / total, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        share = sum(
            math.comb(total, place) * middle**place * (1 - middle) ** (total - place)
            for place in range(count + 1)
        )
        low, high = (middle, high) if share > 1 - _CERTAINTY else (low, middle)
    return high


def hours(scores: Iterable[Scores]) -> float:
    """How long sounds are, by their scores."""
    return sum(len(one) for one in scores) * STEP_S / 3600


def _logit(share: float) -> float:
    share = min(max(share, 1e-4), 1 - 1e-4)
    return math.log(share / (1 - share))
