"""A stream over WebSocket: one JSON object a message."""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import TYPE_CHECKING, Any

from starlette.websockets import WebSocket

from sensorium.service import problem
from sensorium.service.caller import caller_of
from sensorium.service.events import position, request
from sensorium.service.events.rendering import text_of
from sensorium.service.outlet import text_frame
from sensorium.service.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import Receive, Scope, Send

    from sensorium.service.events.hub import Hub
    from sensorium.service.events.rendering import Item
    from sensorium.service.events.stream import Stream

MOST_MESSAGE_CHARACTERS = 16 * 1024
_GONE_S = 1.0
_GOODBYES = 2
"""uvicorn says that it is gone once for the answer and once for the connection."""
_GOING_AWAY, _UNSUPPORTED, _POLICY = 1001, 1003, 1008


class WebSocketEvents:
    """The ASGI application of one path.

    Args:
        hub: Of all streams.
    """

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Streams until the client or the service ends it."""
        connection = WebSocket(scope, receive, send)
        try:
            wanted = request.read(connection)
            caller = caller_of(connection)
            self._hub.require_room(caller)
        except Problem as refused:
            await connection.send_denial_response(problem.response(refused))
            await _gone(receive)
            return
        with self._hub.stream(caller, wanted) as stream:
            await connection.accept()
            stream.straight_by(scope["state"]["outlet"], _frame)
            listening = asyncio.create_task(_listen(receive, send, stream))
            try:
                while (portion := await stream.next()) is not None:
                    for item in portion:
                        await send({"type": "websocket.send", "text": _message(item)})
                if not listening.done():
                    await send({"type": "websocket.close", "code": _GOING_AWAY})
            except OSError:
                # The client went in the middle of it.
                pass
            except asyncio.CancelledError:
                if not stream.dropped:
                    raise
            finally:
                listening.cancel()


async def _gone(receive: Receive) -> None:
    """Waits until a refused connection is closed: uvicorn logs an error where that comes later."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_GONE_S):
            for _ in range(_GOODBYES):
                while (await receive())["type"] != "websocket.disconnect":
                    pass


async def _listen(receive: Receive, send: Send, stream: Stream) -> None:
    """Takes what the client says until it goes or says something wrong."""
    message: Mapping[str, Any] = {}
    try:
        while (message := await receive())["type"] != "websocket.disconnect":
            if message["type"] == "websocket.receive":
                stream.resume(position.decode(_resume(message)))
    except Problem as wrong:
        told = {"event": "error", "reason": wrong.message, "remedy": wrong.remedy}
        code = _POLICY if message.get("text") is not None else _UNSUPPORTED
        await send({"type": "websocket.send", "text": text_of(told)})
        await send({"type": "websocket.close", "code": code, "reason": "see the last message"})
    finally:
        stream.end()


def _resume(message: Any) -> str:
    """The token in a client's message.

    Raises:
        Problem: It is no such message.
    """
    text = message.get("text")
    try:
        if text is not None and len(text) <= MOST_MESSAGE_CHARACTERS:
            document = json.loads(text)
            if set(document) == {"resume"} and isinstance(document["resume"], str):
                return str(document["resume"])
    except (ValueError, TypeError, RecursionError):
        pass
    raise Problem(
        400, "a client may send one kind of message",
        'a text that is {"resume": TOKEN}, with the newest `resume` that it was told',
    )


def _frame(item: Item) -> bytes:
    return item.told.frame if item.token is None else text_frame(_message(item))


def _message(item: Item) -> str:
    text = item.told.text
    return text if item.token is None else f'{{"resume":"{item.token}",{text[1:]}'
