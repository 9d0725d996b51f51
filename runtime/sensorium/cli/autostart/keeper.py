"""Keeps the daemon running where the system does not: under Windows' Task Scheduler.

    pythonw -P -m sensorium.cli.autostart.keeper [--environment=NAME=VALUE ...] -- run [...]

It starts `sensorium run`, writes what that logs to a file, and starts it again when it hangs, or
ends by anything but a stop. What it keeps ends with it. A log that cannot be written ends nothing.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import subprocess
import sys
import threading
import time
from collections import deque
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sensorium import folders
from sensorium.cli.autostart import log_file, task, watchdog, wish
from sensorium.control.audit import write_private
from sensorium.control.interpreter import interpreter
from sensorium.errors import ControlError
from sensorium.supervisor import job_windows
from sensorium.supervisor.instance import InstanceLock, prepare

if TYPE_CHECKING:
    from collections.abc import Sequence

LOCK = "service.lock"
"""In the runtime folder: held while a keeper runs."""
_STATE = "service.json"
_RESTART_S = 2.0
_LOCK_S = 1.0
_LONGEST_LINE = 64 * 1024
_STARTS, _WITHIN_S = 5, 60.0
"""So many starts within that time, and it gives up, as systemd does."""


class Keeper:
    """Starts the daemon, and again.

    Args:
        arguments: Of `sensorium`.
        log: Where its lines go.
        state: Where it says how it is, in the runtime folder; see `read`.
    """

    def __init__(self, arguments: Sequence[str], log: Path, state: Path) -> None:
        self._arguments, self._log, self._state = arguments, log, state
        self._restarts = 0

    def run(self) -> int:
        """Goes on until the daemon was stopped.

        Returns:
            0, or the daemon's exit code when it does not stay.

        Raises:
            OSError: The daemon cannot be started.
        """
        begun: deque[float] = deque(maxlen=_STARTS)
        while True:
            begun.append(time.monotonic())
            status = self._once()
            if status == 0:
                with contextlib.suppress(OSError):
                    self._state.unlink(missing_ok=True)
                return 0
            if len(begun) == _STARTS and begun[-1] - begun[0] < _WITHIN_S:
                self._say(f"the daemon ended with {status}, {_STARTS} times: it is given up")
                self._tell(0, failed=True)
                return status
            self._say(f"the daemon ended with {status} and is started again")
            time.sleep(_RESTART_S)
            self._restarts += 1

    def _once(self) -> int:
        """Runs it to its end; gives its exit code."""
        python, environment = interpreter()
        options: dict[str, Any] = {}
        if sys.platform == "win32":
            # A console that nobody sees: the daemon's processes inherit it and open none.
            python = str(Path(python).with_name("python.exe"))
            options["creationflags"] = subprocess.CREATE_NO_WINDOW
        process = subprocess.Popen(
            [python, "-P", "-m", "sensorium", *self._arguments],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            env={**(environment or os.environ), "PYTHONIOENCODING": "utf-8"}, **options,
        )
        if sys.platform == "win32":
            try:
                job_windows.end_with_this(process.pid)
            except ControlError as error:
                self._say(f"the daemon may outlive its keeper: {error.message}")
        self._tell(process.pid)
        over = threading.Event()
        watching = threading.Thread(target=self._watch, args=(process, over), name="watchdog")
        watching.start()
        try:
            with process:
                assert process.stderr is not None
                for line in iter(partial(process.stderr.readline, _LONGEST_LINE), b""):
                    _append(self._log, line)
        finally:
            over.set()
            watching.join()
        return process.returncode

    def _watch(self, process: subprocess.Popen[bytes], over: threading.Event) -> None:
        """Ends it where it hangs."""
        dog = watchdog.Watchdog(watchdog.EVERY_S, watchdog.LOOKS)
        while not over.wait(watchdog.EVERY_S):
            beat = watchdog.heartbeat(self._state.parent, process.pid)
            if dog.hangs(beat, time.monotonic()):
                silent_s = watchdog.EVERY_S * watchdog.LOOKS
                self._say(f"the daemon hangs: no sign of life for {silent_s:.0f} s; it is ended")
                process.kill()
                return

    def _tell(self, pid: int, *, failed: bool = False) -> None:
        told = {"pid": pid, "restarts": self._restarts, "failed": failed}
        # Windows replaces nothing that somebody reads just now, and a disk may be full.
        with contextlib.suppress(OSError):
            write_private(self._state, json.dumps(told).encode(), durable=False)

    def _say(self, text: str) -> None:
        when = datetime.now(UTC).astimezone().isoformat(timespec="seconds")
        _append(self._log, f"{when} keeper: {text}".encode())


def _append(log: Path, line: bytes) -> None:
    """Adds a line to the log, where that can be."""
    with contextlib.suppress(OSError):
        log_file.append(log, line)


def read() -> dict[str, Any] | None:
    """What the keeper last said: `pid` of the daemon, `restarts`, `failed`; None: nothing."""
    try:
        told = json.loads((folders.runtime_dir() / _STATE).read_bytes())
    except (OSError, ValueError):
        return None
    return told if isinstance(told, dict) else None


def _lock(folder: Path) -> InstanceLock:
    """Takes the keeper's lock; who only looks whether it is held holds it for a moment, too."""
    end = time.monotonic() + _LOCK_S
    while True:
        try:
            return InstanceLock(folder, LOCK)
        except ControlError:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)


def main(argv: Sequence[str] | None = None) -> int:
    """Keeps the daemon; 1 where another keeper runs, or nothing can be written."""
    parser = argparse.ArgumentParser(prog="sensorium.cli.autostart.keeper")
    parser.add_argument("--environment", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("arguments", nargs="+")
    args = parser.parse_args(argv)
    wish.take(task.plain(args.environment))
    log = log_file.path()
    folder = folders.runtime_dir()
    try:
        prepare(folder)
        with contextlib.closing(_lock(folder)):
            return Keeper(task.plain(args.arguments), log, folder / _STATE).run()
    except (OSError, ControlError) as error:
        # Without a window this is the one place where somebody can read it.
        _append(log, f"keeper: {error}".encode())
        return 1


if __name__ == "__main__":
    sys.exit(main())
