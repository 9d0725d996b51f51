"""When what a word refers to was attended to: densities of time around the word's begin.

Eyes come first (`scanpath`). The finger arrives about when "this" or "that" begins (Levelt,
Richardson and La Heij, "Pointing and voicing in deictic expressions", Journal of Memory and
Language 24, 1985). What this tells of is a glance's begin, and so does the density.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sensorium.perception.intents.scanpath import LEAD_S, LEAD_SD

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

STEP_S = 0.1
"""No moment stands for a longer time than this: what is not traced is not known."""
LAST_S = 0.05
"""The newest moment stands for this."""
BEFORE_S, AFTER_S = 2.5, 1.0
"""So far around an utterance's words the past is looked at."""
LONG_S, SPLIT_S, AGAIN = 0.3, 0.4, 0.3
"""Shorter glances count less, by their length. Longer ones are taken for several, of 0.4 s: who
stares may begin anew, but that is so much less probable than a glance that begins. The first two
are lengths of fixations, the last is our own figure."""


class Lag(NamedTuple):
    """A normal density of the time from the word's begin to the glance's.

    Attributes:
        mean: s; below 0 before the word.
        deviation: s.
        each: s; later for each further thing that the word refers to: they are attended to one
            after the other.
        middle: s from the glance's begin to its middle.
    """

    mean: float
    deviation: float
    each: float
    middle: float


GAZE = Lag(-LEAD_S, LEAD_SD, 0.0, 0.2)
POINTING = Lag(0.0, 0.25, 0.4, 0.15)
GRIP = Lag(0.0, 0.5, 0.0, 0.0)


def weights(
    times: Array, labels: NDArray[np.int64], start_s: float, lag: Lag, nth: int
) -> Array:
    """How probable it is that a word is about each moment.

    Args:
        times: Ascending, shape (T,), s.
        labels: What each moment shows, shape (T,): what is the same in a row is one glance.
        start_s: The word's begin.
        lag: Of the way to refer.
        nth: Of the things that the word refers to, from 0.

    Returns:
        Shape (T,); their sum is at most 1, and less where moments lack.
    """
    if not len(times):
        return np.zeros(0)
    steps = _steps(times)
    wanted = start_s + lag.mean + lag.each * nth
    cover = traced(times, start_s + lag.each * nth, lag)
    made = np.zeros(len(times))
    for first, last in _glances(times, labels):
        begun = times[first]
        pieces = np.minimum((times[first:last] - begun) / SPLIT_S, 20).astype(int)
        begins = begun + pieces * SPLIT_S
        share = steps[first:last] * min(1.0, float(steps[first:last].sum()) / LONG_S)
        made[first:last] = (
            _density(begins - wanted, lag.deviation) * share * np.where(pieces > 0, AGAIN, 1.0)
        )
        # A longer glance is not more probable, only its moments are more.
        length = float(steps[first:last][pieces == 0].sum())
        made[first:last] /= max(length, STEP_S / 2)
    total = float(made.sum())
    return made * (cover / total) if total > 0 else made


def traced(times: Array, start_s: float, lag: Lag) -> float:
    """How much of the time that a word is about is there, 0 to 1.

    Args:
        times: Of the moments in which something was known, ascending, shape (T,), s.
        start_s: The word's begin.
        lag: Of the way to refer.
    """
    if not len(times):
        return 0.0
    wanted = start_s + lag.mean + lag.middle
    return min(1.0, float((_density(times - wanted, lag.deviation + 0.1) * _steps(times)).sum()))


def _steps(times: Array) -> Array:
    """The time that each moment stands for."""
    made: Array = np.clip(np.diff(times, append=times[-1] + LAST_S), 0, STEP_S)
    return made


def _glances(times: Array, labels: NDArray[np.int64]) -> list[tuple[int, int]]:
    """First and behind the last moment of each stretch of the same label without a gap."""
    breaks = np.flatnonzero((np.diff(labels) != 0) | (np.diff(times) > 3 * STEP_S)) + 1
    edges = [0, *breaks.tolist(), len(times)]
    return list(pairwise(edges))


def _density(z: Array, deviation: float) -> Array:
    made: Array = np.exp(-0.5 * (z / deviation) ** 2) / (deviation * math.sqrt(2 * math.pi))
    return made
