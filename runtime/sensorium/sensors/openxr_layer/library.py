"""The layer's library: one for 64-bit apps and, where it was built, one for 32-bit apps.

Both are registered side by side: a loader skips the one that it cannot load as long as it can load
another (OpenXR's loader, `ApiLayerInterface::LoadApiLayers`, 1.0.0 to 1.1.61).
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sensorium import folders
from sensorium.errors import SensorError
from sensorium.sensors.openxr_layer import probe

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_WINDOWS = sys.platform == "win32"
_PROBE_S = 30
_MAX_BYTES = 64 << 20
_ELF, _ELF_32 = b"\x7fELF", 1
_PE_AT, _PE_I386 = 0x3C, (0x14C).to_bytes(2, "little")


@dataclass(frozen=True)
class Kind:
    """For which apps a library is.

    Attributes:
        bits: Of the apps.
        layer: The layer's name to the loader.
        file: The library's file.
        manifest: The manifest's file.
        probe: The program that tries the library; empty: this Python does.
    """

    bits: int
    layer: str
    file: str
    manifest: str
    probe: str = ""


WIDE = Kind(
    64, probe.NAME.decode(), "sensorium_layer.dll" if _WINDOWS else "libsensorium_layer.so",
    "XrApiLayer_sensorium.json",
)  # fmt: skip
NARROW = Kind(
    32, f"{WIDE.layer}_32", "sensorium_layer32.dll" if _WINDOWS else "libsensorium_layer32.so",
    "XrApiLayer_sensorium_32.json", "layer_probe32.exe" if _WINDOWS else "layer_probe32",
)  # fmt: skip
KINDS = (WIDE, NARROW)
"""The first must never be missing where another is registered: then no 64-bit app would start."""


def kind_of(content: bytes) -> Kind:
    """What a library is for, by its header; one that is none is taken for a 64-bit one."""
    at = int.from_bytes(content[_PE_AT : _PE_AT + 4], "little")
    narrow_elf = content[:4] == _ELF and content[4:5] == bytes((_ELF_32,))
    narrow_pe = content[:2] == b"MZ" and content[at : at + 6] == b"PE\0\0" + _PE_I386
    return NARROW if narrow_elf or narrow_pe else WIDE


def complaint(file: Path, kind: Kind = WIDE) -> str:
    """Why a copy of a library cannot be loaded, tried in a child; empty: it can."""
    command = [sys.executable, "-I", probe.__file__, str(file)]
    if kind.probe:
        command = [str(_probe_of(file, kind)), str(file)]
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace",
            timeout=_PROBE_S, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return f"it did not answer within {_PROBE_S} s"
    except OSError as error:
        return f"{command[0]}, which would try it, cannot be run: {error.strerror}"
    if done.returncode == 0:
        return ""
    return done.stderr.strip() or f"the process that loaded it ended with {done.returncode}"


def read(source: Path) -> bytes:
    """A library's bytes.

    Raises:
        OSError: It cannot be read.
    """
    with source.open("rb") as file:
        return file.read(_MAX_BYTES)


def copy(source: Path, content: bytes, kind: Kind) -> Path:
    """Copies a library under a name of its content: a running app keeps the one that it has.

    Raises:
        OSError: It cannot be written.
        SensorError: The program that would try it does not lie beside it.
    """
    stem, end = kind.file.rsplit(".", 1)
    made = _folder() / f"{stem}-{hashlib.sha256(content).hexdigest()[:16]}.{end}"
    if kind.probe:
        beside = source.with_name(kind.probe)
        if not beside.is_file():
            raise SensorError(
                f"there is no {beside}, which would try the {kind.bits}-bit library",
                "python -m sensorium_tools.layer_build makes both, in one folder",
            )
        replace(_probe_of(made, kind), read(beside), 0o700)
    replace(made, content, 0o700)
    return made


def remove(file: Path, kind: Kind) -> None:
    """Removes one copy."""
    file.unlink(missing_ok=True)
    if kind.probe:
        _probe_of(file, kind).unlink(missing_ok=True)


def remove_copies(*but: Path | None) -> None:
    """Removes all copies but these, and drafts of an install that was killed."""
    kept = {file for file in but if file is not None}
    kept |= {_probe_of(file, NARROW) for file in kept}
    for each in set(_copies()) - kept:
        # Windows keeps a file that a game has loaded; the next install removes it.
        with contextlib.suppress(OSError):
            each.unlink()


def replace(place: Path, content: bytes, mode: int) -> None:
    """Writes a file whole, and on the disk.

    Raises:
        OSError: It cannot be written.
    """
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


def _folder() -> Path:
    return folders.data_dir() / "layer"


def _probe_of(file: Path, kind: Kind) -> Path:
    """The copy of the program that tries this copy of a library: named by the same content."""
    stem, dot, end = kind.probe.partition(".")
    return file.with_name(f"{stem}-{file.stem.rpartition('-')[2]}{dot}{end}")


def _copies() -> Iterator[Path]:
    for kind in KINDS:
        for name in filter(None, (kind.file, kind.probe)):
            stem, dot, end = name.partition(".")
            yield from _folder().glob(f"{stem}-*{dot}{end}")
            yield from _folder().glob(f"{stem}-*{dot}{end}.*.tmp")
