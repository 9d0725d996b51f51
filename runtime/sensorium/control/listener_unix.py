"""The daemon's Unix socket as a file: in a private folder, never open to others, never stale."""

from __future__ import annotations

import errno
import os
import socket
import stat
import sys
from typing import TYPE_CHECKING

from sensorium.control.sessions import MAX_CONNECTIONS
from sensorium.errors import ControlError

if TYPE_CHECKING:
    from pathlib import Path

if sys.platform != "win32":
    _LONGEST_PATH = 107
    """Bytes; sun_path of sys/un.h less its closing NUL."""

    def listen(path: Path) -> socket.socket:
        """Listens at a path, for this user alone.

        Raises:
            ControlError: When another daemon listens there or the folder will not do.
        """
        _require_private(path.parent)
        if len(os.fsencode(path)) > _LONGEST_PATH:
            raise ControlError(
                f"{path}: a socket's path has at most {_LONGEST_PATH} bytes",
                "set SENSORIUM_RUNTIME_DIR to a shorter one",
            )
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            # Linux gives the file the mode of the unbound socket: it is never open to others.
            os.fchmod(listener.fileno(), 0o600)
            try:
                listener.bind(str(path))
            except OSError as error:
                if error.errno != errno.EADDRINUSE:
                    raise
                _remove_stale(path)
                listener.bind(str(path))
            listener.listen(MAX_CONNECTIONS)
        except OSError as error:
            listener.close()
            raise ControlError(f"cannot listen at {path}: {error.strerror}") from error
        except ControlError:
            listener.close()
            raise
        listener.setblocking(False)
        return listener

    def _remove_stale(path: Path) -> None:
        """Removes the socket of a daemon that died."""
        if not stat.S_ISSOCK(path.lstat().st_mode):
            raise ControlError(f"{path} is in the way and is not a socket", f"remove {path}")
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            probe.setblocking(False)
            try:
                probe.connect(str(path))
            except ConnectionRefusedError:
                path.unlink(missing_ok=True)
            except OSError as error:
                raise ControlError(f"{path} is in the way: {error.strerror}") from error
            else:
                raise ControlError(f"another daemon listens at {path}", "sensorium status")

    def _require_private(folder: Path) -> None:
        try:
            status = folder.stat()
        except OSError as error:
            raise ControlError(
                f"the runtime folder {folder} cannot be used: {error.strerror}",
                "set SENSORIUM_RUNTIME_DIR to a folder that you may write",
            ) from error
        if status.st_uid != os.getuid() or status.st_mode & 0o077:
            raise ControlError(
                f"the runtime folder {folder} is open to other users",
                f"chmod 700 {folder}, or set SENSORIUM_RUNTIME_DIR to a folder of your own",
            )
