"""A link between the supervisor and a child: messages with handles, over what a child inherits."""

from __future__ import annotations

import select
import socket
import sys
from typing import TYPE_CHECKING, Any

from sensorium.control import frames
from sensorium.errors import ControlError

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Mapping, Sequence

Message = tuple[dict[str, Any], tuple[int, ...]]
"""A JSON object and the handles that came with it; they belong to whoever received them."""

if sys.platform == "win32":
    from sensorium.control.link_windows import Link as Link
    from sensorium.control.link_windows import pair as pair

else:
    from sensorium.control import descriptors

    class Link:
        """One end. `send` may be called from several threads, `receive` from one.

        Args:
            end: A socket that keeps messages apart (SOCK_SEQPACKET); taken over.
        """

        def __init__(self, end: socket.socket) -> None:
            end.setblocking(False)
            self._socket = end

        @classmethod
        def inherit(cls, handle: int) -> Link:
            """The end that this process was started with; see `handle`."""
            end = socket.socket(fileno=handle)
            end.set_inheritable(False)
            return cls(end)

        @property
        def handle(self) -> int:
            """The number to start the child with; see `popen_options`."""
            return self._socket.fileno()

        def fileno(self) -> int:
            """For a selector: readable when a message is there or the other end is gone."""
            return self._socket.fileno()

        def popen_options(self) -> dict[str, Any]:
            """What `subprocess.Popen` needs so that the child inherits this end."""
            return {"pass_fds": (self.handle,)}

        def started(self, process: subprocess.Popen[bytes]) -> None:
            """Told by the parent which process has the other end (Windows needs it)."""

        def send(
            self, message: Mapping[str, Any], handles: Sequence[int] = (), *, timeout_s: float = 0.0
        ) -> bool:
            """Sends one message; the handles stay the caller's to close.

            Args:
                message: JSON values.
                handles: File descriptors, at most `frames.MAX_HANDLES`.
                timeout_s: How long to wait for room.

            Returns:
                False when the other end did not take it in time: it hangs.

            Raises:
                ControlError: When the other end is gone, or the message too long.
            """
            data = frames.encode_body(message)
            for wait in (timeout_s, 0.0):
                try:
                    descriptors.send(self._socket, data, handles)
                except BlockingIOError:
                    select.select([], [self._socket], [], wait)
                except OSError as error:
                    raise ControlError(f"the link is closed: {error.strerror}") from error
                else:
                    return True
            return False

        def receive(self, timeout_s: float | None = 0.0) -> Message | None:
            """Receives one message.

            Args:
                timeout_s: How long to wait for it; None: until it comes.

            Returns:
                None when none came in time.

            Raises:
                ControlError: When the other end is gone.
            """
            if not select.select([self._socket], [], [], timeout_s)[0]:
                return None
            try:
                data, handles = descriptors.receive(self._socket, frames.MAX_FRAME)
            except OSError as error:
                raise ControlError(f"the link is closed: {error.strerror}") from error
            if not data:
                raise ControlError("the link is closed")
            try:
                return frames.decode(data), handles
            except ControlError:
                descriptors.close(handles)
                raise

        def close(self) -> None:
            """Closes this end. A second call does nothing."""
            self._socket.close()

    def pair() -> tuple[Link, Link]:
        """Two ends: the first for this process, the second for a child to inherit."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        return Link(ours), Link(theirs)
