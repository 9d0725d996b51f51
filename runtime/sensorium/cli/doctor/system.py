"""The machine itself: Python, packages, folders, priorities, the GPU."""

from __future__ import annotations

import os
import platform
import shutil
import stat
import sys
from importlib import metadata
from typing import TYPE_CHECKING

from sensorium import folders
from sensorium.cli.doctor.child import ask
from sensorium.cli.doctor.finding import Finding, Verdict, needed

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGES = (
    "mcap", "numpy", "onnxruntime", "platformdirs", "pyopenxr", "rich", "sounddevice",
    "tomli-w",
)
"""Distributions that the daemon imports; see pyproject.toml."""

_OLDEST = (3, 11)
_PRIORITY_REMEDY = (
    "let the system's policies permit it"
    if sys.platform == "win32"
    else "allow real-time priority: `@audio - rtprio 20` in /etc/security/limits.conf"
)
_BUDGET_REMEDY = "give its control group a real-time budget: cpu.rt_runtime_us (cgroup v1)"
_ROOM_BYTES = 20_000_000
"""More than all regions together."""


def look() -> Iterator[Finding]:
    """Looks at everything in this file."""
    yield _python()
    yield _packages()
    yield from _runtime_folder()
    yield from _own_folders()
    yield _scheduling()
    yield _gpu()


def _python() -> Finding:
    detail = f"{platform.python_version()} on {platform.machine()}, {platform.system()}"
    if sys.version_info < _OLDEST:
        return Finding("python", Verdict.MISSING, detail, "install Python 3.11 or later")
    if platform.machine().lower() not in ("x86_64", "amd64"):
        return Finding(
            "python", Verdict.MISSING,
            f"{detail}: shared memory from Python is sound on 64-bit x86 only",
            "a native writer for other machines does not exist yet",
        )
    return Finding("python", Verdict.OK, detail)


def _packages() -> Finding:
    missing = []
    for name in PACKAGES:
        try:
            metadata.version(name)
        except metadata.PackageNotFoundError:
            missing.append(name)
    if missing:
        return Finding(
            "packages", Verdict.MISSING, f"not installed: {', '.join(missing)}",
            f"{sys.executable} -m pip install {' '.join(missing)}",
        )
    return Finding("packages", Verdict.OK, f"all {len(PACKAGES)} are installed")


def _runtime_folder() -> Iterator[Finding]:
    folder = folders.runtime_dir()
    kind = "folder" if sys.platform == "win32" else "folder on a tmpfs"
    remedy = f"set SENSORIUM_RUNTIME_DIR to a {kind} that you may write"
    there = folder
    while not there.exists() and there != there.parent:
        there = there.parent
    if not os.access(there, os.W_OK | os.X_OK):
        yield Finding("runtime folder", Verdict.MISSING, f"{there} cannot be written", remedy)
        return
    if sys.platform != "win32":
        if not folders.is_in_memory(there):
            yield Finding("runtime folder", Verdict.NOTE, f"{folder} is on a disk", remedy)
        status = there.stat()
        if there == folder and stat.S_IMODE(status.st_mode) & 0o077:
            yield Finding(
                "runtime folder", Verdict.MISSING, f"{folder} is open to other users",
                f"chmod 700 {folder}",
            )
            return
        if there == folder and status.st_uid != os.getuid():
            yield Finding(
                "runtime folder", Verdict.MISSING, f"{folder} belongs to another user", remedy
            )
            return
    free = shutil.disk_usage(there).free
    if free < _ROOM_BYTES:
        yield Finding("runtime folder", Verdict.MISSING, f"{folder} has {free / 1e6:.0f} MB free",
                      remedy)
        return
    yield Finding("runtime folder", Verdict.OK, f"{folder}, {free / 1e6:.0f} MB free")


def _own_folders() -> Iterator[Finding]:
    for name, folder, variable in (
        ("config folder", folders.config_dir(), "SENSORIUM_CONFIG_DIR"),
        ("data folder", folders.data_dir(), "SENSORIUM_DATA_DIR"),
        ("cache folder", folders.cache_dir(), "SENSORIUM_CACHE_DIR"),
    ):
        there = folder
        while not there.exists() and there != there.parent:
            there = there.parent
        if os.access(there, os.W_OK):
            yield Finding(name, Verdict.OK, str(folder))
        else:
            yield Finding(
                name, Verdict.NOTE, f"{folder} cannot be written",
                f"set {variable} to a folder that you may write",
            )


def _scheduling() -> Finding:
    found = ask("scheduling")
    granted = str(found.get("granted", found.get("error", "")))
    if granted.startswith("ordinary") or "error" in found:
        return Finding(
            "scheduling", Verdict.NOTE, f"capture runs with {granted}",
            _BUDGET_REMEDY if "cpu.rt_runtime_us" in granted else _PRIORITY_REMEDY,
        )
    return Finding("scheduling", Verdict.OK, f"capture may run with {granted}")


def _gpu() -> Finding:
    found = ask("gpu")
    if "error" in found:
        return needed("gpu", f"{found['error']}; engines run on the CPU", "", by=False)
    devices = ", ".join(found["devices"]) or "no device"
    detail = f"{devices}, driver for CUDA {found['cuda']}; this version's engines run on the CPU"
    return Finding("gpu", Verdict.OK if found["devices"] else Verdict.NOTE, detail)
