"""Has SteamVR start the daemon: a manifest, and where SteamVR reads that it is there.

SteamVR keeps both in files of Steam's `config` folder: the paths of manifests in `appconfig.json`
(`manifest_paths`), and in `vrappconfig/KEY.vrappconfig` whether it starts the program of that key.
Those are what IVRApplications writes by AddApplicationManifest and SetApplicationAutoLaunch. A
SteamVR that runs keeps them in memory and writes them again, so nothing is changed then.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from sensorium import folders
from sensorium.cli.autostart import processes, task
from sensorium.cli.autostart.wish import environment, options
from sensorium.control.audit import write_private
from sensorium.errors import ControlError
from sensorium.supervisor.instance import InstanceLock, prepare

KEY = "sensorium.daemon"
"""By which SteamVR knows the daemon."""
ACTION = ("-P", "-m", "sensorium", "service", "steamvr")
"""What SteamVR runs: it comes back when SteamVR has ended."""
_SERVER = "vrserver"
_LOCK = "steamvr.lock"
"""In the runtime folder: held by what SteamVR started, until it has stopped the daemon."""
_LOOK_S = 0.2
_PATHS = "manifest_paths"
_FIND = "start SteamVR once, or name its openvrpaths.vrpath in VR_PATHREG_OVERRIDE"


def server() -> int:
    """The number of SteamVR's own process.

    Raises:
        ControlError: SteamVR is not running.
    """
    found = processes.find(_SERVER)
    if found is None:
        raise ControlError("SteamVR is not running", "SteamVR itself calls this when it starts")
    return found


def turn() -> InstanceLock:
    """Waits until no other `service steamvr` is left, and is the one; close it afterwards.

    Raises:
        ControlError: SteamVR has ended meanwhile, or the runtime folder cannot be written.
    """
    folder = folders.runtime_dir()
    prepare(folder)
    while True:
        try:
            return InstanceLock(folder, _LOCK)
        except ControlError:
            server()
        time.sleep(_LOOK_S)


def check() -> None:
    """Passes when SteamVR's files can be changed.

    Raises:
        ControlError: SteamVR is not found, runs just now, or a file of it cannot be read.
    """
    _appconfig(_folder())
    if processes.find(_SERVER) is not None:
        raise ControlError(
            "SteamVR is running, and would write over what it is told now",
            "close SteamVR and try again",
        )


def is_registered() -> bool:
    """Whether this installation told SteamVR to start the daemon."""
    return _manifest().exists()


def register() -> list[Path]:
    """Tells SteamVR to start the daemon with it.

    Returns:
        The files that were written for it alone.

    Raises:
        ControlError: As `check`, or a file cannot be written.
    """
    try:
        str(_manifest()).encode()
    except UnicodeEncodeError:
        raise ControlError(
            f"{str(_manifest())!r}: SteamVR's files are UTF-8, which cannot hold this path",
            "set SENSORIUM_DATA_DIR to a folder with another name",
        ) from None
    check()
    folder = _folder()
    program, written = _program()
    application = {
        "app_key": KEY,
        "launch_type": "binary",
        **program,
        "is_dashboard_overlay": True,
        "strings": {
            "en_us": {
                "name": "Sensorium",
                "description": "AI senses for the VR apps of this PC.",
            }
        },
    }
    _write(_manifest(), {"source": "builtin", "applications": [application]})
    _write(_launch(folder), {"autolaunch": True, "last_launch_time": "0"})
    known = _appconfig(folder)
    known[_PATHS] = [*_others(known), str(_manifest())]
    _write(folder / "appconfig.json", known)
    # One that was started meanwhile has read the file as it was, and writes that again.
    check()
    return [*written, _manifest(), _launch(folder)]


def unregister() -> list[Path]:
    """Takes back what `register` did.

    Returns:
        The files that were removed.

    Raises:
        ControlError: SteamVR runs just now, or a file of it cannot be read or written.
    """
    ours = [_manifest(), _script()]
    folder = _named() if _registry().exists() else None
    # Else SteamVR is gone, and its files with it.
    if folder is not None and folder.is_dir():
        check()
        known = _appconfig(folder)
        others = _others(known)
        if others != known.get(_PATHS, []):
            known[_PATHS] = others
            _write(folder / "appconfig.json", known)
        ours.append(_launch(folder))
    there = [path for path in ours if path.exists()]
    for path in there:
        path.unlink(missing_ok=True)
    return there


def _program() -> tuple[dict[str, str], list[Path]]:
    """What the manifest says of the program, and the files that this takes."""
    if sys.platform == "win32":
        words = subprocess.list2cmdline([*ACTION, *options()])
        return {"binary_path_windows": task.windowless(), "arguments": words}, []
    # SteamVR runs in a container, in which /usr is another one's: the program must lie elsewhere,
    # and leave it. The libraries of Steam's own runtime are none of ours.
    told = [f"{name}={value}" for name, value in environment().items()]
    command = shlex.join(
        ["env", "-u", "LD_LIBRARY_PATH", "-u", "LD_PRELOAD", *told, sys.executable, *ACTION]
    )
    script = (
        "#!/bin/sh\n"
        "# Written by `sensorium service install --with-steamvr`; started by SteamVR.\n"
        f"set -- {command}\n"
        '[ -z "${PRESSURE_VESSEL_RUNTIME-}" ] ||\n'
        '  set -- steam-runtime-launch-client --alongside-steam --host -- "$@"\n'
        'exec "$@"\n'
    )
    _write(_script(), script)
    _script().chmod(0o700)
    return {"binary_path_linux": str(_script())}, [_script()]


def _folder() -> Path:
    """Steam's `config` folder, as OpenVR's registry of paths names it."""
    registry = _registry()
    if not registry.exists():
        raise ControlError(f"SteamVR is not found: there is no {registry}", _FIND)
    folder = _named()
    if not folder.is_dir():
        raise ControlError(f"{registry}: its `config`, {folder}, is not there", _FIND)
    return folder


def _named() -> Path:
    named = _read(_registry()).get("config")
    if not isinstance(named, list) or not named or not isinstance(named[0], str):
        raise ControlError(f"{_registry()}: it names no folder under `config`", _FIND)
    return Path(named[0])


def _registry() -> Path:
    own = os.environ.get("VR_PATHREG_OVERRIDE")
    if own:
        return Path(own)
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or str(Path.home() / "AppData" / "Local")
    else:
        base = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return Path(base) / "openvr" / "openvrpaths.vrpath"


def _appconfig(folder: Path) -> dict[str, Any]:
    path = folder / "appconfig.json"
    known = _read(path) if path.exists() else {}
    if not isinstance(known.get(_PATHS, []), list):
        raise ControlError(f"{path}: `{_PATHS}` is not a list", _mend(path))
    return known


def _others(known: dict[str, Any]) -> list[Any]:
    """The paths of manifests but ours, however SteamVR spelled it."""
    ours = _spelled(str(_manifest()))
    return [
        path for path in known.get(_PATHS, [])
        if not isinstance(path, str) or _spelled(path) != ours
    ]


def _spelled(path: str) -> str:
    return os.path.normcase(os.path.normpath(path))


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text("utf-8-sig"))
    except OSError as error:
        raise ControlError(f"{path}: cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise ControlError(f"{path}: is not JSON: {error}", _mend(path)) from error
    if not isinstance(found, dict):
        raise ControlError(f"{path}: is not a JSON object", _mend(path))
    return found


def _mend(path: Path) -> str:
    return f"mend it, or move it away and start SteamVR once, which writes a new {path.name}"


def _write(path: Path, content: dict[str, Any] | str) -> None:
    """Puts a file in place whole, with the mode that it had."""
    if isinstance(content, str):
        data = os.fsencode(content)
    else:
        try:
            data = json.dumps(content, indent=3, ensure_ascii=False).encode() + b"\n"
        except UnicodeEncodeError:
            # Half a character stays written as its number, as it came.
            data = json.dumps(content, indent=3).encode() + b"\n"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        target = path.resolve()
        mode = target.stat().st_mode & 0o777 if target.exists() else None
        write_private(target, data)
        if mode is not None:
            target.chmod(mode)
    except OSError as error:
        raise ControlError(f"{path}: cannot be written: {error.strerror}") from error


def _manifest() -> Path:
    return folders.data_dir() / "service" / "sensorium.vrmanifest"


def _script() -> Path:
    return folders.data_dir() / "service" / "steamvr.sh"


def _launch(folder: Path) -> Path:
    return folder / "vrappconfig" / f"{KEY}.vrappconfig"
