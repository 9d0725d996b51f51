"""Files of a zip or tar archive by pattern, as data: nothing is unpacked to disk or run."""

from __future__ import annotations

import fnmatch
import io
import tarfile
import zipfile
from typing import TYPE_CHECKING

from sensorium.errors import EngineError
from sensorium_tools.archive import BROKEN

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from typing import BinaryIO

MAX_MEMBER_BYTES = 256 << 20
"""A member that says it is larger is refused: it is no sample of ours."""
MAX_MEMBERS = 100_000


def read(archive: Path, patterns: tuple[str, ...]) -> dict[str, bytes]:
    """The files whose path matches one of the patterns.

    Args:
        archive: A .zip, .whl, .tar.gz, .tar.bz2 or .tar.xz file.
        patterns: Paths inside; `*` stands for any characters, `!` steps into an archive within
            the archive.

    Returns:
        Path to content, in alphabetic order.

    Raises:
        EngineError: When the archive is damaged, or a pattern matches nothing in it.
    """
    found: dict[str, bytes] = {}
    try:
        with archive.open("rb") as file:
            plain = tuple(pattern for pattern in patterns if "!" not in pattern)
            found |= _unpacked(archive, file, plain) if plain else {}
            for pattern in patterns:
                if "!" in pattern:
                    outer, _, inner = pattern.partition("!")
                    for name, data in _unpacked(archive, file, (outer,)).items():
                        for path, content in _unpacked(archive, io.BytesIO(data), (inner,)).items():
                            found[f"{name}!{path}"] = content
    except BROKEN as error:
        raise EngineError(
            f"{archive}: not a zip or tar archive, or damaged: {error}", "delete it: it is "
            "fetched again"
        ) from error
    return dict(sorted(found.items()))


def _unpacked(archive: Path, file: BinaryIO, patterns: Sequence[str]) -> dict[str, bytes]:
    file.seek(0)
    unpack = _zip if zipfile.is_zipfile(file) else _tar
    file.seek(0)
    found = unpack(archive, file, patterns)
    for pattern in patterns:
        if not any(fnmatch.fnmatchcase(name, pattern) for name in found):
            raise EngineError(f"{archive.name}: there is no {pattern} inside")
    return found


def _zip(archive: Path, source: BinaryIO, patterns: Sequence[str]) -> dict[str, bytes]:
    with zipfile.ZipFile(source) as file:
        members = file.infolist()
        _bound(archive, len(members))
        found = {}
        for member in members:
            if not member.is_dir() and _wanted(member.filename, patterns):
                _bound_member(archive, member.filename, member.file_size)
                found[member.filename] = file.read(member)
        return found


def _tar(archive: Path, source: BinaryIO, patterns: Sequence[str]) -> dict[str, bytes]:
    with tarfile.open(fileobj=source, mode="r:*") as file:
        found = {}
        for count, member in enumerate(file):
            _bound(archive, count)
            if member.isfile() and _wanted(member.name, patterns):
                _bound_member(archive, member.name, member.size)
                data = file.extractfile(member)
                if data is not None:
                    found[member.name] = data.read()
        return found


def _wanted(name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)


def _bound(archive: Path, members: int) -> None:
    if members > MAX_MEMBERS:
        raise EngineError(f"{archive.name}: more than {MAX_MEMBERS} files are too many")


def _bound_member(archive: Path, name: str, size: int) -> None:
    if size > MAX_MEMBER_BYTES:
        raise EngineError(f"{archive.name}: {name}: {size} bytes are too many")
