"""Tells each of the wearer's own moving gestures once, from how well its recordings are matched."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sensorium.perception.warping import Match

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sensorium.perception.warping import Counts

    Floats = NDArray[np.floating]

NEAREST = 2
"""Recordings whose mean cost counts: one alone may be a slip."""
WAIT = 1
"""Steps for which a match must not get better before it is told: 33 ms."""
HELD_BACK = 0.9
"""Share of a longer gesture's limit: how well the part of it that was made must be matched for a
shorter one within it to be held back. Set with made wearers, none of them the benchmark's."""
TOGETHER = 3
"""Steps by which the longer one may seem to begin later, 0.1 s."""


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

    One that may be a part of a longer gesture is held back while that one is under way: it is told
    when the longer one is given up, and never where that one is made.

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
        self._held: Told | None = None

    def push(self, match: Match) -> Told | None:
        """Takes one step.

        Args:
            match: [gestures].
        """
        self._step += 1
        ready, held = self._ready(match), self._held
        if ready is not None and (held is None or ready.begin < held.end):
            if self._part(ready, match):
                self._held = ready
                return None
            self._held = None
            return self._tell(ready)
        if held is None:
            return None
        beside = self._best is not None and self._best.begin < held.end
        if ready is None and (beside or self._part(held, match)):
            return None
        # What is ready, too, began after it, and is told in the next step.
        self._best, self._held = ready or self._best, None
        return self._tell(held)

    def rest(self) -> Told | None:
        """What is held back; nothing follows."""
        return self._held

    def _ready(self, match: Match) -> Told | None:
        """What has got no better."""
        # What begins before the last gesture's end is a part of that one.
        near = np.where(match.begins < self._since, np.inf, match.costs / self._limits)
        held = self._held
        if held is not None and match.begins[held.gesture] < held.end:
            near[held.gesture] = np.inf
        gesture = int(near.argmin())
        least, best = float(near[gesture]), self._best
        if least <= 1.0 and (best is None or least < best.near):
            self._best = Told(gesture, least, int(match.begins[gesture]), self._step)
        elif best is not None and self._step - best.end >= WAIT:
            self._best = None
            return best
        return None

    def _part(self, told: Told, match: Match) -> bool:
        """Whether another gesture is under way that began no later."""
        longer = (
            (match.going <= HELD_BACK * self._limits)
            & (match.since >= self._since) & (match.since <= told.begin + TOGETHER)
        )
        longer[told.gesture] = False
        return bool(longer.any())

    def _tell(self, told: Told) -> Told:
        self._since = told.end
        return told


def nearest(
    match: Match, whose: NDArray[np.int64], kept: NDArray[np.bool_], gestures: int
) -> Match:
    """How each gesture is matched: costs are the mean of its `NEAREST` nearest recordings.

    Args:
        match: See `warping.matched`: [steps, patterns].
        whose: [patterns]: the gesture of each.
        kept: [patterns]: which of them count; at least one of each gesture.
        gestures: How many there are.

    Returns:
        [steps, gestures].
    """
    every = [np.flatnonzero((whose == at) & kept) for at in range(gestures)]
    costs, begins = _of_gestures(match.costs, match.begins, every)
    going, since = _of_gestures(match.going, match.since, every)
    return Match(costs, begins, going, since)


def _of_gestures(
    far: Floats, begins: Counts, every: list[NDArray[np.int64]]
) -> tuple[Floats, Counts]:
    costs = np.empty((len(far), len(every)))
    begun = np.empty((len(far), len(every)), np.int64)
    for at, mine in enumerate(every):
        own = far[:, mine]
        count = min(NEAREST, len(mine))
        costs[:, at] = np.partition(own, count - 1, axis=1)[:, :count].mean(1)
        begun[:, at] = begins[np.arange(len(own)), mine[own.argmin(1)]]
    return costs, begun
