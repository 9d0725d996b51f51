"""How many connections there may be, and that one program leaves some for the others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sensorium.service.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sensorium.control.peer import Peer

ONE_PROCESS = 2
"""A process may hold one in so many of the connections."""
REFUSALS = 128
"""Connections that are told why they are refused, at a time; what comes then is cut off."""


def refusal(connections: Iterable[Any], peer: Peer | None, most: int) -> Problem | None:
    """Why the newest connection is not served; None: it is.

    Args:
        connections: Of uvicorn, the newest among them; each has `app_state["peer"]`.
        peer: Who made the newest; None: it came by TCP, whose processes are not known.
        most: How many are served.
    """
    there = list(connections)
    if len(there) > most:
        return _full(f"{most} connections are open already")
    if peer is None or len(there) <= most // ONE_PROCESS:
        return None
    own = sum(each.app_state.get("peer") == peer for each in there)
    if own > most // ONE_PROCESS:
        return _full(f"this process has {most // ONE_PROCESS} of {most} connections already")
    return None


def _full(message: str) -> Problem:
    return Problem(
        503, message,
        "close some, use one for many requests, or raise max_connections in [service]",
        {"Retry-After": "1", "Connection": "close"},
    )
