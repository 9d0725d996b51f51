"""Takes a request's body with a bound on its size and on how slowly it may come."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from starlette.requests import ClientDisconnect

from sensorium.service.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

_STALL_S = 15.0
"""Longest wait for the next piece."""


async def read(
    request: Request,
    max_bytes: int,
    take: Callable[[int], None] | None = None,
    before: bytes = b"",
) -> bytes:
    """The whole body.

    Args:
        request: Whose body.
        max_bytes: The largest that is taken.
        take: Told of the bytes of each piece; may refuse it.
        before: What stands before it in the result.

    Raises:
        Problem: 413, it is larger, by what it says or by what came; 408, it stalls.
        ClientDisconnect: The caller is gone.
    """
    said = request.headers.get("content-length", "")
    if said.isdecimal() and int(said) > max_bytes:
        raise _too_large(max_bytes)
    pieces = [before] if before else []
    size = 0
    while True:
        try:
            # Not wait_for, which makes a task of each piece.
            async with asyncio.timeout(_STALL_S):
                message = await request.receive()
        except TimeoutError as error:
            raise Problem(
                408, f"the request's body stopped after {size} bytes", "send it at once"
            ) from error
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        pieces.append(message.get("body", b""))
        if take is not None:
            take(len(pieces[-1]))
        size += len(pieces[-1])
        if size > max_bytes:
            raise _too_large(max_bytes)
        if not message.get("more_body", False):
            return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def _too_large(max_bytes: int) -> Problem:
    return Problem(
        413,
        f"the request's body has more than {max_bytes} bytes",
        "send less, or raise max_body_mib in [service]",
        {"Connection": "close"},
    )
