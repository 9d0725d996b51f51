"""Learns the wearer's own moving gestures from a handful of recordings.

A gesture is its recordings: the two that a motion is nearest to by time warping (`warping`) say how
far it is from it, and a limit from which on it is none. Each limit is found by leaving out one
recording after the other: how far the one left out is from the rest, against how near all else
comes - other gestures, what the hands do otherwise, and the gesture itself before its end, which is
a part of it.
"""

from __future__ import annotations

from itertools import pairwise
from statistics import NormalDist
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sensorium.errors import EnrolmentError
from sensorium.perception.hand_motion import RATE_HZ
from sensorium.perception.movement_span import STILL
from sensorium.perception.movement_telling import WAIT, nearest
from sensorium.perception.warping import matched

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sensorium.perception.own_movements import Recording
    from sensorium.perception.warping import Match

    Array = NDArray[np.float32]
    Floats = NDArray[np.floating]

SLACK = 1.4
"""Where nothing else is near, the limit is so much further than the own cost, since a handful of
recordings shows less than there will be. No own cost counts for more than this times the median."""
LEAST = 0.4
"""The own cost is taken for at least so much: recordings of a simulator may be equal."""
NOTHING = 0.01
"""Any other cost is taken for at least so much, and no limit is less: costs have a logarithm."""
EARLY = RATE_HZ // 3
"""Steps before a gesture's end, 0.33 s, until which a match is one of a part of it."""
BESIDE = RATE_HZ // 6
"""Steps about its end, 0.17 s, in which a match is its own."""
BLUR = 0.08
"""In costs' logarithms: how sure a side of the limit is, where there is no gap."""
RATE_A_MINUTE = 0.1
"""How often each gesture may be told of free motion, by the tail of its costs there."""
APART = RATE_HZ // 2
"""Steps between two separate approaches of free motion to a gesture."""
PART = RATE_HZ * 4
"""Steps of free motion that are judged as one, about 4 s."""


class Part(NamedTuple):
    """A part of a piece of free motion.

    Attributes:
        piece: Its number.
        first: Step of the piece.
        after: The one after its last.
    """

    piece: int
    first: int
    after: int


class Compared:
    """All recordings and all free motion, each matched by every recording's span, once.

    Args:
        gestures: Of each its recordings, two or more.
        free: [steps, WIDTH] each.

    Attributes:
        gestures: As given.
        free: The match of each piece of free motion.
        parts: Of all pieces, one after the other: what can be judged or left out by itself.
    """

    def __init__(self, gestures: Sequence[Sequence[Recording]], free: Sequence[Array]) -> None:
        self.gestures = gestures
        every = [(at, number, one) for at, recordings in enumerate(gestures)
                 for number, one in enumerate(recordings)]
        self._whose = np.array([at for at, _, _ in every])
        self._number = np.array([number for _, number, _ in every])
        patterns = [one.steps[one.span.first : one.span.after] for _, _, one in every]
        # A match is told a few steps after its end.
        windows = [
            np.concatenate([one.steps, np.repeat(one.steps[-1:], WAIT + 1, axis=0)])
            for _, _, one in every
        ]
        found = matched(patterns, [*windows, *free])
        self._shown = {(at, number): one for (at, number, _), one in
                       zip(every, found[: len(every)], strict=True)}
        self.free = found[len(every) :]
        self.parts = [
            part for piece, match in enumerate(self.free)
            for part in _parts(piece, len(match.costs))
        ]

    def told(self, match: Match, without: tuple[int, ...]) -> Match:
        """How each gesture is matched at each step of a match: [steps, gestures].

        Args:
            match: Of one recording or piece of free motion.
            without: Numbers of the recordings that are left out, of every gesture.
        """
        kept = ~np.isin(self._number, without)
        return nearest(match, self._whose, kept, len(self.gestures))

    def shown(self, at: int, number: int) -> Match:
        """The match of one recording."""
        return self._shown[at, number]

    def apart(self, at: int) -> float:
        """The median of how far each of a gesture's recordings is from the rest."""
        own = []
        for number, one in enumerate(self.gestures[at]):
            costs = self.told(self.shown(at, number), (number,)).costs
            own.append(_own(costs[:, at], one))
        return float(np.median(own))

    def nearer(self, at: int, other: int) -> float:
        """Share of a gesture's recordings that are no further from another than from the rest.

        What is nearer before their end is a part of them.
        """
        near = 0
        for number, one in enumerate(self.gestures[at]):
            costs = self.told(self.shown(at, number), (number,)).costs
            near += _own(costs[:, other], one) <= _own(costs[:, at], one)
        return near / len(self.gestures[at])

    def limits(
        self, without: tuple[int, ...] = (), free_without: Sequence[Part] = ()
    ) -> Floats:
        """Of each gesture: [gestures].

        Args:
            without: As in `told`.
            free_without: Parts of free motion that are left out.

        Raises:
            EnrolmentError: As in `limit`.
        """
        count = len(self.gestures)
        own: list[list[float]] = [[] for _ in range(count)]
        others: list[list[float]] = [[] for _ in range(count)]
        for at, recordings in enumerate(self.gestures):
            for number, one in enumerate(recordings):
                if number in without:
                    continue
                costs = self.told(self.shown(at, number), (*without, number)).costs
                end = one.span.after - STILL
                own[at].append(_own(costs[:, at], one))
                others[at].append(float(costs[: max(1, end - EARLY + 1), at].min()))
                for other in range(count):
                    if other != at:
                        others[other].append(float(costs[:, other].min()))
        every = [self.told(match, without).costs for match in self.free]
        for piece, first, after in free_without:
            every[piece][first:after] = np.inf
        left = sum(map(len, every)) - sum(after - first for _, first, after in free_without)
        minutes = left / RATE_HZ / 60.0
        return np.array([
            limit(
                np.array(own[at]), np.array(others[at]),
                np.array([value for costs in every for value in _approaches(costs[:, at])]),
                minutes,
            )
            for at in range(count)
        ])


def _parts(piece: int, steps: int) -> list[Part]:
    """Parts of a piece, as long as one another."""
    edges = np.linspace(0, steps, max(1, round(steps / PART)) + 1).astype(int).tolist()
    return [Part(piece, first, after) for first, after in pairwise(edges)]


def _own(costs: Floats, one: Recording) -> float:
    """The cost of a recording at its end."""
    end = one.span.after - STILL
    return float(costs[max(0, end - BESIDE) : end + BESIDE + 1].min())


def limit(own: Floats, others: Floats, free: Floats, minutes: float) -> float:
    """The cost that parts a gesture from all else.

    Where a gap is between them, it lies in the gap's middle (of the logarithm), but never more than
    `SLACK` times the furthest own cost; else where the F1 is largest, each side counted softly. The
    tail of the free motion's costs, taken for normal in the logarithm, permits `RATE_A_MINUTE`.

    Args:
        own: Costs of the gesture's own recordings.
        others: Of all else that is no free motion.
        free: Least costs of the approaches in free motion; may be empty.
        minutes: Of free motion.

    Raises:
        EnrolmentError: None of the own recordings is found by the others.
    """
    own = np.maximum(own, LEAST)
    found_own = own[np.isfinite(own)]
    if not len(found_own):
        raise EnrolmentError(
            "the recordings are not of one movement: none is found by the others",
            "make the same movement each time, from rest to rest",
        )
    own = np.minimum(own, SLACK * float(np.median(found_own)))
    others, free = np.maximum(others, NOTHING), np.maximum(free, NOTHING)
    top = float(own.max())
    every = np.sort(np.concatenate([others, free]))
    near = float(every[0]) if len(every) else np.inf
    if near > top:
        found = min(float(np.sqrt(top * near)), SLACK * top)
    else:
        at = np.concatenate([own, every[every < 2.0 * top]])
        right, said = (
            _below(costs[None, :], at[:, None]).sum(1) for costs in (own, every)
        )
        found = float(at[int(np.argmax(2.0 * right / (len(own) + right + said)))])
    if len(free) >= 2:
        logs = np.log(free)
        share = min(0.5, RATE_A_MINUTE * minutes / len(free))
        tail = np.median(logs) + logs.std() * NormalDist().inv_cdf(share)
        found = min(found, float(np.exp(tail)))
    return max(min(found, SLACK * top), NOTHING)


def _approaches(costs: Floats) -> list[float]:
    """The least costs of free motion that lie `APART`, the nearest first."""
    left = np.where(np.isfinite(costs), costs, np.inf)
    found: list[float] = []
    while True:
        at = int(left.argmin())
        if not np.isfinite(left[at]):
            return found
        found.append(float(costs[at]))
        left[max(0, at - APART) : at + APART + 1] = np.inf


def _below(costs: Floats, at: Floats) -> Floats:
    """How sure each cost is to lie below a limit, 0..1."""
    away = np.clip((np.log(costs) - np.log(at)) / BLUR, -50.0, 50.0)
    made: Floats = 1.0 / (1.0 + np.exp(away))
    return made
