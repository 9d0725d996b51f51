"""The rest of a request's body, received right into the memory where it is to lie.

By uvicorn's way each byte is copied five times in pieces of 200 KB: out of the parser, into what is
kept of the body, out of it, and into the whole.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from starlette.requests import ClientDisconnect

from sensorium.service.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Callable

    from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

    from sensorium.service.connection import Connection

STALL_S = 15.0
"""Longest wait for the next piece."""
_DROPPED = 65_536


def stalled(size: int) -> Problem:
    """The answer to a request whose body does not go on.

    Args:
        size: The bytes that came.
    """
    return Problem(408, f"the request's body stopped after {size} bytes", "send it at once")


class Arriving:
    """The body of one request; the request's scope has it as `state["arriving"]`.

    Args:
        connection: That the request came by.
        cycle: Of the request.
    """

    def __init__(self, connection: Connection, cycle: RequestResponseCycle) -> None:
        self._connection = connection
        self._cycle = cycle

    @property
    def is_there(self) -> bool:
        """Whether the next piece can be received without a wait."""
        return self._cycle.message_event.is_set()

    async def fill(self, view: memoryview, came: int, take: Callable[[int], None]) -> None:
        """Receives what is left of the body.

        Args:
            view: Takes it; as long as what is left.
            came: The bytes that were received before, which are all that came.
            take: Told of the bytes of each piece; may refuse it.

        Raises:
            Problem: 408, it stalls; or what `take` raises: what comes then is dropped.
            ClientDisconnect: The caller is gone.
        """
        filling = _Filling(self._connection, self._cycle, view, came, take)
        try:
            await filling.done
        finally:
            filling.end()


class _Filling(asyncio.BufferedProtocol):
    """Stands in for the connection until the body's last byte."""

    def __init__(
        self, connection: Connection, cycle: RequestResponseCycle, view: memoryview, came: int,
        take: Callable[[int], None],
    ) -> None:
        loop = asyncio.get_running_loop()
        self.done: asyncio.Future[None] = loop.create_future()
        self._connection = connection
        self._cycle = cycle
        self._view = view
        self._left = len(view)
        self._came = came
        self._take = take
        self._loop = loop
        self._came_s = loop.time()
        self._late = loop.call_later(STALL_S, self._look)
        if connection.transport.is_closing():
            self._fail(ClientDisconnect())
            return
        connection.transport.set_protocol(self)
        connection.flow.resume_reading()

    def get_buffer(self, sizehint: int) -> memoryview:
        """See asyncio."""
        return self._view[: self._left]

    def buffer_updated(self, nbytes: int) -> None:
        """See asyncio."""
        self._left -= nbytes
        self._came += nbytes
        self._came_s = self._loop.time()
        if not self.done.done():
            self._view = self._view[nbytes:]
            try:
                self._take(nbytes)
            except Problem as refused:
                self._fail(refused)
        if not self._left:
            self._connection.body_ended(self._cycle)
            if not self.done.done():
                self.done.set_result(None)

    def eof_received(self) -> bool | None:
        """See asyncio."""
        return None

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio."""
        self._fail(ClientDisconnect())
        self._connection.connection_lost(exc)

    def pause_writing(self) -> None:
        """See asyncio."""
        self._connection.pause_writing()

    def resume_writing(self) -> None:
        """See asyncio."""
        self._connection.resume_writing()

    def end(self) -> None:
        """Nobody waits for it any more: what is left of the body is dropped as it comes."""
        self._late.cancel()
        self.done.cancel()
        if self._left:
            self._view = memoryview(bytearray(_DROPPED))

    def _fail(self, error: Exception) -> None:
        if not self.done.done():
            self.done.set_exception(error)
            self.end()

    def _look(self) -> None:
        due_s = self._came_s + STALL_S
        if self._loop.time() >= due_s:
            self._fail(stalled(self._came))
        else:
            self._late = self._loop.call_at(due_s, self._look)
