"""The control socket on Linux: a Unix stream socket that one selector loop serves.

Nothing here blocks. Of each client one request is read at a time, and no other before its answer
was taken, so that a client can fill no memory here, and each gets its turn.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import selectors
import socket
import sys
from typing import TYPE_CHECKING

from sensorium.clock import now_ns
from sensorium.control import frames
from sensorium.control.replies import Refused
from sensorium.control.sessions import MAX_CONNECTIONS, Connection, Sessions, refusal
from sensorium.errors import ControlError

if TYPE_CHECKING:
    from pathlib import Path

    from sensorium.control.sessions import Answer

if sys.platform != "win32":
    from sensorium.control import descriptors
    from sensorium.control.activation import inherited
    from sensorium.control.listener_unix import listen
    from sensorium.control.peer import peer_of

    _log = logging.getLogger(__name__)

    PATIENCE_NS = 5_000_000_000
    """When all places are taken, a client gives way that has not said hello, or not taken its
    answer, for so long."""

    PAUSE_NS = 500_000_000
    """How long nobody is accepted after this process had no descriptor left."""

    _SAY_EVERY_NS = 60_000_000_000
    _NOBODY_THERE = (errno.EAGAIN, errno.ECONNABORTED, errno.EINTR)

    class UnixTransport:
        """Listens at a path and moves frames between clients and `sessions`.

        Args:
            path: Of the socket; its folder must be this user's alone.
            sessions: Answers the frames.

        Raises:
            ControlError: When another daemon listens there or the folder will not do.
        """

        def __init__(self, path: Path, sessions: Sessions) -> None:
            self._sessions = sessions
            self._clients: dict[Connection, _Client] = {}
            self._selector: selectors.BaseSelector | None = None
            self._path = path
            given = inherited(path)
            self._listener = given or listen(path)
            # The system's own socket stays, for the next daemon to be started by.
            self._inode = None if given else path.stat().st_ino
            self._closed_until_ns = 0
            self._said_full_ns = -_SAY_EVERY_NS

        def register(self, selector: selectors.BaseSelector) -> None:
            """Joins a selector loop: `for key, mask in selector.select(): key.data(mask)`."""
            self._selector = selector
            selector.register(self._listener, selectors.EVENT_READ, self._accept)

        def tick(self) -> None:
            """Accepts again, some time after there was no descriptor left for a client."""
            if self._selector is not None and 0 < self._closed_until_ns <= now_ns():
                self._closed_until_ns = 0
                self._selector.register(self._listener, selectors.EVENT_READ, self._accept)

        def drop(self, connection: Connection) -> None:
            """Ends a connection."""
            if connection in self._clients:
                self._end(self._clients[connection])

        def close(self) -> None:
            """Ends all connections and removes the socket."""
            for client in list(self._clients.values()):
                self._end(client)
            if self._selector is not None:
                if not self._closed_until_ns:
                    self._selector.unregister(self._listener)
                self._selector = None
            self._listener.close()
            with contextlib.suppress(OSError):
                if self._inode is not None and self._path.stat().st_ino == self._inode:
                    self._path.unlink()

        def _accept(self, _mask: int) -> None:
            try:
                link, _ = self._listener.accept()
            except OSError as error:
                if error.errno not in _NOBODY_THERE:
                    self._pause(error)
                return
            link.setblocking(False)
            if len(self._clients) >= MAX_CONNECTIONS:
                self._make_room()
            try:
                connection = self._sessions.open(peer_of(link))
            except Refused as error:
                with contextlib.suppress(OSError):
                    link.send(refusal(error).data, socket.MSG_NOSIGNAL)
                link.close()
            except OSError:
                link.close()
            else:
                client = _Client(link, connection)
                self._clients[connection] = client
                self._watch(client, selectors.EVENT_READ)

        def _pause(self, error: OSError) -> None:
            """Lets clients wait in the socket's queue: to look at once again would only spin."""
            assert self._selector is not None
            self._selector.unregister(self._listener)
            now = now_ns()
            self._closed_until_ns = now + PAUSE_NS
            if now - self._said_full_ns >= _SAY_EVERY_NS:
                self._said_full_ns = now
                _log.warning("clients have to wait: %s", error.strerror)

        def _make_room(self) -> None:
            idle = (
                client
                for client in self._clients.values()
                if (client.output or not client.connection.app)
                and now_ns() - client.since_ns > PATIENCE_NS
            )
            longest = min(idle, key=lambda client: client.since_ns, default=None)
            if longest is not None:
                _log.warning("dropped an idle client, process %d", longest.connection.pid)
                self._end(longest)

        def _serve(self, client: _Client, mask: int) -> None:
            try:
                if mask & selectors.EVENT_WRITE:
                    self._flush(client)
                else:
                    client.put(self._sessions.answer(client.connection, client.read()))
                    self._flush(client)
            except BlockingIOError:
                return
            except ControlError as error:
                client.put(refusal(error, final=True))
                self._flush(client)
            except OSError:
                self._end(client)

        def _flush(self, client: _Client) -> None:
            try:
                client.write()
            except BlockingIOError:
                self._watch(client, selectors.EVENT_WRITE)
            except OSError:
                self._end(client)
            else:
                if client.final:
                    self._end(client)
                else:
                    self._watch(client, selectors.EVENT_READ)

        def _watch(self, client: _Client, events: int) -> None:
            if self._selector is None or client.events == events:
                return
            change = self._selector.modify if client.events else self._selector.register
            change(client.link, events, lambda mask: self._serve(client, mask))
            client.events = events

        def _end(self, client: _Client) -> None:
            if self._clients.pop(client.connection, None) is None:
                return
            if self._selector is not None and client.events:
                self._selector.unregister(client.link)
            client.close()
            self._sessions.close(client.connection)

    class _Client:
        """One connection's socket and the one frame that is on its way in or out."""

        def __init__(self, link: socket.socket, connection: Connection) -> None:
            self.link = link
            self.connection = connection
            self.events = 0
            self.since_ns = now_ns()
            self.output = memoryview(b"")
            self.final = False
            self._handles: tuple[int, ...] = ()
            self._input = frames.Assembler()

        def read(self) -> bytes:
            """A whole request; BlockingIOError when it is not all there, OSError at the end."""
            while True:
                data = self.link.recv(self._input.missing)
                if not data:
                    raise ConnectionResetError
                body = self._input.add(data)
                if body is not None:
                    return body

        def put(self, answer: Answer) -> None:
            """Takes what is to be sent."""
            self.output = memoryview(answer.data)
            self._handles = answer.handles
            self.final = answer.final
            self.since_ns = now_ns()

        def write(self) -> None:
            """Sends all of it; BlockingIOError when the client takes no more now."""
            while self.output:
                sent = descriptors.send(self.link, self.output, self._handles)
                self.output = self.output[sent:]
                descriptors.close(self._handles)
                self._handles = ()

        def close(self) -> None:
            descriptors.close(self._handles)
            self._handles = ()
            self.link.close()
