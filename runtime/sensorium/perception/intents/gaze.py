"""What gaze says of a row of words: the looks that they may be about, and what those were at."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sensorium.perception.intents.alignment import GAZE, traced
from sensorium.perception.intents.looks import looks_of
from sensorium.perception.intents.scanpath import Scanpath

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sensorium.perception.intents.alignment import Array
    from sensorium.perception.intents.history import History

LEAST_TRACED = 0.1
"""Where less of a word's time than this was traced, nothing is guessed from it."""


class Look(NamedTuple):
    """A look that a word is about.

    Attributes:
        start_ns: Its begin.
        end_ns: Its end.
        weight: How probable it is that the word's thing was looked at then.
    """

    start_ns: int
    end_ns: int
    weight: float


class Gaze:
    """What gaze says of a row of slots.

    Args:
        history: What was attended to.
        starts: Begin of the word of each slot, in order, s.

    Attributes:
        looks: In their order.
        traced: For each slot how much of the time that its word is about was traced, 0 to 1.
    """

    def __init__(self, history: History, starts: Sequence[float]) -> None:
        way = history.gaze
        self.looks = looks_of(history)
        self._size = len(history.ids) + 1
        self.traced = [traced(history.times[way.known], start, GAZE) for start in starts]
        self._cover = math.prod(self.traced)
        self._path: Scanpath | None = None
        path = Scanpath(self.looks, starts) if starts and len(self.looks.begins) else None
        # Where there are fewer looks than things gaze says nothing of them.
        if path is not None and path.possible:
            self._path = path
            seen = self.looks.chances[path.look]
            self._chances = (1 - way.doubt) * seen + way.doubt / self._size

    def chance(self, things: Sequence[int]) -> float:
        """How probable it is that the words are about these things; even where nobody knows."""
        even = math.pow(self._size, -len(things))
        if self._path is None:
            return even
        rows = [self._chances[:, thing] for thing in things]
        return self._cover * self._path.chance(rows, 1 / self._size) + (1 - self._cover) * even

    def single(self, at: int) -> Array:
        """How probable each thing is for one slot, shape (K + 1,)."""
        if self._path is None:
            return np.full(self._size, 1 / self._size)
        made: Array = self._path.shares[at] @ self._chances
        return self.traced[at] * made + (1 - self.traced[at]) / self._size

    def seen(self, things: Sequence[int]) -> list[Look | None]:
        """The look that each slot's word is most probably about, if the words mean these things.

        None where next to nothing was traced when the word's thing must have been looked at.

        Args:
            things: Of all slots, in the order in which they were attended to.
        """
        if self._path is None:
            return [None] * len(things)
        made: list[Look | None] = []
        given = self._path.given([self._chances[:, thing] for thing in things], 1 / self._size)
        for thing, chances, traced_of in zip(things, given, self.traced, strict=True):
            if traced_of < LEAST_TRACED:
                made.append(None)
                continue
            look = int(np.bincount(self._path.look, chances).argmax())
            weight = float(self.looks.chances[look, thing])
            begin, end = float(self.looks.begins[look]), float(self.looks.ends[look])
            made.append(Look(round(begin * 1e9), round(end * 1e9), weight))
        return made
