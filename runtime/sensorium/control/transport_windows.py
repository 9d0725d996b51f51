"""The control socket on Windows: a named pipe, one thread a client, answers from the loop."""

from __future__ import annotations

import contextlib
import logging
import queue
import selectors
import socket
import sys
import threading
import time
from concurrent.futures import CancelledError, Future
from typing import TYPE_CHECKING, Any

from sensorium.control import frames
from sensorium.control.peer import Peer, grantable
from sensorium.control.replies import Refused
from sensorium.control.sessions import Answer, Connection, Sessions, refusal
from sensorium.errors import ControlError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

if sys.platform == "win32":
    from sensorium.control import pipes_windows as pipes
    from sensorium.control import windows

    _log = logging.getLogger(__name__)
    _RETRY_S = 0.5

    class PipeTransport:
        """Moves frames between the pipe's clients and `sessions`, which the loop's thread runs.

        A client's thread does nothing but wait for its pipe, so a slow client holds up itself.

        Args:
            path: Not used: the pipe is named after the user.
            sessions: Answers the frames.

        Raises:
            ControlError: When another daemon has the pipe.
        """

        def __init__(self, path: Path, sessions: Sessions) -> None:
            self._sessions = sessions
            self._name = pipes.pipe_name()
            self._next: pipes.Pipe | None = pipes.make_pipe(self._name, first=True)
            self._clients: dict[Connection, _Client] = {}
            self._threads: set[_Client] = set()
            self._questions: queue.SimpleQueue[tuple[Callable[[], Any], Future[Any]]] = (
                queue.SimpleQueue()
            )
            self._closing = False
            self._wake, self._alarm = socket.socketpair()
            self._wake.setblocking(False)
            self._selector: selectors.BaseSelector | None = None
            self._acceptor = threading.Thread(target=self._accept, daemon=True)

        def register(self, selector: selectors.BaseSelector) -> None:
            """Joins a selector loop: `for key, mask in selector.select(): key.data(mask)`."""
            self._selector = selector
            selector.register(self._wake, selectors.EVENT_READ, self._answer)
            self._acceptor.start()

        def tick(self) -> None:
            """Nothing is due: the acceptor's thread waits by itself."""

        def drop(self, connection: Connection) -> None:
            """Ends a connection."""
            if connection in self._clients:
                self._clients[connection].interrupt()

        def close(self) -> None:
            """Ends all connections and the pipe."""
            self._closing = True
            if self._selector is not None:
                self._selector.unregister(self._wake)
                while self._acceptor.is_alive():
                    if self._next:
                        self._next.interrupt()
                    self._acceptor.join(0.05)
            if self._next:
                self._next.close()
            while self._threads:
                self._cancel_questions()
                for client in tuple(self._threads):
                    client.interrupt()
                    client.thread.join(0.05)
            for connection in tuple(self._clients):
                self._forget(connection)
            self._wake.close()
            self._alarm.close()

        def ask(self, question: Callable[[], Any]) -> Any:
            """Runs something in the loop's thread and waits for what it gives."""
            future: Future[Any] = Future()
            self._questions.put((question, future))
            self._alarm.send(b"\0")
            return future.result()

        def admit(self, client: _Client, peer: Peer) -> Connection:
            """Opens a session, in the loop's thread."""
            connection = self._sessions.open(peer)
            self._clients[connection] = client
            return connection

        def answer(self, connection: Connection, body: bytes) -> Answer:
            """Answers a frame, in the loop's thread."""
            return self._sessions.answer(connection, body)

        def left(self, client: _Client, connection: Connection | None) -> None:
            """A client's thread ends."""
            with contextlib.suppress(CancelledError):
                if connection is not None and not self._closing:
                    self.ask(lambda: self._forget(connection))
            self._threads.discard(client)

        def _accept(self) -> None:
            while not self._closing:
                pipe = self._next
                if pipe is None:
                    time.sleep(_RETRY_S)
                elif pipe.wait_for_client():
                    self._next = None
                    client = _Client(self, pipe)
                    self._threads.add(client)
                    client.thread.start()
                elif not self._closing:
                    # Whoever connected has left already; such an end cannot be used again.
                    self._next = None
                    pipe.close()
                if self._next is None:
                    self._next = self._another()

        def _another(self) -> pipes.Pipe | None:
            try:
                return pipes.make_pipe(self._name, first=False)
            except ControlError as error:
                _log.error("no more clients can connect for now: %s", error)
                return None

        def _answer(self, _mask: int) -> None:
            with contextlib.suppress(BlockingIOError):
                self._wake.recv(4096)
            with contextlib.suppress(queue.Empty):
                while True:
                    question, future = self._questions.get_nowait()
                    try:
                        future.set_result(question())
                    except ControlError as error:
                        future.set_exception(error)

        def _cancel_questions(self) -> None:
            with contextlib.suppress(queue.Empty):
                while True:
                    self._questions.get_nowait()[1].cancel()

        def _forget(self, connection: Connection) -> None:
            if self._clients.pop(connection, None) is not None:
                self._sessions.close(connection)

    class _Client:
        """One client's end of the pipe and the thread that waits for it."""

        def __init__(self, transport: PipeTransport, pipe: pipes.Pipe) -> None:
            self.thread = threading.Thread(target=self._serve, daemon=True)
            self._transport = transport
            self._pipe = pipe
            self._process = 0
            self._interrupted = False

        def interrupt(self) -> None:
            """Ends the connection; may be called again."""
            self._interrupted = True
            self._pipe.interrupt()

        def _serve(self) -> None:
            connection: Connection | None = None
            try:
                connection = self._transport.ask(self._admission())
                assert connection is not None
                self._talk(connection)
            except Refused as error:
                with contextlib.suppress(ConnectionError):
                    self._pipe.write(refusal(error).data)
            except (ConnectionError, ControlError, CancelledError) as error:
                _log.debug("a client left: %s", error)
            finally:
                self._pipe.close()
                if self._process:
                    windows.close(self._process)
                self._transport.left(self, connection)

        def _admission(self) -> Callable[[], Connection]:
            pid = pipes.client_of(self._pipe)
            self._process = windows.open_process(pid)
            program = grantable(windows.program_of(self._process))
            peer = Peer(pid, windows.user_of(self._process), program)
            return lambda: self._transport.admit(self, peer)

        def _talk(self, connection: Connection) -> None:
            assembler = frames.Assembler()
            final = False
            while not (final or self._interrupted):
                body = None
                try:
                    while body is None:
                        body = assembler.add(self._pipe.read(assembler.missing))
                except ControlError as error:
                    answer = refusal(error, final=True)
                else:
                    answer = self._transport.ask(self._question(connection, body))
                self._pipe.write(self._with_handles(answer))
                final = answer.final

        def _question(self, connection: Connection, body: bytes) -> Callable[[], Answer]:
            return lambda: self._transport.answer(connection, body)

        def _with_handles(self, answer: Answer) -> bytes:
            """The frame; handles go by their numbers in the client's process."""
            if not answer.handles:
                return answer.data
            fields = frames.decode(answer.data[4:])
            for number, handle in enumerate(answer.handles):
                fields[f"handle{number}"] = windows.give(handle, self._process)
            return frames.encode(fields)
