"""Which things words refer to: a Bayesian product of gaze, pointing and grip over their times.

A way to refer says of a row of words how probable it is that they mean a row of things: for gaze
the mean, over all rows of looks in the words' order (`scanpath`), of how probable it is that each
look is at its thing; for pointing the same over all rows of moments (`alignment`). So "put that
there" is read from two fixations in their order, even where both came before the first word. With
the probability `doubt` a way is not about a word and says nothing of it. The ways are taken as
independent, but that a controller points at an open place where the eyes were (`agreement`). What
is held says nothing of a place, and has no order.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations, product
from math import prod
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sensorium.perception.intents.agreement import pointing_of
from sensorium.perception.intents.alignment import GRIP, POINTING, weights
from sensorium.perception.intents.deictic import Role
from sensorium.perception.intents.gaze import LEAST_TRACED, Gaze

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sensorium.perception.intents.alignment import Array, Lag
    from sensorium.perception.intents.deictic import Reference
    from sensorium.perception.intents.history import History, Way

NONE = -1
"""In the place of a thing: it is none of the targets."""
_NO_OBJECT, _FREE_PLACE = 0.05, 0.3
"""Probability before all evidence that an object is none that the app lists, and that a place is
on no target; our own figures."""
_BEFORE = 0.9
"""The same that a pronoun means what was meant before, where that is known."""
_CANDIDATES = (0, 12, 8, 6, 4)
"""Things that are weighed for each word, by the number of words."""
_MOST = len(_CANDIDATES) - 1
_TINY = 1e-9


class Slot(NamedTuple):
    """One thing that is looked for.

    Attributes:
        reference: The word.
        many: How many things the word refers to.
        nth: Which of them it is, from 0.
    """

    reference: Reference
    many: int
    nth: int = 0


class Reading(NamedTuple):
    """What a row of slots may mean.

    Attributes:
        things: Place among the history's ids of each, or NONE.
        chance: Its probability.
    """

    things: tuple[int, ...]
    chance: float


class _Aligned(NamedTuple):
    """One way, as the slots see it.

    Attributes:
        chances: Shape (T, K + 1), with the way's doubt.
        weights: Of each slot, shape (T,).
        doubt: See `Way`.
        ordered: Whether the moments are in the words' order.
        cover: How probable it is that every word is about a moment that was traced.
        scale: Makes the sum over all moments in the words' order `cover`.
    """

    chances: Array
    weights: list[Array]
    ordered: bool
    cover: float
    scale: float


class Fusion:
    """The readings of a row of slots.

    Args:
        history: What was attended to.
        slots: In the order of their words.
        before: Places among the ids of what was meant before.
        targets: How many there are, those that were not attended to included.

    Attributes:
        gaze: What gaze says.
        history: With the open places that were pointed at.
        known: Of each slot whether there is anything to know.
    """

    def __init__(
        self, history: History, slots: Sequence[Slot], before: Sequence[int] = (),
        targets: int = 0,
    ) -> None:
        self._slots = slots
        self._targets = max(len(history.ids), targets, 1)
        self._size = len(history.ids) + 1
        self.gaze = Gaze(history, [slot.reference.start_ns * 1e-9 for slot in slots])
        pointing = pointing_of(history, self.gaze.looks)
        self.history = replace(history, pointing=pointing)
        self._ways = [
            self._aligned(history, way, lag, ordered) for way, lag, ordered in (
                (pointing, POINTING, True), (history.grip, GRIP, False),
            )
        ]
        self._priors = [self._prior(slot.reference.role, before) for slot in slots]
        ways = (pointing, history.grip)
        self.known = [
            (slot.reference.role is Role.PRONOUN and bool(before))
            or self.gaze.traced[at] >= LEAST_TRACED
            or any(
                float(aligned.weights[at][way.known].sum()) >= LEAST_TRACED
                for aligned, way in zip(self._ways, ways, strict=True)
            )
            for at, slot in enumerate(slots)
        ]

    def readings(self) -> list[Reading]:
        """The readings, the most probable first; things of one word in any order count as one."""
        if not self._slots:
            return []
        if len(self._slots) > _MOST:
            return [self._each()]
        singles = [self._single(at) for at in range(len(self._slots))]
        most = _CANDIDATES[len(self._slots)]
        best = [np.argsort(-single, kind="stable")[:most].tolist() for single in singles]
        sums: dict[tuple[int, ...], float] = {}
        for things in product(*best):
            listed = [thing for thing in things if thing < self._size - 1]
            if len(set(listed)) == len(listed):
                key = self._settled(things)
                sums[key] = sums.get(key, 0.0) + self._likelihood(things)
        total = sum(sums.values()) or 1.0
        found = [Reading(things, chance / total) for things, chance in sums.items()]
        return sorted(found, key=lambda reading: -reading.chance)

    def ordered(self, things: tuple[int, ...]) -> tuple[int, ...]:
        """The things of a reading in the order in which they were most probably attended to."""
        orders: list[tuple[int, ...]] = [()]
        at = 0
        while at < len(things):
            many = max(1, self._slots[at].many)
            word = things[at : at + many]
            turned = permutations(word) if many <= _MOST else iter((word,))
            orders = [(*order, *turn) for turn in turned for order in orders]
            at += many
        return max(orders, key=self._likelihood) if len(orders) > 1 else things

    def _each(self) -> Reading:
        """Many things of one word: each by itself, the most probable first.

        What nothing speaks for is named by nobody: where fewer were attended to than were said,
        the others are none of the targets. The chance is the geometric mean of theirs.
        """
        taken: list[int] = []
        chance = 1.0
        for at in range(len(self._slots)):
            single = self._single(at)
            single = single / single.sum()
            single[[one for one in taken if one < self._size - 1]] = 0.0
            best = int(single.argmax())
            if single[best] <= self._priors[at][best] / self._priors[at].sum():
                best = self._size - 1
            taken.append(best)
            chance *= float(single[best])
        return Reading(self._settled(tuple(taken)), chance ** (1 / len(taken)))

    def _settled(self, things: tuple[int, ...]) -> tuple[int, ...]:
        """With NONE, and the things of one word in one order."""
        made: list[int] = []
        at = 0
        while at < len(things):
            many = max(1, self._slots[at].many)
            word = [NONE if thing == self._size - 1 else thing for thing in things[at : at + many]]
            made += sorted(word, key=lambda thing: (thing == NONE, thing))
            at += many
        return tuple(made)

    def _aligned(self, history: History, way: Way, lag: Lag, ordered: bool) -> _Aligned:
        # What is held has no glances: each moment stands for itself.
        labels = way.labels if ordered else np.arange(len(history.times))
        made = [
            weights(history.times, labels, slot.reference.start_ns * 1e-9, lag, slot.nth)
            for slot in self._slots
        ]
        if not ordered:
            made = [
                row * (slot.reference.role is not Role.PLACE)
                for row, slot in zip(made, self._slots, strict=True)
            ]
        chances = (1 - way.doubt) * way.chances + way.doubt / self._size
        cover = prod(float(row.sum()) for row in made)
        mass = _chain(made) if ordered and made else 1.0
        return _Aligned(chances, made, ordered, cover, cover / mass if mass > _TINY else 0.0)

    def _prior(self, role: Role, before: Sequence[int]) -> Array:
        none = _FREE_PLACE if role is Role.PLACE else _NO_OBJECT
        prior = np.full(self._size, (1 - none) / self._targets)
        prior[-1] = none
        if role is Role.PRONOUN and before:
            prior[:-1] = (1 - _BEFORE - none) / max(1, self._targets - len(before))
            prior[list(before)] = _BEFORE / len(before)
        return prior

    def _single(self, at: int) -> Array:
        """How probable each thing is for one slot, but for a factor."""
        made = self._priors[at] * self.gaze.single(at)
        for way in self._ways:
            unknown = 1 - float(way.weights[at].sum())
            made *= way.weights[at] @ way.chances + unknown / self._size
        return made

    def _likelihood(self, things: tuple[int, ...]) -> float:
        """The probability of a row of things, in their order, but for a factor."""
        made = prod(float(self._priors[at][thing]) for at, thing in enumerate(things))
        even = self._size ** -len(things)
        made *= self.gaze.chance(things)
        for way in self._ways:
            rows = [
                row * way.chances[:, thing]
                for row, thing in zip(way.weights, things, strict=True)
            ]
            if way.ordered:
                made *= way.scale * _chain(rows) + (1 - way.cover) * even
            else:
                made *= prod(
                    float(row.sum()) + (1 - float(weight.sum())) / self._size
                    for row, weight in zip(rows, way.weights, strict=True)
                )
        return made


def _chain(rows: Sequence[NDArray[np.float64]]) -> float:
    """The sum over all moments t1 < t2 < ... of the products of the rows' values there."""
    reached = rows[0]
    for row in rows[1:]:
        before = np.cumsum(reached)
        reached = row[1:] * before[:-1]
        reached = np.concatenate((row[:1] * 0, reached))
    return float(reached.sum())
