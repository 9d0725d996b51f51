"""Serves the local API: the Unix socket and, where it is switched on, loopback TCP."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import socket
import sys
from typing import TYPE_CHECKING

import uvicorn

from sensorium.clock import now_ns
from sensorium.errors import ControlError
from sensorium.service import address, connection, heap
from sensorium.service.address import LOOPBACK, Address
from sensorium.service.application import application
from sensorium.service.apps import Apps
from sensorium.service.context import Context
from sensorium.service.models.budget import Budget
from sensorium.service.models.pool import Pool
from sensorium.service.open_inference.shared_regions import SharedRegions
from sensorium.service.page.sessions import Sessions

if sys.platform != "win32":
    from sensorium.control.listener_unix import listen

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable
    from pathlib import Path

    from sensorium.config import Service
    from sensorium.inference.engine import Engine

_BEAT_S = 0.5
_GRACE_S = 1
_KEEP_ALIVE_S = 75
_WORKERS = 2
"""Engines that run at a time, each with the threads that `inference` allows it."""
_BODIES = 4
"""Largest requests that are held at a time."""


class Server:
    """The local API in one thread.

    Args:
        settings: What the configuration says.
        folder: The runtime folder.
        load: Loads an engine by its name.
        ready: Called once it listens, with where.

    Attributes:
        beat_ns: When its loop last turned.
    """

    def __init__(
        self,
        settings: Service,
        folder: Path,
        load: Callable[[str], Engine],
        ready: Callable[[str], None],
    ) -> None:
        self.beat_ns = now_ns()
        self._load = load
        self._ready = ready
        self._settings = settings
        self._folder = folder
        self._sessions = Sessions(folder)
        self._server: uvicorn.Server | None = None
        self._stopping = False

    def run(self) -> None:
        """Serves until `stop`.

        Raises:
            ControlError: It cannot listen; names where and why.
        """
        heap.keep_freed()
        token = secrets.token_urlsafe(32)
        with contextlib.ExitStack() as stack:
            listeners = self._listen(stack)
            asyncio.run(self._serve(token, listeners))

    def stop(self) -> None:
        """Ends it, from another thread: requests on their way have a second."""
        self._stopping = True
        if self._server is not None:
            self._server.should_exit = True

    async def _serve(self, token: str, listeners: list[socket.socket]) -> None:
        settings = self._settings
        context = Context(
            settings,
            self._folder,
            Apps(self._folder),
            Pool(
                self._load, workers=_WORKERS, queue=settings.queue, keep_s=settings.keep_s,
                warm=settings.keep_warm,
            ),
            SharedRegions(),
            Budget(_BODIES * settings.max_body_mib << 20),
            self._sessions,
        )
        self._server = _Ending(
            uvicorn.Config(
                application(context, token),
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                limit_concurrency=self._settings.max_connections,
                timeout_keep_alive=_KEEP_ALIVE_S,
                timeout_graceful_shutdown=_GRACE_S,
                backlog=self._settings.max_connections,
                **connection.configuration(),
            ),
            context.closing,
        )
        self._server.should_exit = self._stopping
        self._ready(self._tell(token, listeners))
        beating = asyncio.create_task(self._beat())
        try:
            await self._server.serve(listeners)
        finally:
            beating.cancel()
            address.remove(self._folder)

    async def _beat(self) -> None:
        while True:
            self.beat_ns = now_ns()
            await asyncio.sleep(_BEAT_S)

    def _listen(self, stack: contextlib.ExitStack) -> list[socket.socket]:
        listeners = []
        if sys.platform != "win32":
            path = self._folder / address.SOCKET_NAME
            listeners.append(stack.enter_context(listen(path)))
            stack.callback(path.unlink, missing_ok=True)
        if self._settings.tcp:
            listener = self._listen_loopback()
            listeners.append(stack.enter_context(listener))
            self._sessions.listens(listener.getsockname()[1])
        return listeners

    def _listen_loopback(self) -> socket.socket:
        """At the port that is configured; where any will do at the one before.

        A page that is open then finds the service again.
        """
        before = self._sessions.port
        if not self._settings.port and before:
            with contextlib.suppress(ControlError):
                return _listen_loopback(before)
        return _listen_loopback(self._settings.port)

    def _tell(self, token: str, listeners: list[socket.socket]) -> str:
        path, url = "", ""
        for listener in listeners:
            if listener.family == socket.AF_INET:
                url = f"http://{LOOPBACK}:{listener.getsockname()[1]}"
            else:
                path = str(listener.getsockname())
        Address(path, url, token, os.getpid()).write(self._folder)
        return " and ".join(filter(None, (path, url)))


class _Ending(uvicorn.Server):
    """Ends what a part holds open before it waits for the requests on their way.

    Args:
        config: See uvicorn.
        closing: See `Context`.
    """

    def __init__(
        self, config: uvicorn.Config, closing: Iterable[Callable[[], Awaitable[None]]]
    ) -> None:
        super().__init__(config)
        self._closing = closing

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """See uvicorn."""
        for close in self._closing:
            await close()
        await super().shutdown(sockets)


def _listen_loopback(port: int) -> socket.socket:
    # Named, asyncio switches off Nagle's delay, which else costs an answer 40 ms.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if sys.platform != "win32":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        else:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        listener.bind((LOOPBACK, port))
        listener.listen()
    except OSError as error:
        listener.close()
        raise ControlError(
            f"cannot listen at {LOOPBACK}:{port}: {error.strerror}",
            "choose another port in [service], or 0 for any free one",
        ) from error
    return listener
