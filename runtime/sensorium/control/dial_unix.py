"""The client's way to the control socket on Linux, with a time limit on every step."""

from __future__ import annotations

import os
import socket
import sys
from typing import TYPE_CHECKING

from sensorium.control import frames
from sensorium.errors import ControlError

if TYPE_CHECKING:
    from pathlib import Path

if sys.platform != "win32":
    from sensorium.control import descriptors

    _START = "sensorium run"

    class UnixLine:
        """A connection to the daemon.

        Args:
            folder: The runtime folder.
            timeout_s: Limit of each wait.

        Raises:
            ControlError: When no daemon answers; the remedy says how to start one.
        """

        def __init__(self, folder: Path, timeout_s: float) -> None:
            path = folder / "control.sock"
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self._socket.settimeout(timeout_s)
            try:
                self._socket.connect(str(path))
            except (OSError, ValueError) as error:
                self._socket.close()
                raise _unreachable(path, error) from error

        def exchange(self, frame: bytes) -> tuple[bytes, tuple[int, ...]]:
            """Sends a request and gives the body of its answer and the handles with it.

            Raises:
                ControlError: When the daemon is gone or silent.
            """
            try:
                try:
                    self._socket.sendall(frame)
                except (BrokenPipeError, ConnectionResetError):
                    # Refused before it read this: what it said is still there to read.
                    return self._receive()
                return self._receive()
            except TimeoutError as error:
                # A late answer must not be taken for that of a later request.
                self.close()
                raise ControlError("the daemon does not answer", "sensorium doctor") from error
            except OSError as error:
                raise ControlError(f"the daemon is gone: {error.strerror}", _START) from error

        def close(self) -> None:
            """Ends the connection."""
            self._socket.close()

        def _receive(self) -> tuple[bytes, tuple[int, ...]]:
            assembler = frames.Assembler()
            handles: tuple[int, ...] = ()
            try:
                while True:
                    data, more = descriptors.receive(self._socket, assembler.missing)
                    handles += more
                    if not data:
                        raise ControlError("the daemon closed the connection", _START)
                    body = assembler.add(data)
                    if body is not None:
                        return body, handles
            except (OSError, ControlError):
                descriptors.close(handles)
                raise

    def _unreachable(path: Path, error: Exception) -> ControlError:
        if isinstance(error, FileNotFoundError):
            return ControlError("no daemon is running", _START)
        if isinstance(error, ConnectionRefusedError):
            return ControlError(f"the daemon that made {path} is gone", _START)
        if isinstance(error, PermissionError):
            return ControlError(
                f"{path} belongs to another user",
                f"run as that user, or start your own daemon: {_START}",
            )
        if isinstance(error, TimeoutError | BlockingIOError):
            return ControlError("the daemon does not answer", "sensorium doctor")
        reason = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else error
        return ControlError(f"cannot reach the daemon at {path}: {reason}", _START)
