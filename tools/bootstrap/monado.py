"""Finds Monado, an OpenXR runtime that needs no headset, or unpacks it below the user's cache.

The system tests run against it. On a system that packages Monado (Debian 13, Ubuntu, Fedora) it
is installed like any other package and found on the path. Debian 12 has no such package: there
the Debian 13 packages and their libraries are unpacked into a prefix, without root and without
touching the system. What lies in that prefix runs through the prefix's own loader, because it was
built for a newer C library: `tests/fixtures/monado.py` does so.

Only the standard library is used: this runs before the project's environment exists.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

PACKAGES = ("monado-service", "libopenxr1-monado", "monado-cli", "mesa-vulkan-drivers")
"""What to install on a system that has them; `mesa-vulkan-drivers` brings a software Vulkan."""

_SUITES = {"12": "trixie"}
"""Debian release that lacks the packages, to the suite whose packages run there in a prefix."""

_SERVICE = Path("usr/bin/monado-service")
_DONE = ".complete"


def find() -> Path | None:
    """Finds `monado-service`: on the path, else in the prefix that `ensure` filled.

    Returns:
        The program's path, or None.
    """
    installed = shutil.which("monado-service")
    if installed:
        return Path(installed)
    service = prefix() / _SERVICE
    return service if service.exists() and (prefix() / _DONE).exists() else None


def prefix() -> Path:
    """Where the packages are unpacked: $SENSORIUM_MONADO, else the user's cache."""
    own = os.environ.get("SENSORIUM_MONADO")
    if own:
        return Path(own)
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "sensorium" / "monado"


def ensure(yes: bool) -> Path | None:
    """Finds Monado; where the system packages none, unpacks it after asking.

    Args:
        yes: Do not ask before the download of about 250 MB.

    Returns:
        The path of `monado-service`, or None: it is not there, the system packages it (then
        install `PACKAGES`), or the answer was no, or nothing here can fetch it.
    """
    found = find()
    suite = _suite()
    if found or suite is None:
        return found
    folder = prefix()
    if not yes and not _agreed(folder):
        return None
    try:
        _unpack(suite, folder)
    except (OSError, subprocess.CalledProcessError) as error:
        _say(f"Monado could not be fetched: {error}")
        _say(getattr(error, "stderr", None) or "")
        return None
    return find()


def _suite() -> str | None:
    """The foreign suite to unpack, or None where the system's own packages serve."""
    try:
        release = dict(
            line.split("=", 1) for line in Path("/etc/os-release").read_text().splitlines()
            if "=" in line
        )
    except OSError:
        return None
    tools = all(shutil.which(name) for name in ("apt-get", "dpkg-deb", "dpkg"))
    if release.get("ID") != "debian" or not tools:
        return None
    return _SUITES.get(release.get("VERSION_ID", "").strip('"'))


def _agreed(folder: Path) -> bool:
    if not sys.stdin.isatty():
        return False
    _say(f"Monado, for the OpenXR tests: 250 MB to fetch, 700 MB in {folder}. Fetch it? [y/N] ", "")
    return sys.stdin.readline().strip().lower() in {"y", "yes"}


def _unpack(suite: str, folder: Path) -> None:
    """Fetches the packages with all they depend on and unpacks them into `folder`."""
    state = folder / "apt"
    for part in ("lists/partial", "archives/partial"):
        (state / part).mkdir(parents=True, exist_ok=True)
    (state / "status").write_text("")
    mirror, key = debian_mirror()
    (state / "sources.list").write_text(f"deb [signed-by={key}] {mirror} {suite} main\n")
    (state / "empty").mkdir(exist_ok=True)
    options = _options(state)
    _say(f"Monado: reading the package list of Debian {suite}")
    _run("apt-get", *options, "update", "-qq")
    simulated = _run("apt-get", *options, "install", "-y", "-qq", "--print-uris", *PACKAGES)
    count = len(simulated.splitlines())
    _say(f"Monado: fetching {count} packages")
    _run("apt-get", *options, "install", "-y", "-qq", "--download-only", *PACKAGES)
    archives = sorted((state / "archives").glob("*.deb"))
    for number, archive in enumerate(archives, 1):
        if sys.stderr.isatty():
            _say(f"\rMonado: unpacking {number}/{len(archives)}", "")
        _run("dpkg-deb", "-x", str(archive), str(folder))
    shutil.rmtree(state)
    (folder / _DONE).write_text(f"{suite}\n")
    _say(f"\nMonado: ready in {folder}")


def debian_mirror() -> tuple[str, str]:
    """The archive that this system already uses for `main`, and the key that signs it."""
    listing = _run(
        "apt-get", "indextargets", "--format", "$(REPO_URI) $(COMPONENT) $(RELEASE) $(ORIGIN)",
        "Created-By: Packages",
    )
    for line in listing.splitlines():
        uri, component, release, *origin = line.split()
        if component == "main" and "security" not in release and origin == ["Debian"]:
            return uri, "/usr/share/keyrings/debian-archive-keyring.gpg"
    raise OSError("this system has no Debian archive configured; run apt-get update as root")


def _options(state: Path) -> list[str]:
    """Points apt at a state of its own; the system's proxy and other settings stay in force."""
    settings = {
        "Dir::Etc::sourcelist": state / "sources.list",
        "Dir::Etc::sourceparts": state / "empty",
        "Dir::Etc::preferences": state / "none",
        "Dir::Etc::preferencesparts": state / "empty",
        "Dir::State": state,
        "Dir::State::status": state / "status",
        "Dir::State::lists": state / "lists",
        "Dir::Cache": state,
        "Dir::Cache::archives": state / "archives",
        "APT::Install-Recommends": "false",
        "APT::Keep-Downloaded-Packages": "true",
        "Acquire::Languages": "none",
        "APT::Sandbox::User": "",
        "Debug::NoLocking": "1",
    }
    return [part for key, value in settings.items() for part in ("-o", f"{key}={value}")]


def _run(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def _say(text: str, end: str = "\n") -> None:
    sys.stderr.write(text + end)
    sys.stderr.flush()


if __name__ == "__main__":
    service = ensure(yes="--yes" in sys.argv)
    _say(str(service) if service else f"Monado is not here; install {' '.join(PACKAGES)}")
    sys.exit(0 if service else 2)
