"""The layer's manifests: what makes every OpenXR app load the library.

A manifest that names a library which cannot be loaded stops every app: so the library is tried in
a child first, lies under a name of its content, and is on the disk before the manifest is, which is
replaced whole.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from sensorium import __version__, folders
from sensorium.errors import SensorError
from sensorium.sensors.openxr_layer import library as libraries
from sensorium.sensors.openxr_layer.library import KINDS, NARROW, WIDE, Kind

if sys.platform == "win32":
    import winreg

DISABLE = "DISABLE_SENSORIUM_LAYER"
"""An app with this variable set does not load the layer."""
REGISTRY = r"Software\Khronos\OpenXR\1\ApiLayers\Implicit"
"""Below HKEY_CURRENT_USER; an app that runs as administrator does not look there."""
_BUILD = "python -m sensorium_tools.layer_build"


def path(kind: Kind = WIDE) -> Path:
    """Where the manifest lies."""
    if sys.platform == "win32":
        return folders.data_dir() / "layer" / kind.manifest
    base = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(base) / "openxr" / "1" / "api_layers" / "implicit.d" / kind.manifest


def library(kind: Kind = WIDE) -> Path | None:
    """The library that apps load; None: the layer is not installed for them.

    On Windows it is installed where the registry says so, which tools that switch layers off may
    change.
    """
    place = next((Path(each) for each, is_on in _registered(kind).items() if is_on), None)
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


def install(*sources: Path) -> dict[Kind, Path]:
    """Registers libraries; what was registered before stays until all of these have been tried.

    Args:
        sources: The 64-bit library and, if it was built, the 32-bit one; they are copied.

    Returns:
        The copies.

    Raises:
        SensorError: One cannot be read, loaded or copied, there is none for 64 bits, or a manifest
            cannot be written.
    """
    before = {kind: _installed(kind) for kind in KINDS}
    copies: dict[Kind, Path] = {}
    try:
        _copy_and_try(sources, copies)
    except SensorError:
        for kind, copy in copies.items():
            if copy != before[kind]:
                libraries.remove(copy, kind)
        raise
    try:
        # In this order: a 64-bit app that finds the 32-bit library alone does not start.
        if NARROW not in copies:
            _withdraw(NARROW)
        for kind in KINDS:
            if kind in copies:
                libraries.replace(path(kind), _document(kind, copies[kind]), 0o644)
                _register(kind)
                _unregister(kind, but=str(path(kind)))
    except OSError as error:
        raise SensorError(
            f"{path()}: cannot be written: {error.strerror}", "mend the rights of its folder"
        ) from error
    # An app that starts just now may have read the manifest of before.
    libraries.remove_copies(*copies.values(), *before.values())
    _remove_drafts()
    return copies


def uninstall() -> bool:
    """Takes the manifests away, and then the libraries; False where it was not installed.

    Raises:
        SensorError: A manifest cannot be removed.
    """
    there = any(path(kind).exists() or _registered(kind) for kind in KINDS)
    try:
        for kind in reversed(KINDS):
            _withdraw(kind)
    except OSError as error:
        raise SensorError(
            f"{path()}: cannot be removed: {error.strerror}", "delete it yourself"
        ) from error
    libraries.remove_copies()
    _remove_drafts()
    return there


def _copy_and_try(sources: tuple[Path, ...], copies: dict[Kind, Path]) -> None:
    for source in sources:
        try:
            content = libraries.read(source)
            kind = libraries.kind_of(content)
            if kind in copies:
                raise SensorError(f"{source} is a second library for {kind.bits}-bit apps")
            copies[kind] = libraries.copy(source, content, kind)
        except OSError as error:
            raise SensorError(f"{error.filename or source}: {error.strerror}") from error
        why = libraries.complaint(copies[kind], kind)
        if why:
            raise SensorError(
                f"{source} cannot be loaded, so nothing was registered: {why}",
                f"build it anew: {_BUILD}",
            )
    if WIDE not in copies:
        raise SensorError(
            "with a library for 32-bit apps alone no 64-bit app would start",
            f"give the 64-bit one, too: --library FILE --library FILE32; {_BUILD} makes it",
        )


def _document(kind: Kind, copy: Path) -> bytes:
    document = {
        "file_format_version": "1.0.0",
        "api_layer": {
            "name": kind.layer, "library_path": str(copy), "api_version": "1.0",
            "implementation_version": "1", "disable_environment": DISABLE,
            "description": f"Sensorium {__version__}: frame times and input for its daemon",
        },
    }  # fmt: skip
    return json.dumps(document, indent=1).encode()


def _withdraw(kind: Kind) -> None:
    _unregister(kind)
    path(kind).unlink(missing_ok=True)


def _installed(kind: Kind) -> Path | None:
    try:
        return library(kind)
    except SensorError:
        return None


def _remove_drafts() -> None:
    """Of an install that was killed."""
    for kind in KINDS:
        for draft in path(kind).parent.glob(f"{kind.manifest}.*.tmp"):
            draft.unlink(missing_ok=True)


def _registered(kind: Kind) -> dict[str, bool]:
    """The layer's manifests, of any data folder, and whether each is switched on."""
    if sys.platform == "win32":
        try:
            with winreg.OpenKey(winreg.HKEY_CURRENT_USER, REGISTRY) as key:
                count = winreg.QueryInfoKey(key)[1]
                values = [winreg.EnumValue(key, at)[:2] for at in range(count)]
        except FileNotFoundError:
            return {}
        # Any value but 0 switches a layer off.
        return {name: value == 0 for name, value in values if Path(name).name == kind.manifest}
    else:  # noqa: RET505 - the checker of the other platform follows this form only
        return {str(path(kind)): True} if path(kind).exists() else {}


def _register(kind: Kind) -> None:
    if sys.platform == "win32":
        with winreg.CreateKey(winreg.HKEY_CURRENT_USER, REGISTRY) as key:
            winreg.SetValueEx(key, str(path(kind)), 0, winreg.REG_DWORD, 0)


def _unregister(kind: Kind, but: str = "") -> None:
    if sys.platform == "win32":
        for name in set(_registered(kind)) - {but}:
            with winreg.OpenKey(
                winreg.HKEY_CURRENT_USER, REGISTRY, 0, winreg.KEY_SET_VALUE
            ) as key:
                winreg.DeleteValue(key, name)
