"""Takes a request's body with a bound on its size and on how slowly it may come."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from starlette.requests import ClientDisconnect

from sensorium.service.problem import Problem

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from starlette.requests import Request

_STALL_S = 15.0
"""Longest wait for the next piece."""
_RAISE = "send less, or raise max_body_mib in [service]"


async def read(
    request: Request,
    max_bytes: int,
    take: Callable[[int], None] | None = None,
    before: bytes = b"",
    remedy: str = _RAISE,
) -> bytes:
    """The whole body.

    Args:
        request: Whose body.
        max_bytes: The largest that is taken.
        take: Told of the bytes of each piece; may refuse it.
        before: What stands before it in the result.
        remedy: What to do about a larger one.

    Raises:
        Problem: 413, it is larger, by what it says or by what came; 408, it stalls.
        ClientDisconnect: The caller is gone.
    """
    whole = [before] if before else []
    async for piece in pieces(request, max_bytes, remedy):
        whole.append(piece)
        if take is not None:
            take(len(piece))
    return whole[0] if len(whole) == 1 else b"".join(whole)


async def pieces(
    request: Request, max_bytes: int, remedy: str = _RAISE
) -> AsyncIterator[bytes]:
    """The body as it comes; see `read`."""
    too_large = Problem(
        413, f"the request's body has more than {max_bytes} bytes", remedy,
        {"Connection": "close"},
    )
    said = request.headers.get("content-length", "")
    if said.isdecimal() and int(said) > max_bytes:
        raise too_large
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
        piece = message.get("body", b"")
        size += len(piece)
        if size > max_bytes:
            raise too_large
        yield piece
        if not message.get("more_body", False):
            return
