"""Looks: the stretches of a history in which the eyes, or the head, stay on one thing.

What they are on is the belief of the sense `target`; when they went there is told by the rays
themselves, since a belief is later than they are.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sensorium.perception.attention_trace import EYES, PERIOD_NS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sensorium.perception.intents.history import History

    Array = NDArray[np.float64]

SHORT_S = 0.12
"""What is shorter is the way to the next look: fixations last at least 100 to 150 ms (Salvucci and
Goldberg, ETRA 2000), and moments are 50 ms apart."""
GAP_S = 0.4
"""Behind a longer gap another look begins: blinks last up to 400 ms (Schiffman 2001)."""
BLINK_S = 0.11
"""In a longer gap of the rays, of two moments, the eyes are closed."""
STILL = math.cos(math.radians(2.0))
"""Eyes that have moved less have not moved, whatever is believed then: their error within a
fixation is that small."""
SACCADE_S, SACCADE_S_RAD = 0.021, math.degrees(0.0022)
"""A saccade's length: 21 ms, and 2.2 ms for each degree (Carpenter, "Movements of the eyes",
1988)."""
_MOMENT_S = PERIOD_NS * 1e-9
_LATE = 0.5
"""The share of a look, its end, whose probabilities count: they gather evidence from its begin."""


class Looks(NamedTuple):
    """Looks in their order, L of them.

    Attributes:
        begins: When the eyes went there, shape (L,), s.
        ends: Of the last moment, shape (L,), s.
        chances: Shape (L, K + 1): of each of the history's targets and, last, of none.
    """

    begins: Array
    ends: Array
    chances: Array


class _Eyes(NamedTuple):
    """The rays of the eyes: times, (R,), s, and directions, (R, 3)."""

    times: Array
    directions: Array


def looks_of(history: History) -> Looks:
    """The looks of a history's gaze.

    Args:
        history: Of the time around an utterance.
    """
    way = history.gaze
    rays = [ray for ray in history.rays if ray.kind == EYES]
    eyes = _Eyes(
        np.array([ray.time_ns for ray in rays]) * 1e-9,
        np.reshape([ray.direction for ray in rays], (-1, 3)),
    )
    seen = way.known & ~_blinks(history.times, eyes.times)
    times, chances = history.times[seen], way.chances[seen]
    if not len(times):
        return Looks(np.zeros(0), np.zeros(0), np.zeros((0, way.chances.shape[1])))
    made = _moved(times, _stretches(times, chances.argmax(axis=1)), eyes)
    begins = np.array([times[first] for first, _ in made])
    for at, (one, other) in enumerate(pairwise(made), 1):
        begins[at] = _went(times, one, other, eyes)
    means = [
        chances[last - max(1, round((last - first) * _LATE)) : last].mean(axis=0)
        for first, last in made
    ]
    return Looks(
        np.maximum.accumulate(begins), np.array([times[last - 1] for _, last in made]),
        np.array(means),
    )


def _blinks(times: Array, rays: Array) -> NDArray[np.bool_]:
    """Which moments lie in a gap of the eyes' rays: what is believed then is not seen."""
    if len(rays) < 2:
        return np.zeros(len(times), np.bool_)
    behind = np.searchsorted(rays, times)
    inside = (behind > 0) & (behind < len(rays))
    at = np.clip(behind, 1, len(rays) - 1)
    made: NDArray[np.bool_] = inside & (rays[at] - rays[at - 1] > BLINK_S) & (rays[at] != times)
    return made


def _stretches(times: Array, labels: NDArray[np.intp]) -> list[tuple[int, int]]:
    """First and behind the last moment of each stretch of one label; short ones join others."""
    breaks = np.flatnonzero((np.diff(labels) != 0) | (np.diff(times) > GAP_S)) + 1
    made: list[tuple[int, int]] = []
    begun: int | None = None
    for first, last in pairwise([0, *breaks.tolist(), len(times)]):
        far = _apart(times, first)
        # Who blinks may have got there meanwhile.
        arrived = times[first - 1] if first and not far else times[first] - _MOMENT_S
        lasts = times[min(last, len(times) - 1)] - arrived - _MOMENT_S
        if made and not far and labels[made[-1][1] - 1] == labels[first]:
            made[-1] = made[-1][0], last
            begun = None
        elif lasts < SHORT_S and last < len(times):
            begun = first if begun is None or far else begun
        else:
            made.append((first if begun is None or far else begun, last))
            begun = None
    return made or [(0, len(times))]


def _moved(
    times: Array, stretches: list[tuple[int, int]], eyes: _Eyes
) -> list[tuple[int, int]]:
    """The stretches between which the eyes have moved."""
    made = stretches[:1]
    for first, last in stretches[1:]:
        before = _towards(times, made[-1], eyes)
        after = _towards(times, (first, last), eyes)
        still = before is not None and after is not None and float(before @ after) > STILL
        if still and not _apart(times, first):
            made[-1] = made[-1][0], last
        else:
            made.append((first, last))
    return made


def _apart(times: Array, first: int) -> bool:
    return bool(first) and float(times[first] - times[first - 1]) > GAP_S


def _towards(times: Array, stretch: tuple[int, int], eyes: _Eyes) -> Array | None:
    """The median direction in the second half of a stretch; None: nobody knows."""
    middle, end = _middle(times, stretch), times[stretch[1] - 1]
    found = eyes.directions[(eyes.times >= middle) & (eyes.times <= end)]
    if not len(found):
        return None
    median = np.median(found, axis=0)
    length = float(np.linalg.norm(median))
    return median / length if length > 0 else None


def _middle(times: Array, stretch: tuple[int, int]) -> float:
    return float(times[stretch[0]] + times[stretch[1] - 1]) / 2


def _went(
    times: Array, one: tuple[int, int], other: tuple[int, int], eyes: _Eyes
) -> float:
    """When the eyes went from one stretch's thing to the other's."""
    before, after = _towards(times, one, eyes), _towards(times, other, eyes)
    begun = float(times[other[0]])
    if before is None or after is None or _apart(times, other[0]):
        return begun
    inside = (eyes.times >= _middle(times, one)) & (eyes.times <= _middle(times, other))
    nearer = (eyes.directions[inside] @ (after - before)) > 0
    if not nearer.any():
        return begun
    # Half-way there, and half a moment late.
    seen = float(eyes.times[inside][int(nearer.argmax())]) - PERIOD_NS * 0.5e-9
    angle = math.acos(min(1.0, float(before @ after)))
    return seen - (SACCADE_S + SACCADE_S_RAD * angle) / 2
