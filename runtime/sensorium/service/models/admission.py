"""Who waits for an engine: bounded, in order of urgency, callers in turn."""

from __future__ import annotations

import math
from bisect import insort
from collections import Counter
from typing import TYPE_CHECKING

from sensorium.service.models.fairness import Rounds
from sensorium.service.models.turn import OWN
from sensorium.service.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sensorium.service.models.turn import Turn


class Waiting:
    """Turns that wait, the most urgent first; of the same urgency callers go in turn.

    Args:
        limit: How many may wait for one engine.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._turns: list[Turn] = []
        self._rounds = Rounds()

    def __len__(self) -> int:
        return len(self._turns)

    def __iter__(self) -> Iterator[Turn]:
        """In order; turns may be taken out meanwhile."""
        return iter(self._rounds.order(tuple(self._turns)))

    def count(self, name: str) -> int:
        """How many wait for an engine."""
        return sum(name in turn.names for turn in self._turns)

    def add(self, turn: Turn, run_s: Callable[[], float]) -> None:
        """Lets a turn wait. Where its engine's queue is full, another may have to go.

        The least urgent; and of the least urgent the newest of the caller who has most there, as
        in longest queue drop (Suter et al., IEEE INFOCOM 1998).

        Args:
            turn: The new one.
            run_s: Says how long a run of its engine takes, for when to come again.

        Raises:
            Problem: 429; nobody who waits is less urgent, or of the same urgency with more turns.
        """
        if turn.priority != OWN:
            for name in turn.names:
                while self.count(name) >= self._limit:
                    refused = self._full(name, run_s())
                    last = self._dispensable(name)
                    if last is None or not self._goes_before(turn, last, name):
                        raise refused
                    self._turns.remove(last)
                    last.fail(refused)
        insort(self._turns, turn, key=lambda other: (other.priority, other.asked_ns))

    def begin(self, turn: Turn) -> None:
        """Takes a turn out whose work begins: its caller is served."""
        self.discard(turn)
        self._rounds.serve(turn.caller)

    def discard(self, turn: Turn) -> None:
        """Takes a turn out, where it still waits."""
        if turn in self._turns:
            self._turns.remove(turn)

    def clear(self, error: Exception) -> None:
        """Ends all with an error."""
        turns, self._turns = self._turns, []
        for turn in turns:
            turn.fail(error)

    def _dispensable(self, name: str) -> Turn | None:
        """Who goes first where an engine's queue is full; None: only the pool itself waits."""
        there = [other for other in self._turns if name in other.names and other.priority != OWN]
        if not there:
            return None
        least = [other for other in there if other.priority == there[-1].priority]
        counts = Counter(other.caller for other in least)
        most = max(counts.values())
        return next(other for other in reversed(least) if counts[other.caller] == most)

    def _goes_before(self, turn: Turn, last: Turn, name: str) -> bool:
        """Whether a new turn is worth more than one that waits."""
        if turn.priority != last.priority:
            return turn.priority < last.priority
        counts = Counter(
            other.caller for other in self._turns
            if name in other.names and other.priority == turn.priority
        )
        return counts[turn.caller] + 1 < counts[last.caller]

    def _full(self, name: str, run_s: float) -> Problem:
        return Problem(
            429, f"{self._limit} runs of {name} wait already",
            "come again after Retry-After seconds, or send less at a time",
            {"Retry-After": str(max(1, math.ceil(self._limit * run_s)))},
        )
