"""In which order what is taken from whom."""

from __future__ import annotations

from itertools import groupby, zip_longest
from typing import TYPE_CHECKING, NamedTuple

from sensorium.inference.governor.step import Step, StepKind
from sensorium.inference.governor.tempo import Slowing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sensorium.inference.governor.decision import Governed

SHORTEST_MS = 20
"""A shorter interval would slow nothing: it is below two frames of a headset."""
INTERVALS = 4
"""Most intervals of a sense: an eighth of its longest one, a quarter, half and all of it."""
PAUSED_BELOW = 30
"""Priority below which `frames` pauses a sense in the end, beyond its longest interval."""


class Rung(NamedTuple):
    """What one level takes.

    Attributes:
        sense: From whom; empty: `background`, from all.
        step: Where the sense stands then.
        saves: Share of its engines' time at full that it takes less by than at the rung before,
            estimated.
    """

    sense: str
    step: Step
    saves: float


class Ladder:
    """All levels; level 0 takes nothing, level n what the first n rungs say.

    Args:
        senses: That are governed.
        costs: What their engines take at full, ns a second; those not in it are not known.

    Attributes:
        rungs: The first is `background`; then sense by sense the low priorities first, of equals
            the costly ones first, until each is at its longest interval; then what pauses.
        kept: The highest level at which every sense keeps within its longest interval.
        top: The highest level that frames at risk can reach.
        paused: What the policy `pause` does, of each sense.
    """

    def __init__(self, senses: Sequence[Governed], costs: Mapping[str, int]) -> None:
        self._names = [sense.name for sense in senses]
        order = sorted(
            (sense for sense in senses if sense.tempo.slowing is not Slowing.NEVER),
            key=lambda sense: (sense.tempo.priority, -costs.get(sense.name, 0)),
        )
        # Without a sense, too: the local API goes to the background.
        self.rungs = [Rung("", Step(), 0.0)]
        for _, equals in groupby(order, key=lambda sense: sense.tempo.priority):
            for row in zip_longest(*(_rungs(sense) for sense in equals)):
                self.rungs += [rung for rung in row if rung is not None]
        self.kept = len(self.rungs)
        left = dict.fromkeys(self._names, 1.0)
        for rung in self.rungs:
            if rung.sense:
                left[rung.sense] -= rung.saves
        self._thinned = {
            sense.name for sense in order if sense.tempo.slowing is Slowing.THINNED
        }
        self.rungs += [
            Rung(sense.name, _paused(sense), left[sense.name])
            for sense in order
            if sense.tempo.priority < PAUSED_BELOW and sense.name in self._thinned
        ]
        self.top = len(self.rungs)
        self.paused = {sense.name: _paused(sense) for sense in order}

    def steps(self, level: int) -> dict[str, Step]:
        """Where each sense stands at a level, in the order in which they were given."""
        found = dict.fromkeys(self._names, Step())
        for rung in self.rungs[:level]:
            if rung.sense:
                found[rung.sense] = rung.step
        return found

    def steps_paused(self) -> dict[str, Step]:
        """As `steps`, under the policy `pause`."""
        return {name: self.paused.get(name, Step()) for name in self._names}

    def beyond(self, steps: Mapping[str, Step]) -> frozenset[str]:
        """Which senses get less than their longest interval says.

        One whose input waits is run when it has waited for its longest interval, paused or not.
        """
        return frozenset(
            name
            for name, step in steps.items()
            if step.kind is StepKind.PAUSED and name in self._thinned
        )


def _rungs(sense: Governed) -> Iterator[Rung]:
    """What can be taken from one sense within its longest interval."""
    longest = sense.tempo.longest_ms
    thinned = sense.tempo.slowing is Slowing.THINNED
    intervals = [longest >> part for part in reversed(range(INTERVALS))]
    intervals = [each for each in intervals if each >= SHORTEST_MS] or [longest]
    left = 1.0
    for interval in intervals:
        # Its own rate is not known: each interval is taken to halve it. What waits is run later.
        saves = left / 2 if thinned else 0.0
        left -= saves
        yield Rung(sense.name, Step(StepKind.REDUCED, interval), saves)
    if sense.smaller:
        saves = left / 2
        left -= saves
        yield Rung(sense.name, Step(StepKind.SMALLER, longest), saves)
    if sense.other_device:
        yield Rung(sense.name, Step(StepKind.OTHER_DEVICE, longest), left)


def _paused(sense: Governed) -> Step:
    waits = sense.tempo.slowing is Slowing.DEFERRED
    return Step(StepKind.PAUSED, sense.tempo.longest_ms if waits else 0)
