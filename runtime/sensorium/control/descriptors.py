"""File descriptors that travel with bytes over a Unix socket (SCM_RIGHTS)."""

from __future__ import annotations

import array
import os
import socket
import sys
from typing import TYPE_CHECKING

from sensorium.control.frames import MAX_HANDLES
from sensorium.errors import ControlError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

if sys.platform != "win32":
    _SIZE = array.array("i").itemsize

    def send(to: socket.socket, data: bytes | memoryview, handles: Sequence[int]) -> int:
        """Sends bytes, and descriptors with the first of them.

        Returns:
            The bytes that were taken, at least one; the descriptors are then sent too.

        Raises:
            BlockingIOError: When nothing was taken.
            OSError: When the connection is gone.
        """
        if not handles:
            return to.send(data, socket.MSG_NOSIGNAL)
        rights = array.array("i", handles)
        ancillary = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)]
        return to.sendmsg([data], ancillary, socket.MSG_NOSIGNAL)

    def receive(source: socket.socket, size: int) -> tuple[bytes, tuple[int, ...]]:
        """Receives at most `size` bytes and the descriptors that came with them.

        Returns:
            No bytes at the end of the connection. The descriptors belong to the caller and are
            not inherited by children.

        Raises:
            BlockingIOError: When nothing is there.
            ControlError: When something was cut off.
            OSError: When the connection is gone.
        """
        room = socket.CMSG_SPACE(MAX_HANDLES * _SIZE)
        data, ancillary, flags, _ = source.recvmsg(size, room, socket.MSG_CMSG_CLOEXEC)
        rights = array.array("i")
        for level, kind, content in ancillary:
            if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                rights.frombytes(content[: len(content) - len(content) % _SIZE])
        if flags & (socket.MSG_CTRUNC | socket.MSG_TRUNC):
            close(rights)
            raise ControlError("a message that was cut off on its way")
        return data, tuple(rights)

    def close(handles: Iterable[int]) -> None:
        """Closes descriptors that are not needed any more."""
        for handle in handles:
            os.close(handle)
