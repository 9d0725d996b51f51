"""A connection to the local API: knows its process, and does not wait for ever."""

from __future__ import annotations

import socket
import sys
from typing import TYPE_CHECKING, Any

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from sensorium.service import places, problem
from sensorium.service.arriving import Arriving
from sensorium.service.outlet import Outlet
from sensorium.service.web_socket import WebSocketConnection

if sys.platform != "win32":
    from sensorium.control.peer import own_user, peer_of

if TYPE_CHECKING:
    import asyncio

    from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

    from sensorium.service.problem import Problem

_HEADERS_S = 10.0
"""Longest time from a connection, or a request's first byte, to the end of its headers."""
_MAX_HEADER_BYTES = 65_536


class Connection(HttpToolsProtocol):
    """One connection; its peer stands in the scope's state, as `peer` (None: it came by TCP).

    A process of another user is cut off before it can say anything: the socket's folder and mode
    keep it out already, but for who was handed an open connection.
    """

    _late: asyncio.TimerHandle | None = None
    _header_bytes = 0
    _refusal: Problem | None = None

    # As uvicorn narrows it, too: asyncio gives a listener's protocol nothing but a Transport.
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """See asyncio."""
        super().connection_made(transport)
        peer = None
        link = transport.get_extra_info("socket")
        if sys.platform != "win32" and link is not None and link.family == socket.AF_UNIX:
            try:
                peer = peer_of(link)
            except OSError:
                self._cut_off()
                return
            if peer.user != own_user():
                self._cut_off()
                return
        place = places.Place(peer)
        self.app_state = {**self.app_state, "peer": peer, "place": place}
        # Decided once, not with each request as by uvicorn: who was let in stays served.
        most, self.limit_concurrency = self.limit_concurrency, None
        if most is not None:
            self._refusal = places.refusal(self.connections, place, most)
        if self._refusal is not None:
            place.refused = True
            if places.is_crowded(self.connections):
                self._cut_off()
                return
            self.app = problem.response(self._refusal)
        self._expect_headers()

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio."""
        self._have_headers()
        super().connection_lost(exc)
        place: places.Place | None = self.app_state.get("place")
        if place is not None:
            place.leave()

    def data_received(self, data: bytes) -> None:
        """See asyncio."""
        super().data_received(data)
        # Of a piece that ended the headers the rest is body, which its route bounds.
        if self._late is not None:
            self._header_bytes += len(data)
            if self._header_bytes > _MAX_HEADER_BYTES:
                self._have_headers()
                self.send_400_response("The headers are too long.")

    def on_message_begin(self) -> None:
        """A request's first byte is there."""
        super().on_message_begin()
        self._expect_headers()

    def on_headers_complete(self) -> None:
        """A request's headers are there."""
        self._have_headers()
        super().on_headers_complete()
        if self.cycle is not None and self.cycle.scope is self.scope:
            cycle = self.cycle
            state = self.scope.setdefault("state", {})
            state["arriving"] = Arriving(self, cycle)
            state["outlet"] = Outlet(self.transport, lambda: _is_live(cycle))

    def body_ended(self, cycle: RequestResponseCycle) -> None:
        """The rest of a request's body came by another way than the parser: see `Arriving`."""
        self.transport.set_protocol(self)
        self.parser = httptools.HttpRequestParser(self)
        # As uvicorn's own.
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
        cycle.more_body = False

    def handle_websocket_upgrade(self) -> None:
        """A request for a WebSocket is there."""
        if self._refusal is None:
            super().handle_websocket_upgrade()
            return
        refused = problem.response(self._refusal)
        head = [b": ".join(header) for header in refused.raw_headers]
        status = f"HTTP/1.1 {refused.status_code} {self._refusal.status.phrase}".encode()
        self.transport.write(b"\r\n".join([status, *head, b"", bytes(refused.body)]))
        self.transport.close()

    def _cut_off(self) -> None:
        self.connections.discard(self)
        self.transport.abort()

    def _expect_headers(self) -> None:
        if self._late is None:
            self._header_bytes = 0
            self._late = self.loop.call_later(_HEADERS_S, self.transport.abort)

    def _have_headers(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None


def _is_live(cycle: RequestResponseCycle) -> bool:
    return cycle.response_started and not cycle.response_complete and not cycle.disconnected


def configuration() -> dict[str, Any]:
    """What uvicorn is told of connections."""
    return {
        "http": Connection,
        "ws": WebSocketConnection,
        "ws_max_size": 1 << 20,
        "ws_ping_interval": 15.0,
        # On one PC it costs more than it saves: 100 us and 256 KiB a client.
        "ws_per_message_deflate": False,
    }
