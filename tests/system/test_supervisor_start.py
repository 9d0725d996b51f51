"""Starting the daemon where something is in the way, and under a service manager."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest
from fixtures.daemon import ROOT, Daemon
from fixtures.waiting import eventually

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(sys.platform != "linux", reason="uses Linux folders and sockets"),
]
SENSES_ONLY = "[senses.gesture]\n[senses.voice_activity]\n"


def run(
    folder: Path, runtime_dir: str, prefix: tuple[str, ...] = ()
) -> subprocess.CompletedProcess[str]:
    (folder / "own.toml").write_text(SENSES_ONLY)
    return subprocess.run(
        [*prefix, sys.executable, "-m", "sensorium", "run", "--config", str(folder / "own.toml")],
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT / "runtime"),
            "SENSORIUM_RUNTIME_DIR": runtime_dir,
            "SENSORIUM_CONFIG_DIR": str(folder / "config"),
            "SENSORIUM_DATA_DIR": str(folder / "data"),
        },
        capture_output=True, text=True, timeout=180, check=False,
    )


def test_runtime_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    result = run(tmp_path, str(tmp_path / "file" / "sensorium"))
    assert result.returncode == 1
    assert "cannot be made" in result.stderr
    assert "SENSORIUM_RUNTIME_DIR" in result.stderr


@pytest.mark.skipif(
    os.name != "posix" or os.getuid() != 0 or not shutil.which("unshare"),
    reason="mounting a read-only folder needs root and unshare",
)
def test_read_only_runtime_folder(tmp_path: Path) -> None:
    folder = tmp_path / "runtime"
    folder.mkdir(mode=0o700)
    script = f'mount -t tmpfs -o ro,mode=0700 tmpfs "{folder}" && exec "$@"'
    result = run(tmp_path, str(folder), ("unshare", "--mount", "sh", "-c", script, "sh"))
    assert result.returncode == 1
    assert str(folder) in result.stderr
    assert "SENSORIUM_RUNTIME_DIR" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.skipif(
    os.name != "posix" or os.getuid() != 0 or not shutil.which("unshare"),
    reason="mounting a full folder needs root and unshare",
)
def test_full_runtime_folder(tmp_path: Path) -> None:
    folder = tmp_path / "runtime"
    folder.mkdir(mode=0o700)
    script = f'mount -t tmpfs -o size=64k,mode=0700 tmpfs "{folder}" && exec "$@"'
    result = run(tmp_path, str(folder), ("unshare", "--mount", "sh", "-c", script, "sh"))
    assert result.returncode == 1
    assert "no room" in result.stderr
    assert "Traceback" not in result.stderr


def test_runtime_folder_that_is_open_to_others_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "open"
    folder.mkdir()
    folder.chmod(0o777)
    result = run(tmp_path, str(folder))
    assert result.returncode == 1
    assert "open to other users" in result.stderr
    assert "chmod 700" in result.stderr


def test_service_manager_is_told(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        path = f"\0sensorium-test-{os.getpid()}"
        manager.bind(path)
        manager.settimeout(60)
        environment = {"NOTIFY_SOCKET": "@" + path[1:], "WATCHDOG_USEC": "400000"}
        seen: set[str] = set()

        def listen() -> None:
            # As a manager does, from the daemon's start to its end.
            while "STOPPING=1" not in seen:
                seen.update(manager.recv(4096).decode().split("\n"))

        listening = threading.Thread(target=listen)
        listening.start()
        with Daemon(tmp_path, SENSES_ONLY, environment=environment) as daemon:
            eventually(lambda: {"READY=1", "WATCHDOG=1"} <= seen, lambda: f"all told: {seen}")
            assert daemon.stop() == 0
        listening.join()
        assert "STOPPING=1" in seen


def test_runtime_folder_that_is_missing_is_made_for_this_user_alone(tmp_path: Path) -> None:
    with Daemon(tmp_path, SENSES_ONLY) as daemon:
        shutil.rmtree(daemon.runtime_dir, ignore_errors=True)
        daemon.stop()
        daemon.start()
        assert daemon.runtime_dir.stat().st_mode & 0o777 == 0o700
        assert (daemon.runtime_dir / "current").read_text() == "1\n"
        public = next(daemon.runtime_dir.glob("public.?"))
        assert public.stat().st_mode & 0o777 == 0o400
        assert (daemon.runtime_dir / "control.sock").stat().st_mode & 0o777 == 0o600
        assert (daemon.runtime_dir / "layer").stat().st_mode & 0o777 == 0o700
