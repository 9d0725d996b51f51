"""Why words are understood so: the looks, rays and grips that speak for a thing."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, NamedTuple

from sensorium.perception.intents.alignment import GAZE, GRIP, POINTING, weights
from sensorium.perception.intents.fusion import NONE

if TYPE_CHECKING:
    import numpy as np

    from sensorium.perception.intents.alignment import Lag
    from sensorium.perception.intents.deictic import Reference
    from sensorium.perception.intents.gaze import Look
    from sensorium.perception.intents.history import Array, History, Way

_LEAST_WEIGHT = 0.1
"""Evidence that is weaker is not listed."""
_SAME = 0.5
"""What is seen with at least this share of its best probability is of the same glance."""
_GAP_NS = 150_000_000


class Kind(IntEnum):
    """The values of `evidence.kind`."""

    WORD = 1
    FIXATION = 2
    RAY = 3
    GRAB = 4
    WEARER = 5
    BEFORE = 6


class Clue(NamedTuple):
    """One piece of evidence; see the record."""

    kind: Kind
    word: int
    text: str
    target: int
    start_ns: int
    end_ns: int
    weight: float


def said(kind: Kind, word: Reference, target: int, weight: float) -> Clue:
    """That a word was said, or what it means by itself.

    Args:
        kind: `WORD`, `WEARER` or `BEFORE`.
        word: The word.
        target: Id of what it means; 0: none.
        weight: How probable it is.
    """
    text = word.text if kind is Kind.WORD else ""
    return Clue(kind, word.word, text, target, word.start_ns, word.end_ns, weight)


def seen_of(
    history: History, word: Reference, thing: int, nth: int, look: Look | None = None
) -> list[Clue]:
    """What speaks for a thing, in each way that does, the strongest first.

    Args:
        history: Of the time around.
        word: The word.
        thing: Place among the history's ids, or NONE.
        nth: Which of the word's things it is, from 0.
        look: That the word is about; None: any around it.
    """
    looked = (
        _clue(history, Kind.FIXATION, history.gaze, GAZE, word, thing, 0) if look is None
        else _looked(history, word, thing, look)
    )
    found = (
        looked,
        _clue(history, Kind.RAY, history.pointing, POINTING, word, thing, nth),
        _clue(history, Kind.GRAB, history.grip, GRIP, word, thing, nth),
    )
    return sorted((one for one in found if one is not None), key=lambda clue: -clue.weight)


def _looked(history: History, word: Reference, thing: int, look: Look) -> Clue | None:
    if look.weight < _LEAST_WEIGHT:
        return None
    target = history.ids[thing] if thing != NONE else 0
    return Clue(Kind.FIXATION, word.word, "", target, look.start_ns, look.end_ns, look.weight)


def _clue(
    history: History, kind: Kind, way: Way, lag: Lag, word: Reference, thing: int, nth: int
) -> Clue | None:
    shares = weights(history.times, way.labels, word.start_ns * 1e-9, lag, nth) * way.known
    total = float(shares.sum())
    seen = way.chances[:, thing]
    weight = float(shares @ seen) / total if total > 0 else 0.0
    if weight < _LEAST_WEIGHT:
        return None
    first, last = _glance(history.times_ns, seen * way.known, int((shares * seen).argmax()))
    return Clue(
        kind, word.word, "", history.ids[thing] if thing != NONE else 0,
        int(history.times_ns[first]), int(history.times_ns[last]), weight,
    )


def _glance(times_ns: np.ndarray, seen: Array, peak: int) -> tuple[int, int]:
    """The first and last moment of the glance at a peak."""
    first = last = peak
    least = seen[peak] * _SAME
    while first and seen[first - 1] >= least and times_ns[first] - times_ns[first - 1] < _GAP_NS:
        first -= 1
    while (
        last + 1 < len(seen) and seen[last + 1] >= least
        and times_ns[last + 1] - times_ns[last] < _GAP_NS
    ):
        last += 1
    return first, last
