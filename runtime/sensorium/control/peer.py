"""Who is at the other end of the control socket."""

from __future__ import annotations

import contextlib
import os
import sys
from dataclasses import dataclass

from sensorium.control.requests import PATH_BYTES

if sys.platform != "win32":
    import select
    import socket
    import struct

    _CREDENTIALS = struct.Struct("iII")
    _SO_PEERPIDFD = 77
    """asm-generic/socket.h, from Linux 6.5 on; Python has no name for it."""


@dataclass(frozen=True)
class Peer:
    """A process that connected.

    Attributes:
        pid: Of the process that connected.
        user: The user's id: a number (Linux) or a SID (Windows).
        executable: Path of its program; empty when it cannot be told, or is longer than a grant's
            may be.
    """

    pid: int
    user: str
    executable: str


def grantable(path: str) -> str:
    """A program's path, or nothing where it is too long for a grant to name it."""
    return path if len(path.encode("utf-8", "replace")) <= PATH_BYTES else ""


if sys.platform == "win32":
    from sensorium.control import windows
    from sensorium.errors import ControlError

    def own_user() -> str:
        """The user that this process runs as."""
        return windows.own_sid()

    def program_of(pid: int) -> str:
        """The path of a process's program; empty where it cannot be told."""
        try:
            process = windows.open_process(pid)
        except ControlError:
            return ""
        try:
            return grantable(windows.program_of(process))
        finally:
            windows.close(process)

else:

    def own_user() -> str:
        """The user that this process runs as."""
        return str(os.getuid())

    def peer_of(connection: socket.socket) -> Peer:
        """Who connected, as the kernel recorded it at that time.

        The program is looked up afterwards; a process that ended meanwhile, so that its number
        may be another's now, has none. An interpreter is named as such: python, wine.

        Raises:
            OSError: When the connection is gone.
        """
        credentials = connection.getsockopt(
            socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size
        )
        pid, uid, _ = _CREDENTIALS.unpack(credentials)
        executable = program_of(pid)
        return Peer(pid, str(uid), "" if _ended(connection) else executable)

    def program_of(pid: int) -> str:
        """The path of a process's program; empty where it cannot be told."""
        try:
            path = os.readlink(f"/proc/{pid}/exe")
        except OSError:
            return ""
        name = path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
        return grantable(name)

    def _ended(connection: socket.socket) -> bool:
        with contextlib.suppress(OSError):
            descriptor = connection.getsockopt(socket.SOL_SOCKET, _SO_PEERPIDFD)
            try:
                return bool(select.select([descriptor], [], [], 0)[0])
            finally:
                os.close(descriptor)
        return False
