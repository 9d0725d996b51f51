"""The local API, the task of the Task Scheduler and its keeper as Windows programs, under wine."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from typing import TYPE_CHECKING

import httpx
import pytest
from fixtures import clients, engines, windows_python
from fixtures.keeper import QUICK_KEEPER
from fixtures.waiting import eventually
from fixtures.windows_daemon import WindowsDaemon
from fixtures.windows_processes import windows_commands
from fixtures.windows_python import WindowsPython

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.system
PATIENCE_S = 120.0


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WindowsPython]:
    windows_python.require()
    for name in ("silero-vad", "gesture-recognizer"):
        engines.ensure_built(name)
    running = WindowsPython(tmp_path_factory.mktemp("windows"))
    yield running
    running.close()


def steamvr(folder: Path) -> tuple[Path, dict[str, str]]:
    """The folder of SteamVR's configuration, and the environment that names it."""
    steam = folder / "config"
    steam.mkdir()
    registry = folder / "openvrpaths.vrpath"
    registry.write_text(json.dumps({"config": [clients.windows_path(steam)]}))
    return steam, {"VR_PATHREG_OVERRIDE": clients.windows_path(registry)}


def test_local_api_listens_on_loopback_and_comes_back_as_a_task(
    python: WindowsPython, tmp_path: Path
) -> None:
    steam, own = steamvr(tmp_path)
    config = "\n[service]\nenabled = true\ntcp = true\n"
    with WindowsDaemon(python, tmp_path, config, own) as daemon:
        listens_for_who_has_the_token(daemon)
        # It runs already, so the Task Scheduler, of which wine has half, is not to start it.
        wanted = ["install", "--with-steamvr", "--config", daemon.config]
        refused, none, made, status = daemon.at_once(
            ["service", "install", "--on-demand"], ["service", "status"], ["service", *wanted],
            ["service", "status"],
        )
        assert "--on-demand needs systemd" in refused["message"]
        assert none["units"] == {}
        assert made["started"] is False
        ((name, told),) = status["units"].items()
        assert (told["ActiveState"], told["UnitFileState"]) == ("inactive", "static")
        manifest = tmp_path / "data" / "service" / "sensorium.vrmanifest"
        (application,) = json.loads(manifest.read_text())["applications"]
        assert application["binary_path_windows"].endswith("pythonw.exe")
        told = f"--environment=SENSORIUM_DATA_DIR={daemon.environment['SENSORIUM_DATA_DIR']}"
        assert told in application["arguments"]
        assert json.loads((steam / "appconfig.json").read_text()) == {
            "manifest_paths": [clients.windows_path(manifest)]
        }
        daemon.stop()

        with daemon.task() as keeper:
            eventually(lambda: answering(daemon) > 0, "it is started")
            first = answering(daemon)
            assert daemon.kept() == {"pid": first, "restarts": 0, "failed": False}
            daemon.end(first)
            eventually(lambda: answering(daemon) not in (0, first), "it is started again")
            second = answering(daemon)
            status, removed = daemon.at_once(["service", "status"], ["service", "uninstall"])
            told = status["units"][name]
            assert (told["ActiveState"], told["NRestarts"]) == ("active", "1")
            assert told["MainPID"] == str(second)
            assert removed["removed"]
            assert keeper.wait(60) == 0
        assert not (steam / "vrappconfig" / "sensorium.daemon.vrappconfig").exists()
        assert "started again" in daemon.command("service", "logs").stdout
        # Of wine's schtasks this is what tells whether there is a task.
        assert python.schtasks("/delete", "/tn", name, "/f") == 1


def test_a_task_whose_file_was_deleted_is_removed(python: WindowsPython, tmp_path: Path) -> None:
    daemon = WindowsDaemon(python, tmp_path, environment=steamvr(tmp_path)[1])
    # SteamVR is to start it, so the Task Scheduler, of which wine has half, is not.
    (made,) = daemon.at_once(["service", "install", "--with-steamvr", "--config", daemon.config])
    file = tmp_path / "data" / "service" / "task.xml"
    file.unlink()
    removed, none = daemon.at_once(["service", "uninstall"], ["service", "uninstall"])
    assert clients.windows_path(file) == removed["removed"][0] == made["installed"][0]
    assert none["removed"] == []
    shutil.rmtree(daemon.runtime_dir)


def test_a_daemon_that_hangs_is_started_again(python: WindowsPython, tmp_path: Path) -> None:
    daemon = WindowsDaemon(python, tmp_path)

    def hang() -> None:
        """Stops the supervisor from outside wine; its children have another command line."""
        (pid,) = (
            int(pid) for pid, line in windows_commands(python) if b"-m\0sensorium\0run" in line
        )
        os.kill(pid, signal.SIGSTOP)

    def live(restarts: int) -> int:
        try:
            kept = daemon.kept()
        except (OSError, ValueError):
            return 0
        done = daemon.command("status", "--json")
        if kept["restarts"] != restarts or done.returncode:
            return 0
        return int(kept["pid"]) if json.loads(done.stdout)["pid"] == kept["pid"] else 0

    command = python.command("-c", QUICK_KEEPER, "--", "run", "--config", daemon.config)
    environment = {**os.environ, **python.environment, **daemon.environment}
    with subprocess.Popen(
        command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as keeper:
        try:
            first = eventually(lambda: live(0), "a daemon", PATIENCE_S)
            hang()
            assert eventually(lambda: live(1), "another one", PATIENCE_S) != first
            assert daemon.command("stop").returncode == 0
            assert keeper.wait(60) == 0
        finally:
            # With it ends what it keeps.
            keeper.kill()
    assert "the daemon hangs" in daemon.command("service", "logs").stdout
    shutil.rmtree(daemon.runtime_dir)


def answering(daemon: WindowsDaemon) -> int:
    """The process of the daemon whose local API answers; 0: none."""
    try:
        address = json.loads((daemon.runtime_dir / "api.json").read_bytes())
        answer = httpx.get(
            f"{address['url']}/v1/status", headers={"Authorization": f"Bearer {address['token']}"},
            timeout=60,
        )
        return int(answer.json()["pid"])
    except (OSError, ValueError, KeyError, httpx.TransportError):
        return 0


def listens_for_who_has_the_token(daemon: WindowsDaemon) -> None:
    address = json.loads(daemon.command("api", "--json").stdout)
    assert address["socket"] == ""
    with httpx.Client(base_url=address["url"], timeout=60) as client:
        assert client.get("/v1/status").status_code == 401
        client.headers["Authorization"] = f"Bearer {address['token']}"
        status = client.get("/v1/status").json()
        scene = client.put(
            "/v1/scene", json={"targets": [{"id": 1, "position": [0, 0, -1], "radius": 0.1}]}
        )
    assert [child["name"] for child in status["processes"]] == ["service"]
    assert scene.json()["targets"] == 1
