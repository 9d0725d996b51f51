"""A daemon of the demo's own: it never meets one that runs, and leaves nothing behind."""

from __future__ import annotations

import json
import os
import queue
import shutil
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sensorium import folders
from sensorium.cli.launch import environment
from sensorium.control.grants import Grants
from sensorium.errors import ControlError

if TYPE_CHECKING:
    from collections.abc import Sequence

_STOP_S = 6.0
_LOG_LINES = 12


class IsolatedDaemon:
    """`sensorium run` as a child with a runtime, config and data folder that go with it.

    Args:
        app: The name that may read `classes` in it.
        classes: Grant classes.
        arguments: For `sensorium run`.

    Attributes:
        runtime_dir: Where its channels are.
        status: What it said when it was ready.
    """

    def __init__(self, app: str, classes: Sequence[str], arguments: Sequence[str]) -> None:
        base = folders.runtime_dir().parent
        usable = base.is_dir() and os.access(base, os.W_OK | os.X_OK)
        self._folder = Path(
            tempfile.mkdtemp(prefix="sensorium-demo-", dir=base if usable else None)
        )
        self.runtime_dir = self._folder / "run"
        self.status: dict[str, Any] = {}
        self._app, self._classes, self._arguments = app, classes, arguments
        self._process: subprocess.Popen[bytes] | None = None
        self._said: queue.SimpleQueue[bytes] = queue.SimpleQueue()

    def __enter__(self) -> IsolatedDaemon:
        config = self._folder / "config"
        try:
            Grants(config / "grants.toml").allow(self._app, self._classes, "")
            with (self._folder / "log").open("wb") as log:
                # Its standard input closes with us, however we end, and that ends it.
                self._process = subprocess.Popen(
                    [sys.executable, "-m", "sensorium", "run", "--json", "--until-eof",
                     *self._arguments],
                    stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
                    start_new_session=True,
                    env=environment(
                        SENSORIUM_RUNTIME_DIR=str(self.runtime_dir),
                        SENSORIUM_CONFIG_DIR=str(config),
                        SENSORIUM_DATA_DIR=str(self._folder / "data"),
                    ),
                )
        except BaseException:
            self._remove()
            raise
        threading.Thread(target=self._listen, args=(self._process.stdout,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self._stop()
        finally:
            self._remove()

    def ready(self, wait_s: float) -> bool:
        """Whether it is ready; waits at most `wait_s`.

        Raises:
            ControlError: It ended instead; the message ends with its last words.
        """
        try:
            said = self._said.get(timeout=wait_s)
        except queue.Empty:
            return False
        if not said:
            raise ControlError(f"the daemon did not start:\n{self.log()}", "sensorium doctor")
        self.status = json.loads(said)
        if "error" in self.status:
            raise ControlError(
                f"the daemon did not start: {self.status['message']}", self.status["remedy"]
            )
        return True

    @property
    def alive(self) -> bool:
        """Whether its process runs."""
        return self._process is not None and self._process.poll() is None

    def log(self) -> str:
        """The last lines of its log."""
        text = (self._folder / "log").read_text("utf-8", "replace")
        return "\n".join(text.splitlines()[-_LOG_LINES:])

    def _listen(self, stdout: Any) -> None:
        """Collects the one document that it prints; empty when it ended before."""
        said = b""
        for line in stdout:
            said += line
            if line.rstrip() == b"}":
                self._said.put(said)
                said = b""
        self._said.put(b"")

    def _stop(self) -> None:
        if self._process is None:
            return
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        finally:
            if self._process.stdout is not None:
                self._process.stdout.close()

    def _remove(self) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)
