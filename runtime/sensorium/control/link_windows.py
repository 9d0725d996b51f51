"""The link to a child on Windows: an inherited pipe; handles are copied into the other process."""

from __future__ import annotations

import contextlib
import queue
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any

from sensorium.control import frames
from sensorium.errors import ControlError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sensorium.control.link import Message

if sys.platform == "win32":
    import os
    from multiprocessing.connection import Pipe, PipeConnection

    from sensorium.control import windows

    _HANDLES = "_handles"
    _BACKLOG = 256

    class Link:
        """One end; see `control.link.Link` for Linux, whose methods these are."""

        def __init__(self, end: PipeConnection[Any, Any]) -> None:
            self._end = end
            self._process = 0
            self._outbox: queue.Queue[bytes] = queue.Queue(_BACKLOG)
            self._sender: threading.Thread | None = None
            self._broken = False

        @classmethod
        def inherit(cls, handle: int) -> Link:
            """The end that this process was started with."""
            os.set_handle_inheritable(handle, False)
            return cls(PipeConnection(handle))

        @property
        def handle(self) -> int:
            """The number to start the child with."""
            return self._end.fileno()

        def fileno(self) -> int:
            """The handle; a selector cannot watch it here: call `receive` at each tick."""
            return self._end.fileno()

        def popen_options(self) -> dict[str, Any]:
            """What `subprocess.Popen` needs so that the child inherits this end."""
            os.set_handle_inheritable(self.handle, True)
            startup = subprocess.STARTUPINFO()
            startup.lpAttributeList = {"handle_list": [self.handle]}
            return {"startupinfo": startup}

        def started(self, process: subprocess.Popen[bytes]) -> None:
            """Told by the parent which process has the other end."""
            self._process = windows.open_process(process.pid)

        def send(
            self, message: Mapping[str, Any], handles: Sequence[int] = (), *, timeout_s: float = 0.0
        ) -> bool:
            """Sends one message; False when the other end did not take it in time."""
            if self._broken:
                raise ControlError("the link is closed")
            numbers = [windows.give(handle, self._process, keep=True) for handle in handles]
            data = frames.encode_body({**message, _HANDLES: numbers})
            try:
                self._outbox.put(data, timeout=timeout_s or 0.001)
            except queue.Full:
                return False
            if self._sender is None:
                self._sender = threading.Thread(target=self._send_all, daemon=True)
                self._sender.start()
            return True

        def receive(self, timeout_s: float | None = 0.0) -> Message | None:
            """Receives one message; None when none came in time."""
            try:
                if not self._end.poll(timeout_s):
                    return None
                message = frames.decode(self._end.recv_bytes(frames.MAX_FRAME))
            except (OSError, EOFError) as error:
                raise ControlError("the link is closed") from error
            return message, tuple(message.pop(_HANDLES, ()))

        def close(self) -> None:
            """Closes this end. A second call does nothing."""
            self._broken = True
            with contextlib.suppress(queue.Full):
                self._outbox.put_nowait(b"")
            self._end.close()
            if self._process:
                windows.close(self._process)
                self._process = 0

        def _send_all(self) -> None:
            while (data := self._outbox.get()) and not self._broken:
                try:
                    self._end.send_bytes(data)
                except OSError:
                    self._broken = True

    def pair() -> tuple[Link, Link]:
        """Two ends: the first for this process, the second for a child to inherit."""
        ours, theirs = Pipe(duplex=True)
        return Link(ours), Link(theirs)
