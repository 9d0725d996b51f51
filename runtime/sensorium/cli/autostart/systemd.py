"""Installs, removes and shows the daemon as a service of the user's systemd."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sensorium.cli.autostart import units
from sensorium.control.audit import write_private
from sensorium.errors import ControlError

if TYPE_CHECKING:
    from sensorium.cli.autostart.wish import Wish

START_BY_HAND = "`systemctl --user start sensorium`"
_ASK_S = 60.0
_UNIT = re.compile(r"[A-Za-z0-9:_.\\@-]+\.(service|socket|target|path|timer)")
"""A unit that can be started (systemd.unit(5))."""
_SHOWN = (
    "LoadState", "ActiveState", "SubState", "UnitFileState", "MainPID", "NRestarts", "FragmentPath"
)


def folder() -> Path:
    """Where the user's own units lie (systemd.unit(5))."""
    base = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return Path(base) / "systemd" / "user"


def install(wish: Wish, *, start: bool) -> list[Path]:
    """Writes the units and turns them on; with SteamVR nothing turns them on but SteamVR.

    Args:
        wish: How the daemon is to be started.
        start: Whether it is started now, too.

    Returns:
        The files.

    Raises:
        ControlError: There is no user's systemd, it refuses, or does not know the unit.
    """
    _ask("--version")
    _ask("show-environment")
    if wish.beside:
        _check(wish.beside)
    uninstall()
    written = []
    for name, text in units.texts(wish).items():
        path = folder() / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_private(path, text.encode())
        except OSError as error:
            raise ControlError(f"{path}: cannot be written: {error.strerror}") from error
        written.append(path)
    _ask("daemon-reload")
    wanted = units.SOCKET if wish.on_demand else units.SERVICE
    if not wish.with_steamvr:
        _ask("enable", wanted)
    if start:
        # systemd says ready when the daemon has said so.
        _ask("start", wanted)
    return written


def uninstall() -> list[Path]:
    """Stops it, turns it off and removes the units.

    Returns:
        The files that were there.

    Raises:
        ControlError: There is no user's systemd, or it refuses.
    """
    there = [path for path in (folder() / units.SOCKET, folder() / units.SERVICE) if path.exists()]
    if there:
        names = [path.name for path in there]
        _ask("disable", "--now", *names)
        _forget(*names)
        for path in there:
            path.unlink(missing_ok=True)
        _ask("daemon-reload")
    return there


def start() -> None:
    """Starts what is installed; comes back when it is ready.

    Raises:
        ControlError: It is not installed, or does not start.
    """
    _forget(units.SERVICE)
    _ask("start", units.SERVICE)


def stop() -> None:
    """Stops it, until it is started again.

    Raises:
        ControlError: systemd refuses.
    """
    _ask("stop", units.SERVICE)


def status() -> dict[str, dict[str, Any]]:
    """What systemd says of each unit: state, whether it is turned on, restarts.

    Raises:
        ControlError: There is no user's systemd.
    """
    found = {}
    for name in (units.SERVICE, units.SOCKET):
        lines = _ask("show", name, "--property", ",".join(_SHOWN)).splitlines()
        told = {key: value for key, _, value in (line.partition("=") for line in lines)}
        if told.get("LoadState") == "loaded":
            found[name] = told
    return found


def logs(lines: int, *, follow: bool) -> int:
    """Shows what the daemon logged; returns the exit code of journalctl.

    Raises:
        ControlError: There is no journal.
    """
    program = shutil.which("journalctl")
    if program is None:
        raise ControlError("there is no journalctl", "the log goes where systemd sends it")
    command = [program, "--user", "--unit", units.SERVICE, "--lines", str(lines), "--no-pager"]
    try:
        return subprocess.run([*command, *(["--follow"] if follow else [])], check=False).returncode
    except OSError as error:
        raise ControlError(f"{program} cannot be run: {error.strerror}") from error


def _forget(*names: str) -> None:
    """Has systemd forget that it gave units up, and how often it started them."""
    # Of one that it has not loaded it remembers nothing, and says so.
    with contextlib.suppress(ControlError):
        _ask("reset-failed", *names)


def _check(unit: str) -> None:
    """Passes when systemd knows the unit beside which the daemon is to be.

    Raises:
        ControlError: It does not.
    """
    remedy = "`systemctl --user list-unit-files` names those that there are"
    if not _UNIT.fullmatch(unit):
        raise ControlError(f"--with {unit}: is not the name of a unit", remedy)
    if _ask("show", unit, "--property", "LoadState", "--value").strip() == "not-found":
        raise ControlError(f"--with {unit}: systemd knows no such unit of this user", remedy)


def _ask(*arguments: str) -> str:
    program = shutil.which("systemctl")
    if program is None:
        raise ControlError(
            "there is no systemd on this system",
            "have your desktop start `sensorium run` with the session",
        )
    try:
        done = subprocess.run(
            [program, "--user", *arguments], stdin=subprocess.DEVNULL, capture_output=True,
            text=True, timeout=_ASK_S, check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise ControlError(
            f"systemctl --user {arguments[0]} gave no answer within {_ASK_S:.0f} s",
            "sensorium service logs",
        ) from error
    except OSError as error:
        raise ControlError(f"{program} cannot be run: {error.strerror}") from error
    if done.returncode:
        said = done.stderr.strip().splitlines() or ["refused"]
        raise ControlError(
            f"systemctl --user {' '.join(arguments)}: {said[0]}",
            "run it in a session of your own, not with sudo" if "bus" in said[0]
            else "sensorium service logs",
        )
    return done.stdout
