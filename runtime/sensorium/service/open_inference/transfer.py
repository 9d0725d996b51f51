"""A request's way in and its answer's way out, with a bound on what both hold."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any, TypeVar

from starlette.requests import ClientDisconnect
from starlette.responses import Response

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from contextlib import ExitStack

    from starlette.requests import Request
    from starlette.types import Receive, Scope, Send

    from sensorium.service.open_inference.answer import Answer
    from sensorium.service.places import Place

Result = TypeVar("Result")

HEADER_LENGTH = "inference-header-content-length"
_JOINED = 65_536
"""Up to here one copy costs less than one more system call."""


class Json(Response):
    """JSON of ASCII alone: a caller's text comes back whatever it holds."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        """See starlette."""
        return json.dumps(content, separators=(",", ":")).encode()


class Tensors(Response):
    """An encoded answer; what the request held is given back once it has been taken.

    Args:
        answer: The answer.
        held: Closed at the end.
    """

    def __init__(self, answer: Answer, held: ExitStack) -> None:
        size = len(answer.header) + sum(map(len, answer.parts))
        headers = {"content-length": str(size)}
        if answer.parts:
            headers[HEADER_LENGTH] = str(len(answer.header))
        super().__init__(
            headers=headers,
            media_type="application/octet-stream" if answer.parts else "application/json",
        )
        self._answer = answer
        self._size = size
        self._held = held

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        with self._held:
            await send({
                "type": "http.response.start", "status": 200, "headers": self.raw_headers
            })
            pieces = (self._answer.header, *self._answer.parts)
            if self._size <= _JOINED:
                await send({"type": "http.response.body", "body": b"".join(pieces)})
                return
            for piece in pieces:
                await send({"type": "http.response.body", "body": piece, "more_body": True})
            # Waits until most of it is out of our hands.
            await send({"type": "http.response.body", "body": b""})


async def unless_gone(request: Request, work: Coroutine[Any, Any, Result]) -> Result:
    """Does some work; leaves it when the caller goes away.

    Args:
        request: Whose body was taken.
        work: What is cancelled then.

    Raises:
        ClientDisconnect: The caller is gone.
    """
    place: Place = request.state.place
    task = asyncio.current_task()
    assert task is not None
    if place.left:
        work.close()
        raise ClientDisconnect
    leave = task.cancel
    place.watching.add(leave)
    try:
        return await work
    except asyncio.CancelledError as cancelled:
        if place.left and not task.uncancel():
            raise ClientDisconnect from cancelled
        raise
    finally:
        place.watching.discard(leave)
