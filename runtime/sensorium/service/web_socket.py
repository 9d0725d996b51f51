"""A connection that has become a WebSocket."""

from __future__ import annotations

from typing import TYPE_CHECKING

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.protocol import State

from sensorium.service.outlet import Outlet

if TYPE_CHECKING:
    from websockets.http11 import Request


class WebSocketConnection(WebSocketsSansIOProtocol):
    """One connection; its scope's state has an `outlet`, beside what `Connection` put there."""

    def handle_connect(self, event: Request) -> None:
        """The request to open it is there."""
        self.app_state = {**self.app_state, "outlet": Outlet(self.transport, self._is_live)}
        super().handle_connect(event)

    def _is_live(self) -> bool:
        return self.handshake_complete and not self.close_sent and self.conn.state is State.OPEN
