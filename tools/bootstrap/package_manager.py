"""Brings missing system packages: as root, or after asking; else the one line to type."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bootstrap import terminal
from bootstrap.system_packages import Need, missing

if TYPE_CHECKING:
    from collections.abc import Sequence

IMPOSSIBLE = 2
"""Exit status when something is missing that only the user can bring."""
_ONE_AT_A_TIME = threading.Lock()
"""Package managers hold a lock of their own, and fail where another one runs."""


@dataclass(frozen=True)
class PackageManager:
    """How one package manager is called.

    Attributes:
        name: As in `Need.packages`.
        program: What to look for on the path.
        install: Arguments before the packages' names.
        refresh: Arguments that fetch the package lists; empty where `install` does so.
    """

    name: str
    program: str
    install: tuple[str, ...]
    refresh: tuple[str, ...] = ()


_MANAGERS = (
    PackageManager("apt", "apt-get", ("install", "-y", "--no-install-recommends"), ("update",)),
    PackageManager("dnf", "dnf", ("install", "-y")),
    PackageManager("pacman", "pacman", ("-S", "--needed", "--noconfirm")),
)


def find_manager() -> PackageManager | None:
    """The system's package manager, or None where it is not one that we know."""
    return next((item for item in _MANAGERS if shutil.which(item.program)), None)


def provide(needs: Sequence[Need], *, yes: bool, otherwise: str = "") -> list[Need]:
    """Names what is missing of `needs` and installs it; on Linux only.

    As root it installs at once; with `yes` through sudo without asking; on a terminal it asks.

    Args:
        needs: What should be there.
        yes: Do not ask.
        otherwise: How to go on without; said when nothing can be installed from here.

    Returns:
        What is still missing: the answer was no, or the package manager failed.

    Raises:
        SystemExit: With status 2, after the one line to type, when it cannot be done from here.
    """
    if sys.platform != "linux":
        return []  # the wheels bring these libraries, and the tests that need more skip
    with _ONE_AT_A_TIME:
        return _provide(needs, yes, otherwise)


def _provide(needs: Sequence[Need], yes: bool, otherwise: str) -> list[Need]:
    wanted = missing(needs)
    if not wanted:
        return []
    terminal.say("Missing on this system: " + ", ".join(need.name for need in wanted))
    manager = find_manager()
    prefix = _privilege(yes=yes)
    if manager is None or prefix is None:
        _say_what_to_type(manager, wanted)
        if otherwise:
            terminal.say(otherwise)
        raise SystemExit(IMPOSSIBLE)
    names = _names(manager, wanted)
    if not prefix or yes or terminal.agreed(f"Install {' '.join(names)}?"):
        _install(manager, wanted, prefix)
        wanted = missing(wanted)
    if wanted:
        _say_what_to_type(manager, wanted)
    return wanted


def _names(manager: PackageManager, needs: Sequence[Need]) -> list[str]:
    return [name for need in needs for name in need.packages(manager.name)]


def _say_what_to_type(manager: PackageManager | None, needs: Sequence[Need]) -> None:
    if manager is None:
        terminal.say("Install it by the means of this system, then run this again.")
    else:
        line = _line(manager, _names(manager, needs))
        terminal.say(f"To install what is missing, type:\n\n  {line}\n")


def _privilege(*, yes: bool) -> list[str] | None:
    """What comes before the package manager: [] as root; None when it may not be run."""
    if _is_root():
        return []
    if not shutil.which("sudo"):
        return None
    if terminal.can_ask():
        return ["sudo"]
    return ["sudo", "-n"] if yes else None


def _line(manager: PackageManager, names: Sequence[str]) -> str:
    calls = [[manager.program, *manager.install, *names]]
    if manager.refresh:
        calls.insert(0, [manager.program, *manager.refresh])
    if _is_root():
        return " && ".join(shlex.join(call) for call in calls)
    if not shutil.which("sudo"):
        return f"su -c {shlex.quote(' && '.join(shlex.join(call) for call in calls))}"
    return " && ".join(shlex.join(["sudo", *call]) for call in calls)


def _is_root() -> bool:
    return sys.platform == "linux" and os.geteuid() == 0


def _install(manager: PackageManager, needs: Sequence[Need], prefix: Sequence[str]) -> None:
    """Installs all at once; when that fails, with fresh lists; then one need after the other."""
    names = _names(manager, needs)
    terminal.say("Installing " + " ".join(names))
    if _call(manager, [*manager.install, *names], prefix)[0] == 0:
        return
    if manager.refresh:
        terminal.say(f"Fetching the package lists ({manager.program} {' '.join(manager.refresh)})")
        _call(manager, manager.refresh, prefix)
    status, printed = _call(manager, [*manager.install, *names], prefix)
    if status == 0:
        return
    if len(needs) == 1:
        terminal.say(_last_lines(printed))
        return
    for need in needs:
        status, printed = _call(manager, [*manager.install, *need.packages(manager.name)], prefix)
        if status != 0:
            terminal.say(f"{need.name} could not be installed: {_last_lines(printed)}")


def _call(
    manager: PackageManager, arguments: Sequence[str], prefix: Sequence[str]
) -> tuple[int, str]:
    quiet = ["env", "DEBIAN_FRONTEND=noninteractive"]
    return terminal.run_quietly([*prefix, *quiet, manager.program, *arguments])


def _last_lines(printed: str, count: int = 4) -> str:
    lines = [line.strip() for line in printed.splitlines() if line.strip()]
    return "\n  ".join(lines[-count:])
