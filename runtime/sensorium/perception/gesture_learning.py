"""Learns the wearer's own gestures from a handful of recordings, and says how well by trying.

Nearest class mean in whitened axes (`discriminant`), and a limit of the distance beyond which a
hand is none of them. Each limit is found by leaving out one recording after the other: how far
frames of the recording left out lie from the mean of the rest, against how far all else lies, other
gestures and what the hands do otherwise. The figures come from the same procedure around it: what
is judged was seen neither by the means nor by the limits (nested cross-validation: S. Varma and
R. Simon, "Bias in error estimation when using cross-validation for model selection", BMC
Bioinformatics 7:91, 2006). Frames of one recording are alike, so they are never on both sides.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sensorium.perception.discriminant import fit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sensorium.perception.discriminant import Discriminant

    Array = NDArray[np.float64]
    Recordings = Sequence[Array]

SLACK = 1.5
"""Where nothing else is near, the limit is so much further than the furthest own frame: a handful
of recordings shows less than there will be."""
LEAST = 1.0
"""The furthest own distance is taken for at least so much: in whitened axes a sample's is about 1,
and frames of a simulator lie at 0."""


class Learnt(NamedTuple):
    """What tells gestures.

    Attributes:
        discriminant: One class a gesture.
        limits: [gestures]: relative to which distances count.
    """

    discriminant: Discriminant
    limits: Array

    def nearness(self, samples: Array) -> Array:
        """Each distance over its limit: up to 1 is the gesture; [n, gestures] or [gestures]."""
        near: Array = self.discriminant.distances(samples) / self.limits
        return near

    def told(self, samples: Array) -> NDArray[np.int64]:
        """The gesture of each sample, [n]; -1: none of them."""
        near = self.nearness(samples)
        best = near.argmin(1)
        return np.where(near[np.arange(len(near)), best] <= 1.0, best, -1)


class Judged(NamedTuple):
    """How well a gesture is told, by frames that were left out.

    Attributes:
        accuracy: Share of all frames, of this gesture or not, that are told rightly to be so.
        recall: Share of its frames that are told.
        precision: Share of what is told that is right; 1 where nothing is told.
        f1: Of both.
        taken_for: [gestures]: share of its frames that are told as each.
        free: Share of the free motion's frames that are told as it.
        unlike: Recordings, from 1, of which no frame is told.
    """

    accuracy: float
    recall: float
    precision: float
    f1: float
    taken_for: Array
    free: float
    unlike: tuple[int, ...]


def learn(gestures: Sequence[Recordings], free: Array) -> Learnt:
    """Learns all gestures at once.

    Args:
        gestures: Of each its recordings, two or more, [frames, width] each.
        free: [n, width]: what hands do otherwise.
    """
    return Learnt(_fit(gestures), _limits(gestures, free))


def judge(gestures: Sequence[Recordings], free: Array) -> list[Judged]:
    """How well each gesture is told, by nested cross-validation.

    Args:
        gestures: As in `learn`, with three recordings or more.
        free: As in `learn`.
    """
    count = len(gestures)
    # Row: what it is; column: what it is told as; the last of both is none of them.
    table = np.zeros((count + 1, count + 1), np.int64)
    unlike: list[list[int]] = [[] for _ in gestures]
    folds = max(len(recordings) for recordings in gestures)
    for fold in range(folds):
        kept = [_without(recordings, fold) for recordings in gestures]
        rest, left = _free(free, fold, folds)
        learnt = learn(kept, rest)
        for truth, recordings in enumerate(gestures):
            if fold >= len(recordings):
                continue
            told = learnt.told(recordings[fold])
            np.add.at(table[truth], told, 1)
            if not (told == truth).any():
                unlike[truth].append(fold + 1)
        if len(left):
            np.add.at(table[count], learnt.told(left), 1)
    return [_judged(table, at, tuple(unlike[at])) for at in range(count)]


def _judged(table: NDArray[np.int64], at: int, unlike: tuple[int, ...]) -> Judged:
    right = int(table[at, at])
    own, said, everything = int(table[at].sum()), int(table[:, at].sum()), int(table.sum())
    return Judged(
        accuracy=(everything - own - said + 2 * right) / everything,
        recall=right / own,
        precision=right / said if said else 1.0,
        f1=2.0 * right / (own + said),
        taken_for=table[at, :-1] / own,
        free=float(table[-1, at]) / max(int(table[-1].sum()), 1),
        unlike=unlike,
    )


def _limits(gestures: Sequence[Recordings], free: Array) -> Array:
    count = len(gestures)
    own: list[list[Array]] = [[] for _ in gestures]
    others: list[list[Array]] = [[] for _ in gestures]
    for fold in range(max(len(recordings) for recordings in gestures)):
        model = _fit([_without(recordings, fold) for recordings in gestures])
        seen = [(at, recordings[fold]) for at, recordings in enumerate(gestures)
                if fold < len(recordings)]
        for truth, frames in seen:
            far = model.distances(frames)
            for at in range(count):
                (own if at == truth else others)[at].append(far[:, at])
        if len(free):
            far = model.distances(free)
            for at in range(count):
                others[at].append(far[:, at])
    empty = np.empty(0)
    return np.array([
        limit(np.concatenate(mine), np.concatenate(rest or [empty]))
        for mine, rest in zip(own, others, strict=True)
    ])


def limit(own: Array, others: Array) -> float:
    """The distance that parts a gesture from all else.

    Where a gap is between them, it lies in the gap's middle (of the logarithm), but never more than
    `SLACK` times the furthest own distance; else where the F1 is largest.

    Args:
        own: Distances of the gesture's own frames.
        others: Of all others; may be empty.
    """
    top = max(float(own.max()), LEAST)
    near = float(others.min()) if len(others) else math.inf
    if near > top:
        return min(math.sqrt(top * near), SLACK * top) if math.isfinite(near) else SLACK * top
    ways = np.sort(own)
    right = np.arange(1, len(ways) + 1)
    said = right + np.searchsorted(np.sort(others), ways, side="right")
    return float(ways[int(np.argmax(2.0 * right / (len(ways) + said)))])


def _fit(gestures: Sequence[Recordings]) -> Discriminant:
    return fit([np.concatenate(list(recordings)) for recordings in gestures])


def _without(recordings: Recordings, fold: int) -> list[Array]:
    return [one for at, one in enumerate(recordings) if at != fold]


def _free(free: Array, fold: int, folds: int) -> tuple[Array, Array]:
    """The free motion without one of its parts, and that part; each is left out once."""
    parts = np.array_split(free, folds)
    rest = [part for at, part in enumerate(parts) if at != fold]
    return np.concatenate(rest), parts[fold]
