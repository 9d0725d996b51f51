"""A stream as Server-Sent Events (WHATWG HTML, section 9.2)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from starlette.requests import Request

from sensorium.service.caller import caller_of
from sensorium.service.events import request
from sensorium.service.outlet import chunk

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from sensorium.service.events.hub import Hub
    from sensorium.service.events.rendering import Item
    from sensorium.service.events.stream import Stream

_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
]
_FIRST = b"retry: 1000\n\n"
"""How long a browser waits before it connects again, ms."""
_BEAT = b":\n\n"


class ServerSentEvents:
    """The ASGI application of one path.

    A plain one: a piece goes to each client up to 144 times a second, and Starlette's streaming
    response doubles what that costs.

    Args:
        hub: Of all streams.
    """

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Streams until the client or the service ends it."""
        connection = Request(scope)
        wanted = request.read(connection)
        with self._hub.stream(caller_of(connection), wanted) as stream:
            await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
            if scope["method"] == "HEAD":
                await send({"type": "http.response.body", "body": b""})
                return
            watching = asyncio.create_task(_end_with(receive, stream))
            try:
                await send({"type": "http.response.body", "body": _FIRST, "more_body": True})
                stream.straight_by(scope["state"]["outlet"], _chunk)
                while (portion := await stream.next()) is not None:
                    body = b"".join(map(_field, portion)) if portion else _BEAT
                    await send({"type": "http.response.body", "body": body, "more_body": True})
                await send({"type": "http.response.body", "body": b""})
            except asyncio.CancelledError:
                if not stream.dropped:
                    raise
            finally:
                watching.cancel()


async def _end_with(receive: Receive, stream: Stream) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    stream.end()


def _chunk(item: Item) -> bytes:
    return item.told.sse_chunk if item.token is None else chunk(_field(item))


def _field(item: Item) -> bytes:
    if item.token is None:
        return item.told.whole_sse
    kind = f"event: {item.kind}\n" if item.kind else ""
    return b"%s%sid: %s\n\n" % (kind.encode(), item.told.sse, item.token.encode())
