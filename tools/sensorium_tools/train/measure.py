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
LOWEST, HIGHEST = 0.3, 0.9
"""Thresholds that are chosen; a user may set any. Over 0.9 the phrase's own scores crowd."""
_CERTAINTY = 0.95
_MAY_MISS = 0.02
"""Share of the phrases whose scores the threshold need not stay under."""


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


def choose(phrases: Sequence[float], others: Sequence[float]) -> float:
    """A threshold between the peaks of phrases and those of other sounds.

    Near phrases are not among the others: who says "hey sensory" is not far from the phrase.
    In the middle, by their logits, between the highest peak of the others and the phrases' own
    lowest (of which 2 % may be missed); where these overlap, where the more is lost by neither.

    Args:
        phrases: Peaks of sounds with the phrase.
        others: Peaks of sounds without it.
    """
    ordered = sorted(phrases)
    low = max(others, default=0.0)
    high = ordered[int(_MAY_MISS * len(ordered))] if ordered else 1.0
    middle = (_logit(low) + _logit(high)) / 2
    return float(np.clip(1 / (1 + math.exp(-middle)), LOWEST, HIGHEST))


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
