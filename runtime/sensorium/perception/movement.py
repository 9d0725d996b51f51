"""Movements of a hand that mean something by themselves: what the engine tells, told once each.

The engine says of each step which movement has just ended. It is believed when two steps in a row
agree, once; then it is quiet for a while, since the way back of a stroke is a stroke, too.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sensorium.perception.hand_motion import FEATURES, RATE_HZ, STEP_NS, WINDOW, speed
from sensorium.records.hands import MOVEMENTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sensorium.perception.hand_motion import Step

INPUT, OUTPUT = "steps", "chances"
CLASSES = ("none", *MOVEMENTS)
"""The engine's labels, in its order."""
CHANCE = 0.75
"""A movement is told at this mean chance; the options may say otherwise."""
AGREE = 2
"""Steps whose mean chance counts."""
QUIET_STEPS = RATE_HZ // 2
"""After a movement none is told for so long: 0.5 s."""
SETTLE_STEPS = RATE_HZ * 8 // 10
"""So long after its hand appeared none is told, 0.8 s: its beginning was not seen."""
STILL = 0.05
"""Share of the peak's speed below which a movement has not begun or has ended: the field's usual
bound of a reach (5 % of peak velocity)."""
AWAKE = 4.0
"""Palm lengths a second, 0.37 m/s, that a hand must reach within the window to be judged at all."""


class Movement(NamedTuple):
    """A movement that has ended.

    Attributes:
        kind: Index in `MOVEMENTS`.
        chance: 0..1.
        begin_ns: When the hand began to move; not before the window.
        end_ns: When it was still again.
    """

    kind: int
    chance: float
    begin_ns: int
    end_ns: int


class Window:
    """The steps that the engine hears, the newest last; before the first the hand was as in it."""

    def __init__(self) -> None:
        self.feeds: dict[str, NDArray[np.float32]] = {
            INPUT: np.zeros((1, WINDOW, FEATURES), np.float32)
        }
        self.times: deque[int] = deque(maxlen=WINDOW)
        self.speeds: deque[float] = deque(maxlen=WINDOW)

    def take(self, step: Step) -> None:
        """One step more."""
        heard = self.feeds[INPUT][0]
        if not self.times:
            heard[:] = step.row
        else:
            heard[:-1] = heard[1:].copy()
            heard[-1] = step.row
        self.times.append(step.time_ns)
        self.speeds.append(speed(step.row))

    @property
    def awake(self) -> bool:
        """Whether the hand has moved enough within the window to be worth a run."""
        return max(self.speeds, default=0.0) >= AWAKE

    def forget(self) -> None:
        """What comes next does not follow."""
        self.times.clear()
        self.speeds.clear()


class MovementGate:
    """Tells each movement once.

    Args:
        chance: A movement is told at this mean chance, 0..1.
    """

    def __init__(self, chance: float) -> None:
        self._chance = chance
        self._last: Sequence[float] = ()
        self._quiet = SETTLE_STEPS

    def update(self, chances: Sequence[float] | None, window: Window) -> Movement | None:
        """Takes what the engine told of the window's newest step.

        Args:
            chances: One of each of `CLASSES`; None: the engine was not asked.
            window: The steps.
        """
        last, self._last = self._last, chances or ()
        if self._quiet:
            self._quiet -= 1
            return None
        if chances is None or not last:
            return None
        means = [(a + b) / AGREE for a, b in zip(last[1:], chances[1:], strict=True)]
        best = max(means)
        if best < self._chance:
            return None
        self._quiet, self._last = QUIET_STEPS, ()
        return Movement(means.index(best), best, *span(window))

    def forget(self) -> None:
        """The hand was lost: what it was doing is never told."""
        self._last, self._quiet = (), SETTLE_STEPS


def span(window: Window) -> tuple[int, int]:
    """When the window's newest movement began and ended, ns: back from the newest step.

    The end is the last step above `STILL` of the peak's speed, the begin the first of the run
    before it that has no two still steps in a row.
    """
    speeds, times = list(window.speeds), list(window.times)
    least = STILL * max(speeds)
    end = len(speeds) - 1
    while end > 0 and speeds[end] < least:
        end -= 1
    begin = end
    while begin > 1 and (speeds[begin - 1] >= least or speeds[begin - 2] >= least):
        begin -= 1
    return times[begin] - STEP_NS, times[end]
