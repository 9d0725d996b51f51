"""Installs, removes and shows the daemon as a task of this user in Windows' Task Scheduler."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

from sensorium import folders
from sensorium.cli.autostart import keeper, log_file, task
from sensorium.cli.daemon import connect_if_running
from sensorium.cli.stop import end_daemon
from sensorium.control.audit import write_private
from sensorium.control.peer import own_user
from sensorium.errors import ControlError
from sensorium.supervisor.instance import is_running

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sensorium.cli.autostart.wish import Wish

START_BY_HAND = "log on again"
_ASK_S = 60.0
_READY_S, _END_S = 30.0, 15.0
_LOOK_S = 0.1
_QUIET: dict[str, Any] = {}
if sys.platform == "win32":
    _QUIET["creationflags"] = subprocess.CREATE_NO_WINDOW


def install(wish: Wish, *, start: bool) -> list[Path]:
    """Writes the task and registers it.

    Args:
        wish: How the daemon is to be started.
        start: Whether it is started now, too.

    Returns:
        The file that was registered, which is kept to be read.

    Raises:
        ControlError: The wish is one of systemd's alone, or the Task Scheduler refuses.
    """
    for wanted, option in ((wish.on_demand, "--on-demand"), (wish.beside, "--with")):
        if wanted:
            raise ControlError(
                f"{option} needs systemd: Windows' Task Scheduler starts nothing when an app "
                "connects or another program starts",
                "leave it out: it starts at log-on; with --with-steamvr SteamVR starts it",
            )
    uninstall()
    path = _file()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_private(path, task.document(wish, own_user()))
    except OSError as error:
        raise ControlError(f"{path}: cannot be written: {error.strerror}") from error
    try:
        _ask("/Create", "/TN", _name(), "/XML", str(path), "/F")
    except ControlError:
        path.unlink(missing_ok=True)
        raise
    if start:
        _start()
    return [path]


def uninstall() -> list[Path]:
    """Stops it and removes the task.

    The Task Scheduler is asked in any case: somebody may have deleted our file of the task alone.

    Returns:
        The task's file, where it or the task was there.

    Raises:
        ControlError: It does not end, or the Task Scheduler refuses.
    """
    path = _file()
    written = path.exists()
    if not written and shutil.which("schtasks") is None:
        return []
    stop()
    deleted = _delete()
    path.unlink(missing_ok=True)
    return [path] if written or deleted else []


def start() -> None:
    """Starts what is installed; comes back when it is ready.

    Raises:
        ControlError: It is not installed, or does not start.
    """
    if not _file().exists():
        raise ControlError("the daemon is not installed", "sensorium service install")
    _start()


def stop() -> None:
    """Stops it, until it is started again; a daemon that was started otherwise is left alone.

    Raises:
        ControlError: It does not end.
    """
    if not _keeps():
        return
    with contextlib.suppress(ControlError):
        end_daemon()
    if not _until(lambda: not _keeps(), _END_S):
        _ask("/End", "/TN", _name())
        if not _until(lambda: not _keeps(), _END_S):
            raise ControlError(
                f"the daemon does not end within {_END_S:.0f} s", "end it in the task manager"
            )


def status() -> dict[str, dict[str, Any]]:
    """State, whether it is turned on, restarts; in the words that systemd has for them.

    Raises:
        ControlError: There is no Task Scheduler.
    """
    path = _file()
    if not path.exists() or not _is_known():
        return {}
    told = keeper.read() or {"pid": 0, "restarts": 0, "failed": False}
    active, sub = "inactive", "dead"
    if _keeps():
        active, sub = "activating", "auto-restart"
        if is_running(folders.runtime_dir()):
            active, sub = "active", "running"
    elif told["failed"]:
        active, sub = "failed", "failed"
    at_logon = task.LOGON.encode("utf-16-le") in path.read_bytes()
    return {
        _name(): {
            "LoadState": "loaded",
            "ActiveState": active,
            "SubState": sub,
            "UnitFileState": "enabled" if at_logon else "static",
            "MainPID": str(told["pid"] if active == "active" else 0),
            "NRestarts": str(told["restarts"]),
            "FragmentPath": str(path),
        }
    }


def logs(lines: int, *, follow: bool) -> int:
    """Shows what the daemon logged; returns the exit code.

    Raises:
        ControlError: The log cannot be read.
    """
    path = log_file.path()
    try:
        for line in log_file.newest(path, lines):
            _show(line)
        if follow:
            for line in log_file.coming(path):
                _show(line)
    except OSError as error:
        raise ControlError(f"{path}: cannot be read: {error.strerror}") from error
    return 0


def _show(line: bytes) -> None:
    sys.stdout.write(line.decode("utf-8", "replace") + "\n")
    sys.stdout.flush()


def _start() -> None:
    _ask("/Run", "/TN", _name())
    if not _until(_is_ready, _READY_S):
        raise ControlError(
            f"the Task Scheduler was asked to start the daemon, which is not there after "
            f"{_READY_S:.0f} s",
            "sensorium service logs",
        )


def _is_ready() -> bool:
    client = connect_if_running()
    if client is not None:
        client.close()
    return client is not None


def _keeps() -> bool:
    return is_running(folders.runtime_dir(), keeper.LOCK)


def _until(done: Callable[[], bool], limit_s: float) -> bool:
    end = time.monotonic() + limit_s
    while not done():
        if time.monotonic() > end:
            return False
        time.sleep(_LOOK_S)
    return True


def _name() -> str:
    """Of the task: its folder is everybody's, so with the user's SID."""
    return f"Sensorium-{own_user()}"


def _file() -> Path:
    return folders.data_dir() / "service" / "task.xml"


def _is_known() -> bool:
    return _run("/Query", "/TN", _name()).returncode == 0


def _delete() -> bool:
    """Whether there was a task, which is no more."""
    arguments = ("/Delete", "/TN", _name(), "/F")
    done = _run(*arguments)
    if done.returncode == 0:
        return True
    # Wine's finds every task, of which it tells nothing.
    found = _run("/Query", "/TN", _name())
    if found.returncode == 0 and found.stdout.strip():
        raise _refusal(done, arguments[0])
    return False


def _ask(*arguments: str) -> None:
    done = _run(*arguments)
    if done.returncode:
        raise _refusal(done, arguments[0])


def _refusal(done: subprocess.CompletedProcess[str], asked: str) -> ControlError:
    said = (done.stderr.strip() or done.stdout.strip() or "refused").splitlines()[0]
    return ControlError(
        f"schtasks {asked}: {said}",
        "in a terminal that was opened as administrator it may be allowed",
    )


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    program = shutil.which("schtasks")
    if program is None:
        raise ControlError(
            "there is no schtasks on this system",
            "put `pythonw -m sensorium run` among the programs that start with Windows",
        )
    try:
        return subprocess.run(
            [program, *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True,
            errors="replace", timeout=_ASK_S, check=False, **_QUIET,
        )
    except subprocess.TimeoutExpired as error:
        raise ControlError(f"schtasks {arguments[0]} gave no answer in {_ASK_S:.0f} s") from error
    except OSError as error:
        raise ControlError(f"{program} cannot be run: {error.strerror}") from error
