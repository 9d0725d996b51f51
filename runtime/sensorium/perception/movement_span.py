"""Where in a recording its movement lies: where the hand is lively, then what all share."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sensorium.perception.hand_motion import RATE_HZ
from sensorium.perception.movement_embedding import SPREAD
from sensorium.perception.warping import matched

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Array = NDArray[np.float32]

SHARE = 0.3
"""Of the liveliness over the recording's quiet, from which on the hand moves."""
PAUSE = RATE_HZ * 2 // 5
"""Steps, 0.4 s: a longer pause ends a movement, a shorter one belongs to it."""
STRONG = 0.35
"""The movement is the first stir that has so much of the strongest one's whole."""
STILL = 2
"""Steps of rest before and after it that belong to it, 67 ms."""
SHORTEST = RATE_HZ // 4
"""Steps between them, 0.25 s."""
LEAST = 2.8
"""Liveliness of the liveliest steps from which on a hand moves at all. Of made hands that are held
while 2 mm of noise are seen it is 1.4, and never more than 2.7; of made gestures 3.4 and more."""
ALIKE = 1.25
"""How much longer than half of the spans one may be to give the pattern: a longer one holds what
the wearer did next."""
OVERLAP = 0.3
"""Share of where a hand is lively that a pattern's match must hold."""
_MEAN = 5
"""Steps over which the numbers are smoothed."""
_PLACE, _VELOCITY = slice(0, 3), slice(3, 6)
_PALMS = 6.5
"""A place of 1 is so many palm lengths."""


class Span(NamedTuple):
    """Steps of a recording: the first, and the one after the last."""

    first: int
    after: int


def liveliness(steps: Array) -> Array:
    """How much changes in a second at each step: palm lengths, radians and stretches together.

    Args:
        steps: [steps, WIDTH] embeddings.
    """
    values = np.delete(steps * SPREAD, _VELOCITY, axis=1)
    values[:, _PLACE] *= _PALMS
    whole = np.pad(values, ((_MEAN // 2, _MEAN // 2), (0, 0)), mode="edge")
    smooth = np.stack([whole[at : at + len(values)] for at in range(_MEAN)]).mean(0)
    made = np.zeros(len(values), np.float32)
    made[1:-1] = np.linalg.norm(smooth[2:] - smooth[:-2], axis=1) * (RATE_HZ / 2)
    return made


def span(steps: Array) -> Span | None:
    """Where the movement of one recording lies; None: the hand does not move.

    Args:
        steps: [steps, WIDTH] embeddings.
    """
    if len(steps) < SHORTEST:
        return None
    lively = liveliness(steps)
    quiet, top = (float(value) for value in np.percentile(lively, (10, 95)))
    if top < LEAST:
        return None
    moving = np.flatnonzero(lively > quiet + SHARE * (top - quiet))
    stirs = np.split(moving, np.flatnonzero(np.diff(moving) > PAUSE) + 1)
    wholes = [float((lively[stir] - quiet).sum()) for stir in stirs]
    first = next(
        stir for stir, whole in zip(stirs, wholes, strict=True) if whole >= STRONG * max(wholes)
    )
    if first[-1] - first[0] < SHORTEST:
        return None
    return Span(max(0, int(first[0]) - STILL), min(len(steps), int(first[-1]) + 1 + STILL))


def agreed(recordings: Sequence[Array], spans: Sequence[Span]) -> list[Span]:
    """Spans of what all recordings share, so that one that began late or went on does not count.

    Of the spans that are not much longer than others, the one that the recordings hold best gives
    the pattern; theirs is where it is matched.

    Args:
        recordings: [steps, WIDTH] each.
        spans: Of each, by `span`.
    """
    patterns = [one[at.first : at.after] for one, at in zip(recordings, spans, strict=True)]
    found = matched(patterns, recordings)
    far = np.array([match.costs.min(0) for match in found])
    np.fill_diagonal(far, np.nan)
    counts = np.array(list(map(len, patterns)))
    usual = counts <= ALIKE * np.sort(counts)[(len(counts) - 1) // 2]
    best = int(np.where(usual, np.nanmedian(far, axis=0), np.inf).argmin())
    made = []
    for number, (costs, begins, *_) in enumerate(found):
        lively, ends = spans[number], np.arange(1, len(costs) + 1)
        shared = np.minimum(ends, lively.after) - np.maximum(begins[:, best], lively.first)
        # A hand that rests can be nearer to a slow pattern than one that makes it.
        fits = shared >= OVERLAP * (lively.after - lively.first)
        end = int(np.where(fits, costs[:, best], np.inf).argmin())
        if number == best or not fits.any():
            made.append(lively)
        else:
            made.append(Span(int(begins[end, best]), end + 1))
    return made
