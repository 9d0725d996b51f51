"""Who asks: the name that the app gives, and the process at the other end of the socket."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sensorium.control import requests
from sensorium.control.replies import Refused
from sensorium.service.problem import Problem

if TYPE_CHECKING:
    from starlette.requests import HTTPConnection

HEADER = "sensorium-app"
QUERY = "app"
"""For who cannot set a header: a browser's WebSocket and EventSource."""
DEFAULT_APP = "http"
PAGE_APP = "sensorium-page"
"""The name under which the page asks, whatever it says."""


@dataclass(frozen=True)
class Caller:
    """Who asks.

    Attributes:
        app: The name by which the owner grants things.
        pid: Of its process; 0 where it came by TCP.
        executable: Path of its program; empty where it cannot be told.
    """

    app: str
    pid: int = 0
    executable: str = ""

    @property
    def who(self) -> str | int:
        """Whose turn it is where callers share: a process', or an app's that cannot be told."""
        return self.pid or self.app


def is_page(connection: HTTPConnection) -> bool:
    """Whether the owner's page asks: a browser that has shown its session."""
    return bool(getattr(connection.state, "page", False))


def caller_of(connection: HTTPConnection) -> Caller:
    """Who made a request.

    Raises:
        Problem: 400; the app's name is not one.
    """
    if is_page(connection):
        return Caller(PAGE_APP)
    name = connection.headers.get(HEADER) or connection.query_params.get(QUERY) or DEFAULT_APP
    try:
        app = requests.app_name(name)
    except Refused as error:
        raise Problem(400, f"{error.message} (header Sensorium-App)", error.remedy) from error
    peer = getattr(connection.state, "peer", None)
    return Caller(app, peer.pid, peer.executable) if peer else Caller(app)
