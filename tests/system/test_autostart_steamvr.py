"""`sensorium service install --with-steamvr`, with SteamVR's files and a process of its name."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from fixtures.user_manager import UserManager, require
from fixtures.waiting import eventually

from sensorium.cli.autostart import steamvr, units
from sensorium.errors import ControlError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(sys.platform != "linux", reason="on Windows see test_windows_service.py"),
]
OTHERS = {
    "manifest_paths": ["/steam/config/steamapps.vrmanifest", "/é/o.vrmanifest"], "own": {"a": 1}
}
HALF = {**OTHERS, "name": "half a character \ud800"}


@pytest.fixture
def steam(tmp_path: Path, monkeypatch) -> Path:
    """Steam's `config` folder, which the registry of paths names."""
    return made(tmp_path, monkeypatch.setenv)


def made(home: Path, setenv) -> Path:
    config = home / "Steam config"
    config.mkdir()
    (config / "appconfig.json").write_text(json.dumps(OTHERS, ensure_ascii=False))
    (config / "appconfig.json").chmod(0o644)
    registry = home / "openvrpaths.vrpath"
    registry.write_text(json.dumps({"config": [str(config)], "jsonid": "vrpathreg", "version": 1}))
    setenv("VR_PATHREG_OVERRIDE", str(registry))
    setenv("SENSORIUM_DATA_DIR", str(home / "data"))
    return config


@contextlib.contextmanager
def running(home: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process that is called as SteamVR's is."""
    program = home / "vrserver"
    shutil.copy(shutil.which("sleep") or "", program)
    with subprocess.Popen([program, "600"]) as process:
        eventually(_is_seen, "it is seen")
        try:
            yield process
        finally:
            process.kill()


def _is_seen() -> bool:
    try:
        steamvr.server()
    except ControlError:
        return False
    return True


def test_steamvr_is_told_and_told_otherwise(steam: Path) -> None:
    steamvr.register()
    written = steamvr.register()

    manifest, script = next(path for path in written if path.suffix == ".vrmanifest"), written[0]
    known = json.loads((steam / "appconfig.json").read_text())
    assert known == {**OTHERS, "manifest_paths": [*OTHERS["manifest_paths"], str(manifest)]}
    assert (steam / "appconfig.json").stat().st_mode & 0o777 == 0o644
    said = json.loads(manifest.read_text())
    (application,) = said["applications"]
    assert said["source"] == "builtin"
    assert application["app_key"] == "sensorium.daemon"
    assert application["launch_type"] == "binary"
    assert application["is_dashboard_overlay"] is True
    assert application["strings"]["en_us"]["name"] == "Sensorium"
    assert application["binary_path_linux"] == str(script)
    assert os.access(script, os.X_OK)
    launch = steam / "vrappconfig" / "sensorium.daemon.vrappconfig"
    assert json.loads(launch.read_text()) == {"autolaunch": True, "last_launch_time": "0"}

    assert set(steamvr.unregister()) == {manifest, script, launch}
    assert json.loads((steam / "appconfig.json").read_text()) == OTHERS
    assert not steamvr.is_registered()

    (steam / "appconfig.json").write_text(json.dumps(HALF))
    steamvr.register()
    known = json.loads((steam / "appconfig.json").read_bytes())
    known["manifest_paths"][-1] = f"{manifest.parent}/.//{manifest.name}"
    (steam / "appconfig.json").write_text(json.dumps(known))
    steamvr.unregister()
    assert json.loads((steam / "appconfig.json").read_bytes()) == HALF


def test_what_cannot_be_told_is_refused_with_the_remedy(
    steam: Path, tmp_path: Path, monkeypatch
) -> None:
    before = (steam / "appconfig.json").read_bytes()
    with running(tmp_path), pytest.raises(ControlError, match="close SteamVR"):
        steamvr.register()
    assert (steam / "appconfig.json").read_bytes() == before
    for broken in ("{", "[]", '{"manifest_paths": "none"}'):
        (steam / "appconfig.json").write_text(broken)
        with pytest.raises(ControlError, match=r"appconfig\.json.*mend it"):
            steamvr.register()
        assert (steam / "appconfig.json").read_text() == broken
    for registry in ("{", '{"config": []}', '{"config": ["/no/such"]}'):
        (tmp_path / "openvrpaths.vrpath").write_text(registry)
        with pytest.raises(ControlError, match=r"openvrpaths\.vrpath"):
            steamvr.register()
    (tmp_path / "openvrpaths.vrpath").unlink()
    with pytest.raises(ControlError, match="start SteamVR once"):
        steamvr.register()
    with monkeypatch.context() as other:
        other.setenv("SENSORIUM_DATA_DIR", f"{tmp_path}/\udcff")
        with pytest.raises(ControlError, match="SENSORIUM_DATA_DIR"):
            steamvr.register()
    assert not (tmp_path / "data").exists()


def test_nothing_is_taken_back_in_half(steam: Path, tmp_path: Path) -> None:
    written = steamvr.register()
    registry = tmp_path / "openvrpaths.vrpath"
    before = registry.read_bytes()
    registry.write_text("{")
    with pytest.raises(ControlError, match=r"openvrpaths\.vrpath"):
        steamvr.unregister()
    assert all(path.exists() for path in written)

    registry.write_bytes(before)
    shutil.rmtree(steam)
    steamvr.unregister()
    assert not any(path.exists() for path in written)


def test_the_program_leaves_steams_container(steam: Path, tmp_path: Path, monkeypatch) -> None:
    script = steamvr.register()[0]
    launcher = tmp_path / "steam-runtime-launch-client"
    launcher.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    launcher.chmod(0o755)
    inside = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "PRESSURE_VESSEL_RUNTIME": "sniper"}

    said = subprocess.run([script], env=inside, capture_output=True, text=True, check=True)

    words = said.stdout.splitlines()
    assert words[:3] == ["--alongside-steam", "--host", "--"]
    assert words[-6:] == [sys.executable, *steamvr.ACTION]
    assert f"SENSORIUM_DATA_DIR={tmp_path / 'data'}" in words


def test_it_runs_while_steamvr_runs(tmp_path: Path) -> None:
    require()
    environment: dict[str, str] = {}
    made(tmp_path, environment.__setitem__)
    (tmp_path / "own.toml").write_text("[service]\nenabled = true\n")
    environment["SENSORIUM_RUNTIME_DIR"] = "/run/user/0/sensorium"
    with UserManager(tmp_path, environment) as manager:
        def sensorium(*arguments: str) -> subprocess.CompletedProcess[str]:
            return manager.run(sys.executable, "-P", "-m", "sensorium", *arguments)

        def state() -> str:
            return manager.run("systemctl", "--user", "is-active", units.SERVICE).stdout.strip()

        done = sensorium("service", "install", "--with-steamvr", "--config",
                         str(tmp_path / "own.toml"), "--json")
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["started"] is False
        told = json.loads(sensorium("service", "status", "--json").stdout)
        assert told["with_steamvr"] is True
        assert told["units"][units.SERVICE]["UnitFileState"] == "static"
        assert state() == "inactive"

        with running(tmp_path) as server:
            program = manager.start(str(tmp_path / "data" / "service" / "steamvr.sh"))
            eventually(lambda: state() == "active", "SteamVR's program starts it")
            # SteamVR starts itself again before the daemon has stopped.
            (tmp_path / "again").mkdir()
            with running(tmp_path / "again") as newer:
                again = manager.start(str(tmp_path / "data" / "service" / "steamvr.sh"))
                # Which takes as long as the other one to look.
                refused = sensorium("service", "uninstall")
                assert refused.returncode == 1
                assert "close SteamVR" in refused.stderr
                server.kill()
                server.wait()
                assert program.wait(30) == 0
                eventually(lambda: state() == "active", "it starts again")
                newer.kill()
                newer.wait()
                eventually(lambda: state() == "inactive", "it stops when SteamVR has ended")
                assert again.wait(30) == 0
        with running(tmp_path):
            program = manager.start(str(tmp_path / "data" / "service" / "steamvr.sh"))
            eventually(lambda: state() == "active", "it starts again")
            program.send_signal(signal.SIGTERM)
            assert program.wait(30) == 0
            assert state() == "inactive"

        assert sensorium("service", "uninstall").returncode == 0
        assert sensorium("service", "status").returncode == 1
        assert json.loads((tmp_path / "Steam config" / "appconfig.json").read_text()) == OTHERS
