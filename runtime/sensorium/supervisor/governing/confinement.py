"""Processes of ours that keep to a few cores beside an app, so that it never waits for one there.

Anybody may do that with his own processes, and undo it. It helps more than a lower priority does:
Linux lets even a thread of the idle class finish its tick (4 ms at 250 Hz) where one of an app
that has slept since waits (kernel/sched/fair.c: a turn of any thread lasts to the next tick, and
who wakes up has no time in hand).
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from sensorium.process.own_threads import PASSES, threads_of

if TYPE_CHECKING:
    from collections.abc import Iterable


class Confinement:
    """Confines processes and frees them; used by one thread. Does nothing but on Linux.

    Attributes:
        cpus: To which logical processors; empty: nobody is confined.
    """

    def __init__(self) -> None:
        self.cpus: frozenset[int] = frozenset()
        self._before: dict[int, dict[int, set[int]]] = {}

    def keep(self, pids: Iterable[int], cpus: frozenset[int]) -> None:
        """Has these processes keep to some processors, and no others.

        One that may not use all that this process may is left alone: the owner has put it there.

        Args:
            pids: Of children.
            cpus: Empty: all are freed.
        """
        wanted = set(pids) if cpus else set()
        moved = cpus != self.cpus
        for pid in [pid for pid in self._before if moved or pid not in wanted]:
            _free(pid, self._before.pop(pid))
        self.cpus = cpus
        for pid in wanted - set(self._before):
            before = _confine(pid, cpus)
            if before:
                self._before[pid] = before

    def holds(self, pid: int) -> bool:
        """Whether a process is confined."""
        return pid in self._before

    def end(self) -> None:
        """Frees all."""
        self.keep((), frozenset())


def _confine(pid: int, cpus: frozenset[int]) -> dict[int, set[int]]:
    """Returns what each thread was allowed; empty where it was left alone."""
    before: dict[int, set[int]] = {}
    if sys.platform != "linux":
        return before
    try:
        if not os.sched_getaffinity(pid) >= os.sched_getaffinity(0):
            return before
    except OSError:
        return before
    for _ in range(PASSES):
        fresh = [thread for thread in threads_of(pid) if thread not in before]
        for thread in fresh:
            try:
                allowed = os.sched_getaffinity(thread)
                if allowed != cpus:
                    os.sched_setaffinity(thread, cpus & allowed or cpus)
                before[thread] = allowed
            except OSError:
                before[thread] = set(cpus)  # It has ended meanwhile.
        if not fresh:
            break
    return before


def _free(pid: int, before: dict[int, set[int]]) -> None:
    """Gives each thread back what it was allowed; one that has come since what the first was."""
    if sys.platform != "linux":
        return
    done: set[int] = set()
    for _ in range(PASSES):
        left = [thread for thread in threads_of(pid) if thread not in done]
        for thread in left:
            done.add(thread)
            try:
                os.sched_setaffinity(thread, before.get(thread, before.get(pid, ())))
            except (OSError, ValueError):
                continue  # It has ended meanwhile.
        if not left:
            break
