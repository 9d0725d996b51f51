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
from sensorium.perception.intents.stillness import stills

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sensorium.perception.intents.history import History
    from sensorium.perception.intents.stillness import Still

    Array = NDArray[np.float64]

SHORT_S = 0.12
"""What is shorter is the way to the next look: fixations last at least 100 to 150 ms (Salvucci and
Goldberg, ETRA 2000), and moments are 50 ms apart."""
GAP_S = 0.4
"""Behind a longer gap another look begins: blinks last up to 400 ms (Schiffman 2001)."""
BLINK_S = 0.11
"""In a longer gap of the rays the eyes are closed, and may have left for a look at any time."""
STILL = math.cos(math.radians(2.0))
"""Eyes that have moved less have not moved, whatever is believed then: their error within a
fixation is that small."""
BLUR_S, BELIEVED_S = 0.01, 0.035
"""Standard deviations of a look's begin: as the rays of the eyes tell it, a sample at 90 Hz, and as
beliefs do, whose moments are 50 ms apart and which follow what is seen."""
_MOMENT_S = PERIOD_NS * 1e-9
_LATE = 0.5
"""The share of a look, its end, whose probabilities count: they gather evidence from its begin."""


class Looks(NamedTuple):
    """Looks in their order, L of them.

    Attributes:
        begins: When the eyes went there, shape (L,), s.
        ends: Of the last moment, shape (L,), s.
        chances: Shape (L, K + 1): of each of the history's targets and, last, of none.
        blurs: Standard deviations of the begins, shape (L,), s.
    """

    begins: Array
    ends: Array
    chances: Array
    blurs: Array


def looks_of(history: History) -> Looks:
    """The looks of a history's gaze.

    Args:
        history: Of the time around an utterance.
    """
    way = history.gaze
    rays = [ray for ray in history.rays if ray.kind == EYES]
    eyes = np.array([ray.time_ns for ray in rays]) * 1e-9
    seen = way.known & ~_blinks(history.times, eyes)
    times, chances = history.times[seen], way.chances[seen]
    if 2 * np.count_nonzero(_beside(times, eyes)) > len(times):
        return _seen(times, chances, stills(eyes, np.array([ray.direction for ray in rays])))
    return _believed(times, chances)


def _seen(times: Array, chances: Array, stills: Sequence[Still]) -> Looks:
    """Looks by the rays of the eyes: neighbours are one if the eyes went back to the same thing."""
    spans: list[tuple[float, float, float]] = []
    means: list[Array] = []
    before: Still | None = None
    for still in stills:
        moments = chances[(times >= still.begin) & (times <= still.end)]
        mean = _late(moments, chances.shape[1])
        if before is not None and still.hidden <= GAP_S:
            stayed = float(before.last @ still.first) > STILL
            if stayed or _thing(mean) == _thing(means[-1]) is not None:
                spans[-1] = *spans[-1][:2], still.end
                means[-1] = mean if len(moments) else means[-1]
                before = still
                continue
        before = still
        closed = still.hidden if still.hidden > BLINK_S else 0.0
        spans.append((
            still.left + closed / 2, max(BLUR_S, closed / math.sqrt(12)), still.end
        ))
        means.append(mean)
    begins, blurs, ends = np.reshape(spans, (-1, 3)).T
    return Looks(begins, ends, np.reshape(means, (-1, chances.shape[1])), blurs)


def _late(chances: Array, size: int) -> Array:
    """What is believed at the end of a stretch; even where that has no moments."""
    if not len(chances):
        return np.full(size, 1 / size)
    made: Array = chances[len(chances) - max(1, round(len(chances) * _LATE)) :].mean(axis=0)
    return made


def _thing(chances: Array) -> int | None:
    """The target that is most probable; None: none is, or all are as probable."""
    best = int(chances.argmax())
    return best if chances[best] > chances[-1] else None


def _believed(times: Array, chances: Array) -> Looks:
    """Looks by what is believed of the head's ray: stretches of one label."""
    if not len(times):
        return Looks(np.zeros(0), np.zeros(0), chances, np.zeros(0))
    made = _stretches(times, chances.argmax(axis=1))
    return Looks(
        np.array([times[first] for first, _ in made]),
        np.array([times[last - 1] for _, last in made]),
        np.array([_late(chances[first:last], chances.shape[1]) for first, last in made]),
        np.full(len(made), BELIEVED_S),
    )


def _beside(times: Array, rays: Array) -> NDArray[np.bool_]:
    """Which moments have a ray of the eyes beside them."""
    if not len(rays):
        return np.zeros(len(times), np.bool_)
    at = np.clip(np.searchsorted(rays, times), 1, max(len(rays) - 1, 1))
    nearest = np.minimum(
        np.abs(times - rays[np.minimum(at, len(rays) - 1)]), np.abs(times - rays[at - 1])
    )
    made: NDArray[np.bool_] = nearest <= _MOMENT_S
    return made


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


def _apart(times: Array, first: int) -> bool:
    return bool(first) and float(times[first] - times[first - 1]) > GAP_S
