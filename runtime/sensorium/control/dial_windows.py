"""The client's way to the control pipe on Windows."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING

from sensorium.control import frames
from sensorium.errors import ControlError

if TYPE_CHECKING:
    from pathlib import Path

if sys.platform == "win32":
    from sensorium.control import pipes_windows as pipes

    class PipeLine:
        """A connection to the daemon.

        Args:
            folder: Not used: the pipe is named after the user.
            timeout_s: Limit of each wait.

        Raises:
            ControlError: When no daemon answers; the remedy says how to start one.
        """

        def __init__(self, folder: Path, timeout_s: float) -> None:
            self._pipe = pipes.dial(pipes.pipe_name(), timeout_s)

        def exchange(self, frame: bytes) -> tuple[bytes, tuple[int, ...]]:
            """Sends a request and gives the body of its answer and the handles with it.

            Raises:
                ControlError: When the daemon is gone or silent.
            """
            try:
                # A daemon that refuses at once has closed its end; what it said can be read.
                with contextlib.suppress(ConnectionError):
                    self._pipe.write(frame)
                body = self._receive()
            except ConnectionError as error:
                raise ControlError(f"the daemon is gone: {error}", "sensorium run") from error
            fields = frames.decode(body)
            handles = (fields.get(f"handle{number}") for number in range(2))
            return body, tuple(handle for handle in handles if isinstance(handle, int))

        def close(self) -> None:
            """Ends the connection. A second call does nothing."""
            self._pipe.close()

        def _receive(self) -> bytes:
            assembler = frames.Assembler()
            while True:
                body = assembler.add(self._pipe.read(assembler.missing))
                if body is not None:
                    return body
