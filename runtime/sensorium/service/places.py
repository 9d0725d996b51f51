"""How many connections there may be, and that one program leaves some for the others."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sensorium.service.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sensorium.control.peer import Peer

ONE_PROCESS = 2
"""A process may hold one in so many of the connections."""
REFUSALS = 128
"""Connections that are told why they are refused, at a time; what comes then is cut off."""
_numbers = itertools.count()


@dataclass(eq=False)
class Place:
    """One connection's; of uvicorn's protocols each has it as `app_state["place"]`.

    Attributes:
        peer: Who made the connection; None: it came by TCP, whose processes are not known.
        let_in: Whether a request of it has shown that it may come in. By the Unix socket all may.
        refused: Whether it is not served: it takes nobody's place.
        number: Later ones have a larger one.
        left: Whether the connection is gone.
        watching: What is called then.
    """

    peer: Peer | None
    let_in: bool = False
    refused: bool = False
    number: int = field(default_factory=lambda: next(_numbers))
    left: bool = False
    watching: set[Callable[[], object]] = field(default_factory=set)

    def leave(self) -> None:
        """The connection is gone."""
        self.left = True
        for tell in tuple(self.watching):
            tell()


def refusal(connections: Iterable[Any], newest: Place, most: int) -> Problem | None:
    """Why the newest connection is not served; None: it is.

    Where all places are taken the oldest of those by TCP that have shown nothing yet gives way:
    any user of this PC can make such, as many as he likes.

    Args:
        connections: Of uvicorn, the newest among them.
        newest: Its place.
        most: How many are served.
    """
    served = [each for each in connections if not place_of(each).refused]
    if len(served) > most:
        unknown = [each for each in served if _is_unknown(place_of(each), newest)]
        if not unknown:
            return _full(f"{most} connections are open already")
        oldest = min(unknown, key=lambda each: place_of(each).number)
        place_of(oldest).refused = True
        oldest.transport.abort()
    if newest.peer is None or len(served) <= most // ONE_PROCESS:
        return None
    own = sum(place_of(each).peer == newest.peer for each in served)
    if own > most // ONE_PROCESS:
        return _full(f"this process has {most // ONE_PROCESS} of {most} connections already")
    return None


def is_crowded(connections: Iterable[Any]) -> bool:
    """Whether so many are being refused that the next is not even told why."""
    return sum(place_of(each).refused for each in connections) > REFUSALS


def place_of(connection: Any) -> Place:
    """A connection's place."""
    place: Place = connection.app_state["place"]
    return place


def _is_unknown(place: Place, newest: Place) -> bool:
    return place.peer is None and not place.let_in and place is not newest


def _full(message: str) -> Problem:
    return Problem(
        503, message,
        "close some, use one for many requests, or raise max_connections in [service]",
        {"Retry-After": "1", "Connection": "close"},
    )
