"""The keeper of Windows' Task Scheduler around a real daemon, here on Linux: one that hangs."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from fixtures.daemon import Daemon
from fixtures.keeper import QUICK_KEEPER
from fixtures.waiting import eventually

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(sys.platform != "linux", reason="a process is stopped by a signal"),
]


def test_a_daemon_that_hangs_is_started_again(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text("[senses.gesture]\n")
    daemon = Daemon(tmp_path)

    def kept() -> dict[str, Any]:
        try:
            return dict(json.loads((daemon.runtime_dir / "service.json").read_bytes()))
        except OSError:
            return {}

    def live(restarts: int) -> int | None:
        """The daemon's process, once it answers after so many restarts."""
        told = kept()
        if told.get("restarts") != restarts or not daemon.children():
            return None
        return int(told["pid"]) if daemon.status()["pid"] == told["pid"] else None

    command = [
        sys.executable, "-c", QUICK_KEEPER, "--", "run", "--config", str(tmp_path / "own.toml")
    ]
    with subprocess.Popen(command, env=daemon.environment) as keeper:
        try:
            hung = eventually(lambda: live(0), lambda: f"a daemon: {kept()}")
            os.kill(hung, signal.SIGSTOP)
            other = eventually(lambda: live(1), lambda: f"another one: {kept()}")
            assert other != hung
            assert daemon.command("stop").returncode == 0
            assert keeper.wait(60) == 0
        finally:
            if keeper.poll() is None:
                keeper.kill()
                # What it kept would outlive it.
                os.kill(kept()["pid"], signal.SIGKILL)
    log = (tmp_path / "data" / "service" / "service.log").read_text()
    assert log.count("keeper: the daemon hangs") == 1
    assert "keeper: the daemon ended with -9 and is started again" in log
