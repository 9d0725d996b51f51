"""When a controller points where no target is: where the eyes have been, too.

A controller that hangs points at nothing as one does that means an open place. Who points at a
place looks there first, as with all that hands do (Land and Hayhoe, "In what ways do eye movements
contribute to everyday activities?", Vision Research 41, 2001). So one that points where a look was
at no target means that place.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from sensorium.perception.attention_trace import CONTROLLER, EYES, PERIOD_NS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sensorium.perception.intents.history import Array, History, Seen, Way
    from sensorium.perception.intents.looks import Looks

_TOGETHER = 0.9962
"""Cosine of 5 degrees: hands and eyes are each off by less than half of that."""
_ALONG_M = np.geomspace(0.3, 12.0, 24)
"""So far along the hand's ray places are tried."""
_OPEN = 0.5
"""A ray that meets nothing with this probability may be that of a hand that hangs."""
_AHEAD_S = 2.0
"""The eyes were there no longer ago."""


def pointing_of(history: History, looks: Looks) -> Way:
    """What is pointed at, open places included.

    Args:
        history: Of the time around an utterance.
        looks: Its looks.
    """
    way = history.pointing
    spots = list(_spots(history, looks))
    hands = [ray for ray in history.rays if ray.kind == CONTROLLER]
    unknown = np.flatnonzero(~way.known & (way.open > _OPEN))
    if not spots or not hands or not len(unknown):
        return way
    times = np.array([ray.time_ns for ray in hands])
    known, chances = way.known.copy(), way.chances.copy()
    for at in unknown.tolist():
        now = int(history.times_ns[at])
        beside = np.flatnonzero(np.abs(times - now) <= PERIOD_NS).tolist()
        if any(
            _meets(hands[ray], spot) for ray in beside for begin, spot in spots
            if 0 <= now * 1e-9 - begin <= _AHEAD_S
        ):
            known[at] = True
            open_ = way.open[at]
            chances[at] -= open_ / chances.shape[1]
            chances[at, -1] += open_
    return replace(way, known=known, chances=chances)


def _spots(history: History, looks: Looks) -> Sequence[tuple[float, Seen]]:
    """Begin and median ray of each look at no target."""
    eyes = [ray for ray in history.rays if ray.kind == EYES]
    times = np.array([ray.time_ns for ray in eyes]) * 1e-9
    made: list[tuple[float, Seen]] = []
    for begin, end, chances in zip(looks.begins, looks.ends, looks.chances, strict=True):
        # Where nothing was believed all are as probable.
        if chances[-1] <= chances[:-1].max(initial=0.0):
            continue
        inside = np.flatnonzero((times >= (begin + end) / 2) & (times <= end))
        if len(inside):
            direction = np.median([eyes[at].direction for at in inside], axis=0)
            ray = eyes[int(inside[0])]
            made.append((float(begin), ray._replace(direction=_unit(direction))))
    return made


def _meets(hand: Seen, spot: Seen) -> bool:
    """Whether a place on the hand's ray is where the eyes were."""
    if hand.space != spot.space:
        return False
    towards = hand.origin + _ALONG_M[:, None] * hand.direction - spot.origin
    lengths: NDArray[np.float64] = np.linalg.norm(towards, axis=1)
    return bool((towards @ spot.direction > _TOGETHER * lengths).any())


def _unit(vector: Array) -> Array:
    made: Array = vector / max(float(np.linalg.norm(vector)), 1e-9)
    return made
