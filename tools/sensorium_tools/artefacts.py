"""What was made once and need not be made again, found by all that it was made from.

An artefact is a folder of files named after its key: the sha256 of what decides its content.
It appears in one step and never changes, so that two builders at once, Ctrl-C and a full disk
leave either the whole artefact or none. Each file's sha256 stands beside it: one that was changed
is thrown away and made anew.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sensorium import folders
from sensorium.inference.store import sha256

if TYPE_CHECKING:
    from collections.abc import Mapping

_SUMS = "sums.json"
_PART = ".part-"
_ABANDONED_S = 3600.0
"""A half-made folder that was not touched for so long belongs to a builder that was killed."""


def root() -> Path:
    """The folder of all artefacts."""
    return folders.cache_dir() / "artefacts"


def key(kind: str, **made_from: Any) -> str:
    """The key of an artefact: of a kind, and of everything that decides its content.

    Args:
        kind: What it is.
        made_from: Values that JSON can hold.
    """
    text = json.dumps([kind, made_from], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def find(name: str) -> Path | None:
    """The folder of a key, where it is there and whole.

    Finding it counts as use: what was not used for longest goes first.
    """
    folder = root() / name
    try:
        sums = json.loads((folder / _SUMS).read_bytes())
        whole = all(sha256(folder / file) == said for file, said in sums.items())
    except (OSError, ValueError, AttributeError):
        whole = False
    if not whole:
        shutil.rmtree(folder, ignore_errors=True)
        return None
    os.utime(folder)
    return folder


def keep(name: str, files: Mapping[str, bytes]) -> Path:
    """Keeps files under a key.

    Returns:
        Their folder. Where another builder was faster it is his: the content is the same.

    Raises:
        OSError: When they cannot be written; nothing is left then.
    """
    root().mkdir(parents=True, exist_ok=True)
    part = Path(tempfile.mkdtemp(prefix=_PART, dir=root()))
    try:
        for file, data in files.items():
            _write(part / file, data)
        sums = {file: hashlib.sha256(data).hexdigest() for file, data in files.items()}
        _write(part / _SUMS, json.dumps(sums, sort_keys=True).encode())
        try:
            os.rename(part, root() / name)
        except OSError:
            found = find(name)
            if found is None:
                raise
            return found
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return root() / name


@dataclass(frozen=True)
class Swept:
    """What `sweep` did.

    Attributes:
        removed: Things that are gone.
        freed: Their bytes.
        left: Bytes that are still there.
    """

    removed: int
    freed: int
    left: int


def sweep(max_bytes: int) -> Swept:
    """Removes what was not used for longest, until the cache is within a size.

    Artefacts and downloads are in the bound; what is installed for the daemon is not touched.

    Args:
        max_bytes: Of artefacts, samples and downloads together.
    """
    rooms = [root(), folders.cache_dir() / "downloads", folders.cache_dir() / "samples"]
    entries = [
        found for room in rooms if room.is_dir() for entry in room.iterdir()
        if (found := _entry(entry)) is not None
    ]
    abandoned = time.time() - _ABANDONED_S
    total = sum(size for _, size, _ in entries)
    removed = freed = 0
    for used, size, entry in sorted(entries, key=lambda item: item[0]):
        is_part = entry.name.startswith(".")
        if (is_part and used < abandoned) or (not is_part and total - freed > max_bytes):
            _remove(entry)
            removed += 1
            freed += size
    return Swept(removed, freed, total - freed)


def _entry(path: Path) -> tuple[float, int, Path] | None:
    """When it was last used, its bytes, and where it is; None where another sweep was faster."""
    try:
        status = path.stat()
        size = (
            sum(inner.stat().st_size for inner in path.rglob("*") if inner.is_file())
            if path.is_dir() else status.st_size
        )
    except FileNotFoundError:
        return None
    return status.st_mtime, size, path


def _remove(entry: Path) -> None:
    if entry.is_dir() and not entry.is_symlink():
        shutil.rmtree(entry, ignore_errors=True)
    else:
        entry.unlink(missing_ok=True)


def _write(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
