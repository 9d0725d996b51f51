"""The project's own environment: `.venv` in the checkout, made once and kept up to date.

Two files in it say what it is worth. `sensorium-stamp.json` is written last and holds what the
environment was made from; `sensorium-making` exists while it is being made, so that one that was
interrupted is made anew instead of being taken for a whole one. An environment with neither was
made by hand: it is used as it is, and what it lacks is installed into it.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from bootstrap import package_manager, terminal
from bootstrap.python_version import OLDEST
from bootstrap.system_packages import VENV, missing

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ROOT = Path(__file__).resolve().parents[2]
"""The checkout."""

_REMEDIES = (
    (r"No space left on device", "Free some space on this disk, then run this again."),
    (r"name resolution|Connection|Max retries|timed out|ProxyError",
     "The package index was not reached: check the network, or pip's settings (pip config list)."),
    (r"CERTIFICATE_VERIFY_FAILED|SSLError",
     "The package index's certificate was refused: install ca-certificates, or set PIP_CERT."),
    (r"No module named pip", "Remove .venv, which has no pip, then run this again."),
    (r"No matching distribution|Could not find a version",
     "A package has no build for this Python or system: try another Python from 3.11 on, "
     "for example `python3.12 tools/run`, after removing .venv."),
)


class SetupError(Exception):
    """The environment cannot be made; the message says why and what to do."""


@dataclass(frozen=True)
class Stamp:
    """What an environment was made from.

    Attributes:
        checkout: The absolute folder that it was installed for; an environment cannot be moved.
        project: Sha256 of pyproject.toml.
        python: Major and minor version, for example "3.11".
        parts: Extras and dependency groups, sorted.
    """

    checkout: str
    project: str
    python: str
    parts: tuple[str, ...]

    @classmethod
    def read(cls, folder: Path) -> Stamp | None:
        """The stamp in `folder`, or None where there is none or it cannot be understood."""
        try:
            values = json.loads((folder / "sensorium-stamp.json").read_text("utf-8"))
            return cls(**{**values, "parts": tuple(values["parts"])})
        except (OSError, ValueError, TypeError, KeyError):
            return None

    def write(self, folder: Path) -> None:
        """Writes the stamp in one step."""
        new = folder / "sensorium-stamp.new"
        new.write_text(json.dumps(asdict(self), indent=1) + "\n", "utf-8")
        new.replace(folder / "sensorium-stamp.json")


class Environment:
    """One virtual environment of one checkout.

    Args:
        root: The checkout, which holds pyproject.toml.
    """

    def __init__(self, root: Path = ROOT) -> None:
        self.root = root
        self.folder = root / ".venv"
        self._making = self.folder / "sensorium-making"

    def program(self, name: str) -> Path:
        """The path of a program that was installed into it."""
        if sys.platform == "win32":
            return self.folder / "Scripts" / f"{name}.exe"
        return self.folder / "bin" / name

    def ensure(self, extras: Sequence[str], groups: Sequence[str] = (), *, yes: bool) -> None:
        """Makes it, or brings it up to date; costs next to nothing when it is.

        Args:
            extras: Of [project.optional-dependencies].
            groups: Of [dependency-groups].
            yes: Install a missing system package without asking.

        Raises:
            SetupError: It cannot be made.
            SystemExit: A system package is missing that only the user can install.
        """
        with self._alone():
            has = Stamp.read(self.folder)
            version = self._python_version()
            wants = self._wanted(has, version, {*extras, *groups})
            if has == wants and version and not self._making.exists():
                return
            kept = self.is_usable(has)
            if not kept:
                self._remove()
                self._make(yes=yes)
                wants = replace(wants, python=_dotted(sys.version_info))
            if has or not kept:
                self._making.touch()
            self._install(wants.parts)
            wants.write(self.folder)
            self._making.unlink(missing_ok=True)

    def _wanted(self, has: Stamp | None, version: str | None, parts: set[str]) -> Stamp:
        """The stamp after this run; parts that an earlier run installed stay."""
        digest = hashlib.sha256((self.root / "pyproject.toml").read_bytes()).hexdigest()
        version = version or _dotted(sys.version_info)
        parts = parts.union(has.parts if has else ())
        return Stamp(str(self.root), digest, version, tuple(sorted(parts)))

    def is_usable(self, has: Stamp | None) -> bool:
        """Whether what is there can be kept and installed into.

        Args:
            has: Its stamp; None where there is none.
        """
        version = self._python_version()
        if version is None or self._making.exists():
            return False
        if has is None:
            return tuple(int(part) for part in version.split(".")) >= OLDEST
        return has.checkout == str(self.root) and has.python == version

    def _remove(self) -> None:
        if not os.path.lexists(self.folder):
            return
        terminal.say(f"{self.folder} is not whole, or made for another place: making it anew")
        if self.folder.is_symlink():
            self.folder.unlink()
        else:
            shutil.rmtree(self.folder)

    def _make(self, *, yes: bool) -> None:
        if missing([VENV]) and package_manager.provide([VENV], yes=yes):
            raise SystemExit(package_manager.IMPOSSIBLE)
        terminal.say(f"Making {self.folder} with Python {_dotted(sys.version_info)}")
        self.folder.mkdir()
        self._making.touch()
        command = [sys.executable, "-m", "venv", str(self.folder)]
        status, printed = terminal.run_quietly(command)
        if status != 0:
            raise SetupError(f"{' '.join(command)} failed:\n{printed}")

    def _install(self, parts: Sequence[str]) -> None:
        project = tomllib.loads((self.root / "pyproject.toml").read_text("utf-8"))
        extras = [part for part in parts if part in project["project"]["optional-dependencies"]]
        groups = [part for part in parts if part not in extras]
        own = re.compile(rf"{project['project']['name']}\b")
        requirements = [
            requirement
            for group in groups
            for requirement in project["dependency-groups"][group]
            if not own.match(requirement)
        ]
        terminal.say(f"Installing Sensorium and what it needs ({', '.join(parts)})")
        status, printed = terminal.run_quietly(
            [
                self.program("python"), "-m", "pip", "install", "--no-input",
                "--disable-pip-version-check", "--progress-bar", "off",
                # Most of it is never imported; what is is compiled then, and kept.
                "--no-compile", "--editable", f".[{','.join(extras)}]", *requirements,
            ],
            note=_note_download,
            folder=self.root,
        )  # fmt: skip
        if status != 0:
            raise SetupError(f"pip failed:\n{_last_lines(printed)}\n{_remedy(printed)}")

    def _python_version(self) -> str | None:
        """The version of its Python as "3.11"; None where it has none that runs."""
        code = "import sys; print('%d.%d' % sys.version_info[:2])"
        try:
            answer = subprocess.run(
                [str(self.program("python")), "-I", "-c", code],
                capture_output=True, text=True, check=True,
            )  # fmt: skip
        except (OSError, subprocess.CalledProcessError):
            return None
        return answer.stdout.strip()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Holds the checkout's lock; a second run waits for the first one."""
        path = self.root / ".cache" / "environment.lock"
        path.parent.mkdir(exist_ok=True)
        with path.open("a+b") as file:
            _lock(file.fileno())
            yield


def _lock(descriptor: int) -> None:
    """Takes the lock on an open file; it is gone when the file is closed."""
    if sys.platform == "win32":
        import msvcrt

        os.lseek(descriptor, 0, os.SEEK_SET)
        while True:
            try:
                msvcrt.locking(descriptor, msvcrt.LK_LOCK, 1)
            except OSError:
                terminal.progress("Another run is making .venv; waiting for it")
            else:
                return
    else:
        import fcntl

        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            terminal.say("Another run is making .venv; waiting for it")
            fcntl.flock(descriptor, fcntl.LOCK_EX)


def _dotted(version: Sequence[object]) -> str:
    return f"{version[0]}.{version[1]}"


def _note_download(line: str) -> None:
    """Shows pip's downloads; where there is no terminal only those that take a while."""
    if not line.startswith(("Downloading", "Installing")):
        return
    large = re.search(r"\((\d+(?:\.\d+)? MB)\)", line)
    if large and not sys.stderr.isatty() and float(large[1].split()[0]) >= 5:
        terminal.say(f"  {line.split('-')[0]} ({large[1]})")
    terminal.progress(f"  {line}")


def _last_lines(printed: str, most: int = 20) -> str:
    return "\n".join(printed.strip().splitlines()[-most:])


def _remedy(printed: str) -> str:
    for pattern, remedy in _REMEDIES:
        if re.search(pattern, printed):
            return remedy
    return "Run this again; if it fails the same way, remove .venv first."
