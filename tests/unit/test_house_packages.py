"""What tools/run and tools/check do about a missing system package.

The decisions are tried in processes of their own, which give up root and see a PATH of their own.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from bootstrap.environment import ROOT
from bootstrap.system_packages import DEBOOTSTRAP, SYSTEM_TESTS, VENV, Need, missing

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="package managers of Linux")

PROGRAM = """
import os, sys
sys.path.insert(0, {tools!r})
from pathlib import Path
from bootstrap.package_manager import provide
from bootstrap.system_packages import Need
if os.geteuid() == 0 and {plain_user}:
    os.setgroups([])
    os.setuid(65534)
mark = Path({mark!r})
need = Need("a thing", mark.exists, apt="libthing1 thing-tools", dnf="thing", pacman="thing")
still = provide([need], yes={yes}, otherwise="Or go without.")
print("still missing:", [item.name for item in still])
"""


class Machine:
    """A PATH of its own, with the programs that the test puts there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.mark = folder / "installed"
        self.calls = folder / "calls"
        self.has("env", 'shift; exec "$@"')
        folder.chmod(0o777)

    def has(self, name: str, script: str) -> None:
        program = self.folder / name
        program.write_text(f"#!/bin/sh\necho {name} \"$@\" >>{self.calls}\n{script}\n")
        program.chmod(0o755)

    def command(self, *, yes: bool, plain_user: bool) -> list[str]:
        code = PROGRAM.format(
            tools=str(ROOT / "tools"), mark=str(self.mark), yes=yes, plain_user=plain_user
        )
        return [sys.executable, "-c", code]

    def provide(self, *, yes: bool = False, plain_user: bool = True) -> subprocess.CompletedProcess:
        return subprocess.run(
            self.command(yes=yes, plain_user=plain_user),
            env={"PATH": str(self.folder)}, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, check=False,
        )  # fmt: skip

    def provide_on_a_terminal(self, answer: str) -> str:
        """Answers the question as a person would; returns all that the terminal showed."""
        import pty

        master, slave = pty.openpty()
        with subprocess.Popen(
            self.command(yes=False, plain_user=True),
            env={"PATH": str(self.folder)}, stdin=slave, stdout=slave, stderr=slave,
        ) as process:  # fmt: skip
            os.close(slave)
            os.write(master, answer.encode() + b"\n")
            shown = b""
            while True:
                try:
                    chunk = os.read(master, 4096)
                except OSError:
                    break
                if not chunk:
                    break
                shown += chunk
            assert process.wait() == 0
        os.close(master)
        return shown.decode()


@pytest.fixture
def machine() -> Iterator[Machine]:
    # Not below pytest's own folder, which only its owner may enter.
    with tempfile.TemporaryDirectory() as folder:
        yield Machine(Path(folder))


def test_without_a_terminal_or_root_the_one_line_is_printed_and_it_ends_with_2(
    machine: Machine,
) -> None:
    machine.has("apt-get", "exit 0")
    machine.has("sudo", "exit 0")
    ended = machine.provide()
    assert ended.returncode == 2
    assert (
        "  sudo apt-get update && sudo apt-get install -y --no-install-recommends "
        "libthing1 thing-tools\n"
    ) in ended.stderr
    assert "Or go without." in ended.stderr
    assert not machine.calls.exists()


def test_without_sudo_the_line_uses_su(machine: Machine) -> None:
    machine.has("apt-get", "exit 0")
    ended = machine.provide(yes=True)
    assert ended.returncode == 2
    assert "  su -c 'apt-get update && apt-get install" in ended.stderr


def test_without_a_known_package_manager_the_things_are_named(machine: Machine) -> None:
    ended = machine.provide(yes=True)
    assert ended.returncode == 2
    assert "a thing" in ended.stderr


def test_with_yes_it_installs_through_sudo_without_asking(machine: Machine) -> None:
    machine.has("apt-get", f": >{machine.mark}")
    machine.has("sudo", '[ "$1" = -n ] && shift; exec "$@"')
    ended = machine.provide(yes=True)
    assert (ended.returncode, ended.stdout) == (0, "still missing: []\n")


def test_a_failed_install_is_tried_again_with_fresh_lists(machine: Machine) -> None:
    lists = machine.folder / "lists"
    machine.has(
        "apt-get",
        f'case $1 in update) : >{lists};; *) [ -e {lists} ] && : >{machine.mark};; esac',
    )
    machine.has("sudo", '[ "$1" = -n ] && shift; exec "$@"')
    assert machine.provide(yes=True).stdout == "still missing: []\n"
    assert "apt-get update\n" in machine.calls.read_text()


def test_an_install_that_fails_shows_what_the_package_manager_said(machine: Machine) -> None:
    machine.has("apt-get", "echo E: Unable to locate package libthing1; exit 100")
    machine.has("sudo", '[ "$1" = -n ] && shift; exec "$@"')
    ended = machine.provide(yes=True)
    assert ended.stdout == "still missing: ['a thing']\n"
    assert "Unable to locate package libthing1" in ended.stderr
    assert "  sudo apt-get update && sudo apt-get install" in ended.stderr


def test_on_a_terminal_it_asks_and_yes_installs(machine: Machine) -> None:
    machine.has("apt-get", f": >{machine.mark}")
    machine.has("sudo", 'exec "$@"')
    shown = machine.provide_on_a_terminal("y")
    assert "Install libthing1 thing-tools? [y/N]" in shown
    assert "still missing: []" in shown


def test_on_a_terminal_anything_else_installs_nothing(machine: Machine) -> None:
    machine.has("apt-get", f": >{machine.mark}")
    machine.has("sudo", 'exec "$@"')
    assert "still missing: ['a thing']" in machine.provide_on_a_terminal("")
    assert not machine.calls.exists()


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="needs root")
def test_root_installs_without_asking(machine: Machine) -> None:
    machine.has("apt-get", f": >{machine.mark}")
    ended = machine.provide(plain_user=False)
    assert (ended.returncode, ended.stdout) == (0, "still missing: []\n")


@pytest.mark.parametrize("need", [VENV, DEBOOTSTRAP, *SYSTEM_TESTS], ids=lambda need: need.name)
def test_what_its_packages_brought_is_seen(need: Need) -> None:
    if not shutil.which("dpkg-query"):
        pytest.skip("not a Debian or Ubuntu")
    packages = need.packages("apt")
    query = subprocess.run(
        ["dpkg-query", "-W", "-f", "${db:Status-Status}\n", *packages],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if query.stdout.split() != ["installed"] * len(packages):
        pytest.skip(f"{' '.join(packages)} not installed here")
    assert missing([need]) == []
