"""Takes a request's body with a bound on its size and on how slowly it may come."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
from starlette.requests import ClientDisconnect

from sensorium.service.arriving import STALL_S, stalled
from sensorium.service.problem import Problem

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from starlette.requests import Request

    from sensorium.service.arriving import Arriving

_RAISE = "send less, or raise max_body_mib in [service]"


async def read(request: Request, max_bytes: int, remedy: str = _RAISE) -> bytes:
    """The whole body.

    Args:
        request: Whose body.
        max_bytes: The largest that is taken.
        remedy: What to do about a larger one.

    Raises:
        Problem: 413, it is larger, by what it says or by what came; 408, it stalls.
        ClientDisconnect: The caller is gone.
    """
    whole = [piece async for piece in pieces(request, max_bytes, remedy)]
    return whole[0] if len(whole) == 1 else b"".join(whole)


async def placed(
    request: Request, max_bytes: int, take: Callable[[int], None], before: int
) -> memoryview:
    """The whole body in one piece of memory, at a place of it, with few copies.

    Args:
        request: Whose body.
        max_bytes: The largest that is taken.
        take: Told of the bytes of each piece; may refuse it.
        before: So many bytes of no meaning stand before it.

    Raises:
        Problem: See `read`; or what `take` raises.
        ClientDisconnect: See `read`.
    """
    arriving: Arriving = request.scope["state"]["arriving"]
    length = _length(request, max_bytes, _RAISE)
    if length is None or sys.platform == "win32":
        whole = [bytes(before)]
        async for piece in pieces(request, max_bytes):
            whole.append(piece)
            take(len(piece))
        return memoryview(b"".join(whole))
    message = await _next(request, 0)
    piece = message.get("body", b"")
    came = len(piece)
    take(came)
    if not message.get("more_body", False):
        return memoryview(bytes(before) + piece)
    # Not set to zero: of what only the request's headers say no page is taken.
    view = np.empty(before + length, np.uint8).data
    view[before : before + came] = piece
    await arriving.fill(view[before + came :], came, take)
    return view


async def pieces(
    request: Request, max_bytes: int, remedy: str = _RAISE
) -> AsyncIterator[bytes]:
    """The body as it comes; see `read`."""
    _length(request, max_bytes, remedy)
    size = 0
    while True:
        message = await _next(request, size)
        piece = message.get("body", b"")
        size += len(piece)
        if size > max_bytes:
            raise _too_large(max_bytes, remedy)
        yield piece
        if not message.get("more_body", False):
            return


def _length(request: Request, max_bytes: int, remedy: str) -> int | None:
    """The length that a request says its body has; None: it does not say.

    Raises:
        Problem: 413; it is too large.
    """
    said = request.headers.get("content-length", "")
    if not said.isdecimal():
        return None
    length = int(said)
    if length > max_bytes:
        raise _too_large(max_bytes, remedy)
    return length if "transfer-encoding" not in request.headers else None


def _too_large(max_bytes: int, remedy: str) -> Problem:
    return Problem(
        413, f"the request's body has more than {max_bytes} bytes", remedy,
        {"Connection": "close"},
    )


async def _next(request: Request, size: int) -> Any:
    """The next message with a piece of the body.

    Args:
        request: Whose body.
        size: The bytes that came before.

    Raises:
        Problem: 408; it stalls.
        ClientDisconnect: The caller is gone.
    """
    arriving: Arriving = request.scope["state"]["arriving"]
    if arriving.is_there:
        message = await request.receive()
    else:
        try:
            # Not wait_for, which makes a task of each piece.
            async with asyncio.timeout(STALL_S):
                message = await request.receive()
        except TimeoutError as error:
            raise stalled(size) from error
    if message["type"] == "http.disconnect":
        raise ClientDisconnect
    return message
