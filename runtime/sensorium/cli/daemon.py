"""The running daemon, as a command reaches it: over control, under the command line's own name."""

from __future__ import annotations

from sensorium.control.client import Client
from sensorium.errors import ControlError

APP = "sensorium-cli"
"""The name under which the command line asks for private channels."""


def connect(app: str = APP) -> Client:
    """Connects to the running daemon.

    Raises:
        ControlError: No daemon is running.
    """
    return Client.connect(app, owner=True)


def connect_if_running(app: str = APP) -> Client | None:
    """Connects to the running daemon, or gives None when there is none."""
    try:
        return Client.connect(app, owner=True)
    except ControlError:
        return None
