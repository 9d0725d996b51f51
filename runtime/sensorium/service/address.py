"""Where the local API is: one small file in the runtime folder, for this user alone."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from sensorium.control.audit import write_private
from sensorium.errors import ControlError

if TYPE_CHECKING:
    from pathlib import Path

FILE_NAME = "api.json"
SOCKET_NAME = "api.sock"
LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class Address:
    """Where the local API is.

    Attributes:
        socket: Path of its Unix socket; empty where there is none.
        url: Of its loopback TCP; empty where that is off.
        token: That callers by TCP show as `Authorization: Bearer TOKEN`.
        pid: Of its process.
    """

    socket: str
    url: str
    token: str
    pid: int

    def write(self, folder: Path) -> None:
        """Writes it, in the place of the one before.

        Raises:
            OSError: When it cannot be written.
        """
        write_private(folder / FILE_NAME, json.dumps(asdict(self)).encode(), durable=False)


def read(folder: Path) -> Address:
    """Where the local API of a running daemon is.

    Raises:
        ControlError: It does not run.
    """
    try:
        return Address(**json.loads((folder / FILE_NAME).read_bytes()))
    except FileNotFoundError as error:
        raise ControlError(
            "the local API does not run",
            "write enabled = true in [service] of the configuration, and start the daemon",
        ) from error
    except (OSError, ValueError, TypeError) as error:
        raise ControlError(f"{folder / FILE_NAME}: cannot be read: {error}") from error


def remove(folder: Path) -> None:
    """Removes it."""
    (folder / FILE_NAME).unlink(missing_ok=True)
