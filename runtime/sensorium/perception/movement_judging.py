"""How well the wearer's own moving gestures are told: by trying, on recordings that are left out.

What is judged, recordings and parts of free motion alike, was seen neither by the patterns nor by
the limits (nested cross-validation, as in `gesture_learning`). But where in a recording its
movement lies was found with all of them; and parts of free motion may follow one another, so that a
motion across their border counts on both sides.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sensorium.perception.hand_motion import RATE_HZ
from sensorium.perception.movement_span import STILL
from sensorium.perception.movement_telling import Teller
from sensorium.perception.warping import Match

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from sensorium.perception.movement_learning import Compared
    from sensorium.perception.movement_telling import Told

    Floats = NDArray[np.float64]

NEAR_END = RATE_HZ * 9 // 30
"""A gesture is known when it is told no more steps from its end, 0.3 s."""


class Judged(NamedTuple):
    """How well a gesture is told, by recordings that were left out.

    Attributes:
        accuracy: Share of all recordings and of all parts of free motion, of this gesture or not,
            that are told rightly to be so.
        recall: Share of its recordings that are told at their end.
        precision: Share of what is told that is right; 1 where nothing is told.
        f1: Of both.
        taken_for: [gestures]: share of its recordings in which each is told.
        free: How often it is told in a minute of free motion.
        unlike: Recordings, from 1, that are not told.
    """

    accuracy: float
    recall: float
    precision: float
    f1: float
    taken_for: Floats
    free: float
    unlike: tuple[int, ...]


def judge(compared: Compared) -> list[Judged]:
    """How well each gesture is told, by nested cross-validation; three recordings or more each."""
    gestures = compared.gestures
    count, folds = len(gestures), max(len(one) for one in gestures)
    right, said = np.zeros(count), np.zeros(count)
    inside = np.zeros((count, count))
    free_told, minutes = np.zeros(count), 0.0
    part_told = np.zeros(count)
    unlike: list[list[int]] = [[] for _ in gestures]
    for fold in range(folds):
        parts = compared.parts[fold::folds]
        limits = compared.limits((fold,), parts)
        for at, recordings in enumerate(gestures):
            if fold >= len(recordings):
                continue
            told = list(_told(compared.told(compared.shown(at, fold), (fold,)), limits))
            end = recordings[fold].span.after - STILL
            known = any(one.gesture == at and abs(one.end - end) <= NEAR_END for one in told)
            right[at] += known
            for one in told:
                said[one.gesture] += 1
            inside[at, list({one.gesture for one in told})] += 1
            if not known:
                unlike[at].append(fold + 1)
        for piece, match in enumerate(compared.free):
            mine = [part for part in parts if part.piece == piece]
            # The piece is matched whole: a part's first steps may end what began before it.
            told = list(_told(compared.told(match, (fold,)), limits)) if mine else []
            for _, first, after in mine:
                within = [one.gesture for one in told if first <= one.end < after]
                for gesture in within:
                    free_told[gesture] += 1
                part_told[list(set(within))] += 1
                minutes += (after - first) / RATE_HZ / 60.0
    shown = np.array([len(one) for one in gestures])
    whole = int(shown.sum()) + len(compared.parts)
    said += free_told
    return [
        Judged(
            accuracy=float(
                (whole - (shown[at] - right[at]) - (inside[:, at].sum() - inside[at, at])
                 - part_told[at]) / whole
            ),
            recall=float(right[at] / shown[at]),
            precision=float(right[at] / said[at]) if said[at] else 1.0,
            f1=float(2.0 * right[at] / (shown[at] + said[at])),
            taken_for=inside[at] / shown[at],
            free=float(free_told[at] / minutes) if minutes else 0.0,
            unlike=tuple(unlike[at]),
        )
        for at in range(count)
    ]


def _told(match: Match, limits: NDArray[np.floating]) -> Iterator[Told]:
    teller = Teller(limits)
    for rows in zip(*match, strict=True):
        found = teller.push(Match(*rows))
        if found is not None:
            yield found
    held = teller.rest()
    if held is not None:
        yield held
