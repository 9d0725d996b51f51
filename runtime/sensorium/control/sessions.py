"""The talk on the control socket, apart from any transport: who said hello, what is answered."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import sensorium
from sensorium.channels import layout
from sensorium.control import frames, requests
from sensorium.control.peer import Peer, own_user
from sensorium.control.replies import (
    BAD_REQUEST,
    BUSY,
    DENIED,
    FAILED,
    VERSION,
    Refused,
    Reply,
    granted,
    refused,
)
from sensorium.errors import ControlError, SensoriumError

if TYPE_CHECKING:
    from collections.abc import Callable

_log = logging.getLogger(__name__)

MAX_CONNECTIONS = 64
MAX_APPS = 60
"""Of them, those that may say hello: the rest is kept for the owner's commands."""


@dataclass(eq=False)
class Connection:
    """One client, from its connecting to its end.

    Attributes:
        session: Its number, from 1, never used again.
        peer: Its process.
        app: The name it gave with `hello`; empty before.
        client: What it reads with, and the version of that.
        noted: Grant classes that it opened and that were noted in the log of grants.
        for_another: Whether the daemon's own service asks, in the name of an app.
    """

    session: int
    peer: Peer
    app: str = ""
    client: str = ""
    noted: set[str] = field(default_factory=set)
    for_another: bool = False

    @property
    def pid(self) -> int:
        """Of its process."""
        return self.peer.pid

    @property
    def executable(self) -> str:
        """Path of its program; empty when it cannot be told."""
        return self.peer.executable


class Handler(Protocol):
    """Answers what clients ask; called in the thread of the server's selector loop."""

    def handle(self, connection: Connection, request: dict[str, Any]) -> Reply:
        """Answers any operation but `hello`; its required fields have their types.

        Raises:
            SensoriumError: The request is refused; `replies.Refused` for a code of its own.
        """
        ...

    def closed(self, connection: Connection) -> None:
        """The client is gone, and with it what was made for it."""
        ...


@dataclass(frozen=True)
class Answer:
    """What goes back to the client.

    Attributes:
        data: A whole frame.
        handles: To send with its first byte and to close then.
        final: The connection is closed after it.
    """

    data: bytes
    handles: tuple[int, ...] = ()
    final: bool = False


class Sessions:
    """All connections of one server.

    Args:
        handler: Answers everything but `hello`.
        generation: Gives the public region's generation, for `hello`.
        speaks_for_others: Whether a process is the daemon's own service, which asks in the names
            of those who ask it.
    """

    def __init__(
        self,
        handler: Handler,
        generation: Callable[[], int],
        speaks_for_others: Callable[[int], bool] = lambda _pid: False,
    ) -> None:
        self.connections: list[Connection] = []
        self._handler = handler
        self._generation = generation
        self._speaks_for_others = speaks_for_others
        self._last_session = 0

    def open(self, peer: Peer) -> Connection:
        """Admits a client.

        Raises:
            Refused: DENIED for another user's process; BUSY when there are too many.
        """
        if peer.user != own_user():
            _log.warning("refused process %d of user %s", peer.pid, peer.user)
            raise Refused(DENIED, "this daemon belongs to another user", "start your own")
        if len(self.connections) >= MAX_CONNECTIONS:
            raise Refused(BUSY, f"{MAX_CONNECTIONS} clients are connected", "close one of them")
        self._last_session += 1
        connection = Connection(self._last_session, peer)
        self.connections.append(connection)
        return connection

    def answer(self, connection: Connection, body: bytes) -> Answer:
        """Answers one request; a malformed one ends the connection."""
        try:
            request = requests.parse(body)
        except Refused as error:
            return refusal(error)
        except ControlError as error:
            return refusal(error, final=True)
        try:
            reply = self._reply(connection, request)
        except SensoriumError as error:
            return refusal(error)
        except Exception:  # noqa: BLE001 - a fault in one request must not end the daemon
            _log.exception("%s of %s failed", request["op"], connection.app or "a client")
            return refusal(Refused(FAILED, "an unexpected fault", "the daemon's log has it"))
        try:
            return Answer(frames.encode(granted(reply)), reply.handles)
        except ControlError as error:
            return Answer(refusal(Refused(FAILED, error.message)).data, reply.handles)
        except ValueError as error:
            # A number that JSON does not have.
            _log.error("%s of %s cannot be told: %s", request["op"], connection.app, error)
            wrong = Refused(FAILED, "an unexpected fault", "the daemon's log has it")
            return Answer(refusal(wrong).data, reply.handles)

    def close(self, connection: Connection) -> None:
        """Tells the handler that a client is gone; a second call does nothing."""
        if connection in self.connections:
            self.connections.remove(connection)
            self._handler.closed(connection)

    def _reply(self, connection: Connection, request: dict[str, Any]) -> Reply:
        if request["op"] == "hello":
            return self._greet(connection, request)
        if not connection.app and request["op"] not in requests.OWNER:
            raise Refused(BAD_REQUEST, f"{request['op']} before hello", "say hello first")
        return self._handler.handle(connection, request)

    def _greet(self, connection: Connection, request: dict[str, Any]) -> Reply:
        if connection.app:
            raise Refused(BAD_REQUEST, "hello was said already")
        app, client = requests.app_name(request["app"]), requests.client_name(request["client"])
        major, minor = request["layout_major"], request["layout_minor"]
        if major != layout.LAYOUT_MAJOR:
            raise Refused(
                VERSION,
                f"the daemon's layout is {layout.LAYOUT_MAJOR}.{layout.LAYOUT_MINOR}, "
                f"the client's is {major}.{minor}",
                "use the client files that came with the daemon",
            )
        if sum(bool(other.app) for other in self.connections) >= MAX_APPS:
            raise Refused(BUSY, f"{MAX_APPS} apps are connected", "close one of them")
        if "for_pid" in request or "for_executable" in request:
            connection.peer = self._behalf(connection.peer, request)
            connection.for_another = True
        connection.app, connection.client = app, client
        return Reply(
            {
                "daemon": sensorium.__version__,
                "layout_major": layout.LAYOUT_MAJOR,
                "layout_minor": layout.LAYOUT_MINOR,
                "session": connection.session,
                "generation": self._generation(),
            }
        )


    def _behalf(self, asking: Peer, request: dict[str, Any]) -> Peer:
        """Whom the service asks for."""
        if not self._speaks_for_others(asking.pid):
            raise Refused(DENIED, "only the daemon's own service asks for others")
        executable = requests.program_path(request.get("for_executable", ""))
        return Peer(request.get("for_pid", 0), asking.user, executable)


def refusal(error: SensoriumError, *, final: bool = False) -> Answer:
    """The answer that says why."""
    return Answer(frames.encode(refused(error)), final=final)
