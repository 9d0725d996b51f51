"""Tells each of the wearer's own moving gestures once, from how well its recordings are matched."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sensorium.perception.warping import Counts

    Array = NDArray[np.float32]
    Floats = NDArray[np.float64]

NEAREST = 2
"""Recordings whose mean cost counts: one alone may be a slip."""
WAIT = 1
"""Steps for which a match must not get better before it is told: 33 ms."""


class Told(NamedTuple):
    """A gesture that is told.

    Attributes:
        gesture: Its index.
        near: Its cost over the limit, up to 1.
        begin: Step at which it began.
        end: Step at which it had ended.
    """

    gesture: int
    near: float
    begin: int
    end: int


class Teller:
    """Tells each gesture once, when its match gets no better.

    Args:
        limits: [gestures].
    """

    def __init__(self, limits: Floats) -> None:
        self._limits = limits
        self.reset()

    def reset(self) -> None:
        """Nothing has been seen yet."""
        self._step = -1
        self._since = 0
        self._best: Told | None = None

    def push(self, costs: Floats, begins: Counts) -> Told | None:
        """Takes one step.

        Args:
            costs: [gestures].
            begins: [gestures]: where each match began.
        """
        self._step += 1
        # What begins before the last gesture's end is a part of that one.
        near = np.where(begins < self._since, np.inf, costs / self._limits)
        gesture = int(near.argmin())
        least, best = float(near[gesture]), self._best
        if least <= 1.0 and (best is None or least < best.near):
            self._best = Told(gesture, least, int(begins[gesture]), self._step)
        elif best is not None and self._step - best.end >= WAIT:
            self._best, self._since = None, best.end
            return best
        return None


def nearest(
    match: tuple[Array, Counts], whose: NDArray[np.int64], kept: NDArray[np.bool_], gestures: int
) -> tuple[Floats, Counts]:
    """The cost of each gesture: the mean of its `NEAREST` nearest recordings; and the begin.

    Args:
        match: See `warping.matched`: [steps, patterns] both.
        whose: [patterns]: the gesture of each.
        kept: [patterns]: which of them count; at least one of each gesture.
        gestures: How many there are.
    """
    costs = np.empty((len(match[0]), gestures))
    begins = np.empty((len(match[0]), gestures), np.int64)
    for at in range(gestures):
        mine = np.flatnonzero((whose == at) & kept)
        far = match[0][:, mine]
        count = min(NEAREST, len(mine))
        costs[:, at] = np.partition(far, count - 1, axis=1)[:, :count].mean(1)
        best = far.argmin(1)
        begins[:, at] = match[1][np.arange(len(far)), mine[best]]
    return costs, begins
