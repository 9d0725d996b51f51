"""The daemon's end of the control socket."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from sensorium.control.sessions import Connection, Sessions

if TYPE_CHECKING:
    import selectors
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from sensorium.control.sessions import Handler

if sys.platform == "win32":
    from sensorium.control.transport_windows import PipeTransport as Transport
else:
    from sensorium.control.transport_unix import UnixTransport as Transport

SOCKET_NAME = "control.sock"
"""In the runtime folder."""


class ControlServer:
    """Serves the control socket inside a selector loop; no call blocks.

    ::

        server = ControlServer(runtime_dir() / SOCKET_NAME, handler, lambda: generation)
        server.register(selector)
        while running:
            for key, mask in selector.select(timeout):
                key.data(mask)

    Args:
        path: Of the socket; on Windows the pipe's name comes from the user instead.
        handler: Answers every operation but `hello`.
        generation: Gives the public region's generation, for `hello`.
        speaks_for_others: See `Sessions`.

    Raises:
        ControlError: When another daemon listens there or the folder will not do.
    """

    def __init__(
        self,
        path: Path,
        handler: Handler,
        generation: Callable[[], int],
        speaks_for_others: Callable[[int], bool] = lambda _pid: False,
    ) -> None:
        self._sessions = Sessions(handler, generation, speaks_for_others)
        self._transport = Transport(path, self._sessions)

    @property
    def connections(self) -> Sequence[Connection]:
        """Who is connected now."""
        return tuple(self._sessions.connections)

    def register(self, selector: selectors.BaseSelector) -> None:
        """Joins a selector loop; the data of its keys is a callable that takes the mask."""
        self._transport.register(selector)

    def tick(self) -> None:
        """Does what is due; to be called a few times a second."""
        self._transport.tick()

    def drop(self, connection: Connection) -> None:
        """Ends a connection; the handler is told as when the client had left."""
        self._transport.drop(connection)

    def close(self) -> None:
        """Ends all connections, leaves the selector and removes the socket."""
        self._transport.close()
