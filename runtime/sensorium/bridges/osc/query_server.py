"""The HTTP side of OSCQuery: answers GET with JSON, to programs of this PC."""

from __future__ import annotations

import asyncio
import contextlib
import json
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from sensorium.bridges.osc import tree

if TYPE_CHECKING:
    from collections.abc import Callable

_MOST_BYTES = 8192
"""Of a request."""
_MOST_CONNECTIONS = 16
_LONGEST_S = 5.0
"""Of a whole exchange."""


class QueryServer:
    """Made by `serve`.

    Args:
        root: Gives the document.
        info: Gives HOST_INFO.
    """

    def __init__(
        self, root: Callable[[], dict[str, Any]], info: Callable[[], dict[str, Any]]
    ) -> None:
        self._root = root
        self._info = info
        self._hosts: frozenset[str] = frozenset()
        self._server: asyncio.Server | None = None
        self._clients: set[asyncio.Task[None]] = set()

    @property
    def port(self) -> int:
        """Where it listens."""
        assert self._server is not None
        return int(self._server.sockets[0].getsockname()[1])

    async def serve(self, listen: str) -> None:
        """Listens at a free port.

        Args:
            listen: Address of this PC.

        Raises:
            OSError: The address is not this PC's.
        """
        self._server = await asyncio.start_server(
            self._connected, listen, 0, limit=_MOST_BYTES, backlog=_MOST_CONNECTIONS
        )
        self._hosts = frozenset((listen, "localhost", f"{listen}:{self.port}",
                                 f"localhost:{self.port}"))

    async def close(self) -> None:
        """Listens no more, and lets go of who is connected."""
        if self._server is not None:
            self._server.close()
        clients = tuple(self._clients)
        for task in clients:
            task.cancel()
        await asyncio.gather(*clients, return_exceptions=True)

    async def _connected(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._clients.add(task)
        try:
            if len(self._clients) <= _MOST_CONNECTIONS:
                async with asyncio.timeout(_LONGEST_S):
                    head = await reader.readuntil(b"\r\n\r\n")
                    writer.write(_response(*self._answer(head)))
                    await writer.drain()
        except (TimeoutError, OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            # Who says nothing, too much, or goes is let go.
            pass
        except asyncio.CancelledError:
            # The bridge ends; asyncio's streams would log it as a fault.
            pass
        finally:
            self._clients.discard(task)
            with contextlib.suppress(OSError):
                writer.close()

    def _answer(self, head: bytes) -> tuple[HTTPStatus, Any]:
        """What a request gets: a status, and what is written as JSON."""
        first, *lines = head.decode("latin-1").split("\r\n")
        method, _, rest = first.partition(" ")
        headers = {
            name.strip().lower(): value.strip()
            for name, _, value in (line.partition(":") for line in lines if line)
        }
        # A page of the web that had its name lead here would give another host.
        if headers.get("host", "") not in self._hosts:
            return HTTPStatus.FORBIDDEN, None
        if method != "GET":
            return HTTPStatus.METHOD_NOT_ALLOWED, None
        try:
            target = urlsplit(rest.rpartition(" ")[0] or rest)
        except ValueError:
            return HTTPStatus.BAD_REQUEST, None
        if target.query == "HOST_INFO":
            return HTTPStatus.OK, self._info()
        node = tree.find(self._root(), unquote(target.path))
        if node is None:
            return HTTPStatus.NOT_FOUND, None
        if not target.query:
            return HTTPStatus.OK, node
        if target.query not in tree.ATTRIBUTES:
            return HTTPStatus.BAD_REQUEST, None
        if target.query not in node:
            return HTTPStatus.NO_CONTENT, None
        return HTTPStatus.OK, {target.query: node[target.query]}


def _response(status: HTTPStatus, content: Any) -> bytes:
    body = b"" if content is None else json.dumps(content).encode()
    head = (
        f"HTTP/1.1 {status.value} {status.phrase}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + body
