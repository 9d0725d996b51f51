"""One request for the time of engines."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sensorium.clock import now_ns
from sensorium.service.problem import Problem

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Collection, Mapping

    from numpy.typing import NDArray

    from sensorium.service.models.batching import Rows

FIRST, DEFAULT, LAST = 1, 5, 9
"""Priorities: the most urgent, the one that 0 stands for, and the least urgent."""
OWN = 0
"""The priority of what the pool does by itself; never refused."""
Caller = str | int
"""Who asks: the number of its process, or where that is not known the name of its app."""


@dataclass(eq=False)
class Turn:
    """A request that waits, or runs.

    Attributes:
        names: The engines that it needs, all at once.
        priority: `FIRST` to `LAST`; `OWN`.
        done: Where its result goes.
        caller: Who asked.
        begun: Whether it is past waiting.
        asked_ns: When it came.
    """

    names: tuple[str, ...]
    priority: int
    done: asyncio.Future[Any]
    caller: Caller = field(default="", kw_only=True)
    begun: bool = field(default=False, init=False)
    asked_ns: int = field(default_factory=now_ns, init=False)

    def fail(self, error: Exception) -> None:
        """Ends it with an error, where nobody ended it before."""
        if not self.done.done():
            self.done.set_exception(error)

    def succeed(self, result: object) -> None:
        """Ends it with a result, where nobody ended it before: a caller may be gone."""
        if not self.done.done():
            self.done.set_result(result)


@dataclass(eq=False)
class Run(Turn):
    """One run of one engine.

    Attributes:
        feeds: Input name to array.
        rows: How it may share a run with others; None: not at all.
        wanted: The outputs that its caller wants; None: all.
    """

    feeds: Mapping[str, NDArray[Any]]
    rows: Rows | None
    wanted: Collection[str] | None


@dataclass(eq=False)
class Call(Turn):
    """Several steps on borrowed engines.

    Attributes:
        work: What is called in a worker's thread.
    """

    work: Callable[[], Any]


@dataclass(eq=False)
class Closing(Turn):
    """The end of a loaded engine."""


def urgency(priority: int) -> int:
    """A caller's priority as one to wait by.

    Args:
        priority: `FIRST` to `LAST`, or 0 for `DEFAULT`.

    Raises:
        Problem: 400; it is another.
    """
    if priority == 0:
        return DEFAULT
    if not FIRST <= priority <= LAST:
        raise Problem(400, "the priority is not one", f"{FIRST}, the most urgent, to {LAST}; or 0")
    return priority
