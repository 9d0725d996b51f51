"""When what a word refers to was attended to: densities of time around the word's begin.

Who speaks looks first. Speakers look at a thing for about 0.9 s before they begin to say its name
(Griffin and Bock, "What the eyes say about speaking", Psychological Science 11, 2000), and the
eyes mostly leave it some 0.1 to 0.3 s before the word (Meyer, Sleiderink and Levelt, Cognition 66,
1998). The finger arrives about when "this" or "that" begins and stays (Levelt, Richardson and La
Heij, "Pointing and voicing in deictic expressions", Journal of Memory and Language 24, 1985).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

STEP_S = 0.1
"""No moment stands for a longer time than this: what is not traced is not known."""
LAST_S = 0.05
"""The newest moment stands for this."""
BEFORE_S, AFTER_S = 2.5, 1.0
"""So far around an utterance's words the past is looked at."""


class Lag(NamedTuple):
    """A normal density of the time from the word's begin.

    Attributes:
        mean: s; below 0 before the word.
        deviation: s.
        each: s; by which both grow with each further thing that the word refers to: they are
            attended to one after the other, some 0.3 to 0.4 s each.
    """

    mean: float
    deviation: float
    each: float


GAZE = Lag(-0.45, 0.3, 0.18)
POINTING = Lag(0.1, 0.3, 0.18)
GRIP = Lag(0.0, 0.5, 0.1)


def weights(times: Array, start_s: float, lag: Lag, count: int) -> Array:
    """How probable it is that a word is about each moment.

    Args:
        times: Ascending, shape (T,), s.
        start_s: The word's begin.
        lag: Of the way to refer.
        count: How many things the word refers to.

    Returns:
        Shape (T,); their sum is at most 1, and less where moments lack.
    """
    if not len(times):
        return np.zeros(0)
    deviation = lag.deviation + lag.each * (count - 1)
    steps = np.minimum(np.diff(times, append=times[-1] + LAST_S), STEP_S)
    z = (times - start_s - lag.mean - lag.each * (count - 1)) / deviation
    density = np.exp(-0.5 * z * z) / (deviation * math.sqrt(2 * math.pi))
    made: Array = density * np.maximum(steps, 0)
    return made / max(1.0, float(made.sum()))
