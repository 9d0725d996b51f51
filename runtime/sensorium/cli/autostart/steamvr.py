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
import sys
from pathlib import Path
from typing import Any

from sensorium import folders
from sensorium.cli.autostart import processes, task
from sensorium.cli.autostart.wish import environment
from sensorium.control.audit import write_private
from sensorium.errors import ControlError

KEY = "sensorium.daemon"
"""By which SteamVR knows the daemon."""
ACTION = ("-P", "-m", "sensorium", "service", "steamvr")
"""What SteamVR runs: it comes back when SteamVR has ended."""
_SERVER = "vrserver"
_PATHS = "manifest_paths"


def server() -> int:
    """The number of SteamVR's own process.

    Raises:
        ControlError: SteamVR is not running.
    """
    found = processes.find(_SERVER)
    if found is None:
        raise ControlError("SteamVR is not running", "SteamVR itself calls this when it starts")
    return found


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
    return [*written, _manifest(), _launch(folder)]


def unregister() -> list[Path]:
    """Takes back what `register` did.

    Returns:
        The files that were removed.

    Raises:
        ControlError: SteamVR runs just now, or a file of it cannot be read or written.
    """
    ours = [_manifest(), _script()]
    try:
        folder = _folder()
    except ControlError:
        # SteamVR is gone, and its files with it.
        pass
    else:
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
        return {"binary_path_windows": task.windowless(), "arguments": " ".join(ACTION)}, []
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
    remedy = "start SteamVR once, or name its openvrpaths.vrpath in VR_PATHREG_OVERRIDE"
    if not registry.exists():
        raise ControlError(f"SteamVR is not found: there is no {registry}", remedy)
    named = _read(registry).get("config")
    if not isinstance(named, list) or not named or not isinstance(named[0], str):
        raise ControlError(f"{registry}: it names no folder under `config`", remedy)
    folder = Path(named[0])
    if not folder.is_dir():
        raise ControlError(f"{registry}: its `config`, {folder}, is not there", remedy)
    return folder


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
    return [path for path in known.get(_PATHS, []) if path != str(_manifest())]


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
    text = content if isinstance(content, str) else json.dumps(
        content, indent=3, ensure_ascii=False
    ) + "\n"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        target = path.resolve()
        mode = target.stat().st_mode & 0o777 if target.exists() else None
        write_private(target, text.encode("utf-8", "surrogatepass"))
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
