"""The bodies of requests: of the right kind, and so many at a time."""

from __future__ import annotations

import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from sensorium.service.problem import Problem

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request


class Entrance:
    """How many requests may hold a body in memory at a time.

    Args:
        most: Of them; the next is told to come again.
        what: They hold, for the message.
    """

    def __init__(self, most: int, what: str) -> None:
        self._most = most
        self._what = what
        self._within = 0

    @asynccontextmanager
    async def enter(self) -> AsyncIterator[None]:
        """Counts one in.

        Raises:
            Problem: 429; there are `most`.
        """
        if self._within >= self._most:
            raise Problem(
                429, f"{self._within} requests with {self._what} are being answered",
                "ask again when one of them is done", {"Retry-After": "1"},
            )
        self._within += 1
        try:
            yield
        finally:
            self._within -= 1


def check_type(request: Request, allowed: tuple[str, ...], remedy: str = "") -> None:
    """Refuses a body of another media type.

    Raises:
        Problem: 415; names the ones that are taken.
    """
    given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if given not in allowed:
        raise Problem(
            415, f"the body is {given or 'of no Content-Type'}",
            remedy or f"send {' or '.join(allowed)}", {"Accept": ", ".join(allowed)},
        )


def json_object(data: bytes) -> dict[str, Any]:
    """A body of JSON, an object.

    Raises:
        Problem: 400; it is none.
    """
    try:
        content = json.loads(data, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        said = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise Problem(400, f"the body is not JSON: {said}", 'send {"inputs": [...]}') from error
    if not isinstance(content, dict):
        raise Problem(400, "the body is not an object", 'send {"inputs": [...]}')
    return content


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is no number of JSON")
