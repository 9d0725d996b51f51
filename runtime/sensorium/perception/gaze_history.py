"""What was looked at some time ago: speech names things after the eyes have been there."""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from typing import TYPE_CHECKING, NamedTuple

from sensorium.perception.directions import Vector, between, unit
from sensorium.perception.movements import Movement

if TYPE_CHECKING:
    from sensorium.perception.sense import Sample

SPAN_NS = 5_000_000_000
"""How far back it reaches. Eyes lead the word by about a second (Griffin & Bock, "What the eyes say
about speaking", Psychological Science 11, 2000)."""

GAP_NS = 75_000_000
"""What lies further apart is not joined."""


class Gaze(NamedTuple):
    """Where gaze was at one time.

    Attributes:
        time_ns: When.
        origin: m, in the space of the record; NaN where it was not known.
        direction: Unit vector, filtered.
        source: 1 the eyes, 2 the head's ray.
        movement: As it is known now, not as it was told then.
        fixation: Its number; 0: gaze was in none.
    """

    time_ns: int
    origin: Vector
    direction: Vector
    source: int
    movement: Movement
    fixation: int


class Fixation(NamedTuple):
    """One fixation.

    Attributes:
        number: From 1.
        begin_ns: When it began.
        end_ns: Its newest sample so far.
        centre: Mean direction.
        dispersion: Root mean square of its samples' distances from the centre, degrees.
        source: 1 the eyes, 2 the head's ray.
    """

    number: int
    begin_ns: int
    end_ns: int
    centre: Vector
    dispersion: float
    source: int


class GazeHistory:
    """The newest seconds of channel `eye_movement`, for a sense that reads it.

    Give it each of the channel's records; ask it by time. A recentre empties it: directions of two
    spaces are never mixed.

    Args:
        span_ns: How far back it reaches.
    """

    def __init__(self, span_ns: int = SPAN_NS) -> None:
        self._span_ns = span_ns
        self._samples: deque[Gaze] = deque()
        self._fixations: dict[int, Fixation] = {}
        self._space = (0, 0)

    def take(self, sample: Sample) -> None:
        """Takes one record of channel `eye_movement`; what is not valid leaves a gap."""
        if not sample.valid:
            return
        row = sample.record[0]
        space = (int(row["space"]), int(row["space_generation"]))
        time_ns = int(row["time_ns"])
        newest = self._samples[-1].time_ns if self._samples else 0
        if space != self._space or time_ns < newest:
            self.clear()
            self._space = space
        elif time_ns == newest:
            return
        direction = unit(row["direction"].tolist())
        if direction is None:
            return
        movement, fixation = Movement(int(row["movement"])), int(row["fixation"])
        x, y, z = row["origin"].tolist()
        source = int(row["source"])
        self._samples.append(Gaze(time_ns, (x, y, z), direction, source, movement, fixation))
        centre = unit(row["fixation_direction"].tolist()) if fixation else None
        if centre is not None:
            self._fixations[fixation] = Fixation(
                fixation, int(row["since_ns"]), time_ns, centre, float(row["dispersion"]), source
            )
        self._forget(time_ns - self._span_ns)

    def at(self, time_ns: int) -> Gaze | None:
        """Where gaze was: on the way between two samples, or at the newest one just before.

        Returns:
            None where it is not known: before or after the history, or in a gap.
        """
        samples = self._samples
        place = bisect_left(samples, time_ns, key=lambda sample: sample.time_ns)
        after = samples[place] if place < len(samples) else None
        before = samples[place - 1] if place else None
        if after is not None and after.time_ns == time_ns:
            return self._known(after, time_ns)
        if before is None or time_ns - before.time_ns > GAP_NS:
            return None
        if after is None:
            return self._known(before, time_ns)
        whole = after.time_ns - before.time_ns
        if whole > GAP_NS or after.source != before.source:
            return None
        share = (time_ns - before.time_ns) / whole
        x, y, z = (a + share * (b - a) for a, b in zip(before.origin, after.origin, strict=True))
        return self._known(
            before._replace(
                origin=(x, y, z), direction=between(before.direction, after.direction, share)
            ),
            time_ns,
        )

    def fixation(self, number: int) -> Fixation | None:
        """A fixation by its number; None where it is too long ago, or never was."""
        return self._fixations.get(number)

    def fixations(self, from_ns: int, to_ns: int) -> tuple[Fixation, ...]:
        """The fixations that touch a span of time, oldest first."""
        return tuple(
            each
            for each in self._fixations.values()
            if each.end_ns >= from_ns and each.begin_ns <= to_ns
        )

    @property
    def span_ns(self) -> int:
        """From the oldest sample to the newest."""
        return self._samples[-1].time_ns - self._samples[0].time_ns if self._samples else 0

    def clear(self) -> None:
        """Forgets all."""
        self._samples.clear()
        self._fixations.clear()

    def _known(self, gaze: Gaze, time_ns: int) -> Gaze:
        """With what is known by now: a fixation is told some samples after it began."""
        for each in reversed(self._fixations.values()):
            if each.begin_ns <= time_ns <= each.end_ns:
                return gaze._replace(
                    time_ns=time_ns, movement=Movement.FIXATION, fixation=each.number
                )
            if each.end_ns < time_ns:
                break
        return gaze._replace(time_ns=time_ns)

    def _forget(self, before_ns: int) -> None:
        while self._samples[0].time_ns < before_ns:
            self._samples.popleft()
        for number, each in tuple(self._fixations.items()):
            if each.end_ns >= before_ns:
                break
            del self._fixations[number]
