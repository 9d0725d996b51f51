"""The systemd units of one user's daemon, as text."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from sensorium import folders
from sensorium.cli.autostart.wish import environment

if TYPE_CHECKING:
    from pathlib import Path

    from sensorium.cli.autostart.wish import Wish

SERVICE, SOCKET = "sensorium.service", "sensorium.socket"
STARTS, WITHIN_S = 5, 60
"""So many starts within that time, and the daemon is given up; systemd's own 10 s would be over
before, since each new start waits."""


def texts(wish: Wish) -> dict[str, str]:
    """The unit files, by name."""
    files = {SERVICE: _service(wish)}
    if wish.on_demand:
        files[SOCKET] = _socket()
    return files


def _service(wish: Wish) -> str:
    command = [sys.executable, "-P", "-m", "sensorium", *wish.arguments]
    lines = [
        "[Unit]",
        "Description=Sensorium: AI senses for the VR apps of this PC",
        *([f"Requires={SOCKET}", f"After={SOCKET}"] if wish.on_demand else []),
        *([f"PartOf={wish.beside}", f"After={wish.beside}"] if wish.beside else []),
        f"StartLimitIntervalSec={WITHIN_S}",
        f"StartLimitBurst={STARTS}",
        "",
        "[Service]",
        "Type=notify",
        # The colon: no variable is put in the place of a `$`, in the program's path neither.
        "ExecStart=" + " ".join(_quoted(word) for word in (f":{command[0]}", *command[1:])),
        *(
            f"Environment={_quoted(f'{name}={value}')}" for name, value in environment().items()
        ),
        "Restart=on-failure",
        "RestartSec=2",
        # The supervisor turns ten times a second and starts what hangs below it anew by itself.
        "WatchdogSec=10",
        "TimeoutStopSec=15",
        # Hardening that a user's own manager can give without namespaces, which many kernels
        # refuse it. Real-time priority stays possible, for capture.
        "NoNewPrivileges=yes",
        "LockPersonality=yes",
        "RestrictSUIDSGID=yes",
        "RestrictNamespaces=yes",
        "SystemCallArchitectures=native",
        "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK",
        "UMask=0077",
        # SteamVR has it started, and nothing else.
        *(
            [] if wish.with_steamvr
            else ["", "[Install]", f"WantedBy={wish.beside or 'default.target'}"]
        ),
    ]
    return "\n".join(lines) + "\n"


def _socket() -> str:
    return "\n".join((
        "[Unit]",
        "Description=Starts Sensorium when an app asks for it",
        "",
        "[Socket]",
        f"ListenStream={_path(folders.runtime_dir() / 'control.sock')}",
        "SocketMode=0600",
        "DirectoryMode=0700",
        "",
        "[Install]",
        "WantedBy=sockets.target",
    )) + "\n"


def _path(path: Path) -> str:
    return str(path).replace("%", "%%")


def _quoted(word: str) -> str:
    """One word of a unit file (systemd.syntax(7)): quoted, without specifiers.

    A `$` stays: `Environment=` knows no variables, where `ExecStart=` begins with a colon.
    """
    plain = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return f'"{plain}"'
