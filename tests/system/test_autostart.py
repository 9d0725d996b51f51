"""`sensorium service` with a real systemd of the user's own."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from fixtures.user_manager import UserManager, require
from fixtures.waiting import eventually

from sensorium.cli.autostart import units
from sensorium.cli.autostart.wish import Wish

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(sys.platform != "linux", reason="systemd is Linux' alone"),
]
CONFIG = "[daemon]\n[service]\nenabled = true\n"


@pytest.fixture(scope="module")
def manager(tmp_path_factory: pytest.TempPathFactory) -> Iterator[UserManager]:
    require()
    home = tmp_path_factory.mktemp("home of $one %u")
    (home / "sensorium.toml").write_text(CONFIG)
    folders = {f"SENSORIUM_{name}_DIR": str(home / name) for name in ("CONFIG", "DATA")}
    with UserManager(home, {**folders, "SENSORIUM_RUNTIME_DIR": "/run/user/0/sensorium"}) as own:
        yield own


@pytest.fixture
def sensorium(manager: UserManager) -> Iterator[Callable[..., subprocess.CompletedProcess[str]]]:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return manager.run(sys.executable, "-P", "-m", "sensorium", *arguments)

    yield run
    run("service", "uninstall")


def config_of(manager: UserManager) -> str:
    return f"{manager.environment['HOME']}/sensorium.toml"


def state(manager: UserManager, unit: str = units.SERVICE) -> str:
    return manager.run("systemctl", "--user", "is-active", unit).stdout.strip()


def daemon_of(sensorium: Callable[..., subprocess.CompletedProcess[str]]) -> int | None:
    done = sensorium("status", "--json")
    return json.loads(done.stdout)["pid"] if done.returncode == 0 else None


@pytest.mark.parametrize(
    "wish", [Wish(), Wish("/with space/100%/$x.toml"), Wish(beside="default.target"),
             Wish(on_demand=True), Wish(with_steamvr=True)],
)
def test_systemd_finds_nothing_wrong_with_the_units(wish: Wish, tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")
    paths = []
    for name, text in units.texts(wish).items():
        paths.append(tmp_path / name)
        paths[-1].write_text(text)

    done = subprocess.run(
        ["systemd-analyze", "--user", "verify", "--man=no", *map(str, paths)],
        capture_output=True, text=True, check=False,
        env={"XDG_RUNTIME_DIR": str(tmp_path), "HOME": str(tmp_path), "PATH": "/usr/bin:/bin"},
    )

    assert [line for line in done.stderr.splitlines() if "sensorium" in line.lower()] == []


def test_it_runs_with_the_session_and_comes_back(manager, sensorium) -> None:
    done = sensorium("service", "install", "--config", config_of(manager), "--json")

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["started"] is True
    assert state(manager) == "active"
    status = json.loads(sensorium("status", "--json").stdout)
    assert status["config"] == config_of(manager)
    assert [process["name"] for process in status["processes"]] == ["service"]
    told = json.loads(sensorium("service", "status", "--json").stdout)["units"][units.SERVICE]
    assert (told["ActiveState"], told["UnitFileState"]) == ("active", "enabled")
    assert int(told["MainPID"]) == status["pid"]
    # No folder is another one because of a `$` or `%` in its name.
    given = Path(f"/proc/{status['pid']}/environ").read_bytes().split(b"\0")
    for name in ("SENSORIUM_CONFIG_DIR", "SENSORIUM_DATA_DIR"):
        assert f"{name}={manager.environment[name]}".encode() in given
    limits = manager.run("systemctl", "--user", "show", "-p", "StartLimitIntervalUSec",
                         "-p", "StartLimitBurst", units.SERVICE).stdout
    assert limits.split() == ["StartLimitIntervalUSec=1min", "StartLimitBurst=5"]

    manager.run("kill", "-KILL", str(status["pid"]))
    eventually(lambda: daemon_of(sensorium) not in (None, status["pid"]), "it is started again")

    # Maybe before it is live.
    assert sensorium("stop").returncode == 0
    eventually(lambda: state(manager) == "inactive", "a daemon that was stopped stays so")

    config = ["--config", config_of(manager)]
    with manager.start(sys.executable, "-P", "-m", "sensorium", "run", *config) as by_hand:
        eventually(lambda: daemon_of(sensorium) is not None, "one runs that is no service")
        done = sensorium("service", "install", *config, "--json")
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["started"] is False
        assert sensorium("stop").returncode == 0
        assert by_hand.wait(30) == 0
    assert sensorium("service", "uninstall").returncode == 0
    assert sensorium("service", "status").returncode == 1
    assert manager.run("systemctl", "--user", "cat", units.SERVICE).returncode != 0


def test_a_daemon_that_hangs_is_ended_by_the_watchdog(manager, sensorium) -> None:
    assert sensorium("service", "install", "--config", config_of(manager)).returncode == 0
    first = json.loads(sensorium("status", "--json").stdout)["pid"]

    manager.run("kill", "-STOP", str(first))

    eventually(
        lambda: manager.run("systemctl", "--user", "show", "-p", "MainPID", "--value",
                            units.SERVICE).stdout.strip() not in (str(first), "0")
        and state(manager) == "active",
        "another one runs",
    )


def test_on_demand_it_starts_with_the_first_who_asks(manager, sensorium) -> None:
    done = sensorium("service", "install", "--on-demand", "--config", config_of(manager))

    assert done.returncode == 0, done.stderr
    assert (state(manager, units.SOCKET), state(manager)) == ("active", "inactive")
    client = "/".join((*units.__file__.split("/")[:-4], "clients", "python"))
    program = (
        "import sys, time; sys.path.insert(0, sys.argv[1]); import sensorium_client as c\n"
        "session = c.connect('game'); first = session.status.name\n"
        "for _ in range(300):\n"
        "    if session.reconnect().name == 'OK': break\n"
        "    time.sleep(0.1)\n"
        "print(first, session.status.name)\n"
    )
    said = manager.run(sys.executable, "-c", program, client)
    assert said.stdout.split() == ["UNAVAILABLE", "OK"], said.stderr
    eventually(lambda: state(manager) == "active", "it is live")
    assert sensorium("stop").returncode == 0
    eventually(lambda: state(manager) == "inactive", "it has ended")
    assert state(manager, units.SOCKET) == "active"
    # The command waits for the daemon that it starts.
    assert sensorium("status").returncode == 0


def test_it_stops_when_nobody_is_connected(tmp_path: Path) -> None:
    from fixtures.daemon import Daemon

    with Daemon(tmp_path, CONFIG, arguments=["--set", "daemon.stop_idle_s=1.5"]) as daemon:
        assert daemon.process is not None
        assert daemon.process.wait(30) == 0
        assert "nobody was connected for 1.5 s" in daemon.read_log()


def test_a_wrong_configuration_is_told_at_once_and_nothing_is_installed(
    manager, sensorium, tmp_path: Path
) -> None:
    wrong = tmp_path / "wrong.toml"
    wrong.write_text("[senses.telepathy]\n")

    done = sensorium("service", "install", "--config", str(wrong))

    assert done.returncode == 2
    assert "telepathy" in done.stderr
    for unit in ("no-such.service", "a.service\n[X]"):
        done = sensorium("service", "install", "--config", config_of(manager), "--with", unit)
        assert done.returncode == 1
        assert "list-unit-files" in done.stderr
    assert sensorium("service", "status").returncode == 1


def test_without_a_session_the_remedy_is_told(tmp_path: Path) -> None:
    if shutil.which("systemctl") is None:
        pytest.skip("systemctl is not installed")
    done = subprocess.run(
        [sys.executable, "-m", "sensorium", "service", "install"],
        env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin",
             "SENSORIUM_RUNTIME_DIR": str(tmp_path)},
        capture_output=True, text=True, check=False,
    )

    assert done.returncode == 1
    assert "remedy" in done.stderr
    assert not (tmp_path / ".config").exists()
