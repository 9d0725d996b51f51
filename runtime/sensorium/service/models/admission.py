"""Who waits for an engine: bounded, in order of urgency."""

from __future__ import annotations

import math
from bisect import insort
from typing import TYPE_CHECKING

from sensorium.service.models.turn import OWN
from sensorium.service.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sensorium.service.models.turn import Turn


class Waiting:
    """Turns that wait, the most urgent first, and of the same urgency in the order they came.

    Args:
        limit: How many may wait for one engine.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._turns: list[Turn] = []

    def __len__(self) -> int:
        return len(self._turns)

    def __iter__(self) -> Iterator[Turn]:
        """In order; turns may be taken out meanwhile."""
        return iter(tuple(self._turns))

    def count(self, name: str) -> int:
        """How many wait for an engine."""
        return sum(name in turn.names for turn in self._turns)

    def add(self, turn: Turn, run_s: Callable[[], float]) -> None:
        """Lets a turn wait. Where its engine's queue is full, the least urgent has to go.

        Args:
            turn: The new one.
            run_s: Says how long a run of its engine takes, for when to come again.

        Raises:
            Problem: 429; nobody who waits is less urgent.
        """
        if turn.priority != OWN:
            for name in turn.names:
                while self.count(name) >= self._limit:
                    refused = self._full(name, run_s())
                    last = next(other for other in reversed(self._turns) if name in other.names)
                    if last.priority <= turn.priority:
                        raise refused
                    self._turns.remove(last)
                    last.fail(refused)
        insort(self._turns, turn, key=lambda other: (other.priority, other.asked_ns))

    def discard(self, turn: Turn) -> None:
        """Takes a turn out, where it still waits."""
        if turn in self._turns:
            self._turns.remove(turn)

    def clear(self, error: Exception) -> None:
        """Ends all with an error."""
        turns, self._turns = self._turns, []
        for turn in turns:
            turn.fail(error)

    def _full(self, name: str, run_s: float) -> Problem:
        return Problem(
            429, f"{self._limit} runs of {name} wait already",
            "come again after Retry-After seconds, or send less at a time",
            {"Retry-After": str(max(1, math.ceil(self._limit * run_s)))},
        )
