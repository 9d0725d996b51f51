"""The layer's manifest: what makes every OpenXR app load the library.

A manifest that names a library which cannot be loaded stops every app: so the library is tried in
a child first, lies under a name of its content, and is on the disk before the manifest is, which is
replaced whole.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from sensorium import __version__, folders
from sensorium.errors import SensorError
from sensorium.sensors.openxr_layer import probe

if TYPE_CHECKING:
    from collections.abc import Iterator

if sys.platform == "win32":
    import winreg

DISABLE = "DISABLE_SENSORIUM_LAYER"
"""An app with this variable set does not load the layer."""
REGISTRY = r"Software\Khronos\OpenXR\1\ApiLayers\Implicit"
"""Below HKEY_CURRENT_USER; an app that runs as administrator does not look there."""
LIBRARY = "sensorium_layer.dll" if sys.platform == "win32" else "libsensorium_layer.so"
_FILE = "XrApiLayer_sensorium.json"
_PROBE_S = 30
_LIBRARY_MAX_BYTES = 64 << 20


def path() -> Path:
    """Where the manifest lies."""
    if sys.platform == "win32":
        return folders.data_dir() / "layer" / _FILE
    base = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(base) / "openxr" / "1" / "api_layers" / "implicit.d" / _FILE


def library() -> Path | None:
    """The library that apps load; None: the layer is not installed.

    On Windows it is installed where the registry says so, which tools that switch layers off may
    change.
    """
    place = next((Path(each) for each, is_on in _registered().items() if is_on), None)
    if place is None:
        return None
    try:
        named = json.loads(place.read_text("utf-8"))["api_layer"]["library_path"]
        return Path(str(named))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SensorError(
            f"{place} is broken: {error!r}", "sensorium layer uninstall, then install"
        ) from error


def complaint(file: Path) -> str:
    """Why a library cannot be loaded, tried in a process of its own; empty: it can."""
    command = [sys.executable, "-I", probe.__file__, str(file)]
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace",
            timeout=_PROBE_S, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return f"it did not answer within {_PROBE_S} s"
    if done.returncode == 0:
        return ""
    return done.stderr.strip() or f"the process that loaded it ended with {done.returncode}"


def install(source: Path) -> Path:
    """Registers a library; what was registered before stays until this one has been tried.

    Args:
        source: The library; it is copied.

    Returns:
        The copy.

    Raises:
        SensorError: It cannot be read, loaded or copied, or the manifest cannot be written.
    """
    before = _installed()
    try:
        with source.open("rb") as file:
            content = file.read(_LIBRARY_MAX_BYTES)
        copy = _copied(content)
    except OSError as error:
        raise SensorError(f"{error.filename or source}: {error.strerror}") from error
    why = complaint(copy)
    if why:
        if copy != before:
            copy.unlink(missing_ok=True)
        raise SensorError(
            f"{source} cannot be loaded, so nothing was registered: {why}",
            "build it anew: python -m sensorium_tools.layer_build",
        )
    document = {
        "file_format_version": "1.0.0",
        "api_layer": {
            "name": probe.NAME.decode(), "library_path": str(copy), "api_version": "1.0",
            "implementation_version": "1", "disable_environment": DISABLE,
            "description": f"Sensorium {__version__}: frame times and input for its daemon",
        },
    }  # fmt: skip
    try:
        _replace(path(), json.dumps(document, indent=1).encode(), 0o644)
        _register()
        _unregister(but=str(path()))
    except OSError as error:
        raise SensorError(
            f"{path()}: cannot be written: {error.strerror}", "mend the rights of its folder"
        ) from error
    # An app that starts just now may have read the manifest of before.
    _remove_copies(copy, before)
    return copy


def uninstall() -> bool:
    """Takes the manifest away, and then the library; False where it was not installed.

    Raises:
        SensorError: The manifest cannot be removed.
    """
    there = path().exists() or bool(_registered())
    try:
        _unregister()
        path().unlink(missing_ok=True)
    except OSError as error:
        raise SensorError(
            f"{path()}: cannot be removed: {error.strerror}", "delete it yourself"
        ) from error
    _remove_copies()
    return there


def _installed() -> Path | None:
    try:
        return library()
    except SensorError:
        return None


def _folder() -> Path:
    return folders.data_dir() / "layer"


def _copied(content: bytes) -> Path:
    """The library under a name of its content: a running app keeps the one that it has."""
    stem, end = LIBRARY.rsplit(".", 1)
    copy = _folder() / f"{stem}-{hashlib.sha256(content).hexdigest()[:16]}.{end}"
    _replace(copy, content, 0o700)
    return copy


def _replace(place: Path, content: bytes, mode: int) -> None:
    draft = place.with_name(f"{place.name}.{os.getpid()}.tmp")
    place.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC
                         | getattr(os, "O_BINARY", 0), mode)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        # Windows replaces no library that a game has loaded.
        if sys.platform != "win32" or not place.exists() or place.read_bytes() != content:
            draft.replace(place)
    finally:
        draft.unlink(missing_ok=True)
    if sys.platform != "win32":
        above = os.open(place.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(above)
        finally:
            os.close(above)


def _copies() -> Iterator[Path]:
    """Copies of the library, and drafts of an install that was killed."""
    stem, end = LIBRARY.rsplit(".", 1)
    yield from _folder().glob(f"{stem}-*.{end}")
    yield from _folder().glob(f"{stem}-*.{end}.*.tmp")
    yield from path().parent.glob(f"{_FILE}.*.tmp")


def _remove_copies(*but: Path | None) -> None:
    for copy in set(_copies()).difference(but):
        # Windows keeps a file that a game has loaded; the next install removes it.
        with contextlib.suppress(OSError):
            copy.unlink()


def _registered() -> dict[str, bool]:
    """The layer's manifests, of any data folder, and whether each is switched on."""
    if sys.platform == "win32":
        try:
            with winreg.OpenKey(winreg.HKEY_CURRENT_USER, REGISTRY) as key:
                count = winreg.QueryInfoKey(key)[1]
                values = [winreg.EnumValue(key, at)[:2] for at in range(count)]
        except FileNotFoundError:
            return {}
        # Any value but 0 switches a layer off.
        return {name: value == 0 for name, value in values if Path(name).name == _FILE}
    else:  # noqa: RET505 - the checker of the other platform follows this form only
        return {str(path()): True} if path().exists() else {}


def _register() -> None:
    if sys.platform == "win32":
        with winreg.CreateKey(winreg.HKEY_CURRENT_USER, REGISTRY) as key:
            winreg.SetValueEx(key, str(path()), 0, winreg.REG_DWORD, 0)


def _unregister(but: str = "") -> None:
    if sys.platform == "win32":
        for name in set(_registered()) - {but}:
            with winreg.OpenKey(
                winreg.HKEY_CURRENT_USER, REGISTRY, 0, winreg.KEY_SET_VALUE
            ) as key:
                winreg.DeleteValue(key, name)
