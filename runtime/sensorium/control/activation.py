"""A socket that the system listens on for the daemon, and starts it for (sd_listen_fds(3))."""

from __future__ import annotations

import os
import socket
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_FIRST = 3
_VARIABLES = ("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES")


if sys.platform != "win32":

    def inherited(path: Path) -> socket.socket | None:
        """The listening socket of a path that this process was started with.

        The variables are taken out of the environment: they are not meant for children.

        Returns:
            None: it was started by nobody who listens there.
        """
        pid, count, _ = (os.environ.pop(name, "") for name in _VARIABLES)
        if pid != str(os.getpid()) or not count.isdecimal():
            return None
        found = None
        for number in range(_FIRST, _FIRST + int(count)):
            os.set_inheritable(number, False)
            link = socket.socket(fileno=number)
            if found is None and link.family == socket.AF_UNIX and link.getsockname() == str(path):
                link.setblocking(False)
                found = link
            else:
                # Another's: left open, since whoever gave it may look after it.
                link.detach()
        return found
