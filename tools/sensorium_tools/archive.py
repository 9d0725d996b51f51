"""Reads a file out of a package's archive, or out of one inside it, as data: nothing is run."""

from __future__ import annotations

import io
import lzma
import struct
import tarfile
import zipfile
import zlib
from typing import TYPE_CHECKING, BinaryIO

from sensorium.errors import EngineError

if TYPE_CHECKING:
    from pathlib import Path

MAX_BYTES = 2 << 30
"""A member that says it is larger is refused: a zip bomb, or no model of ours."""
BROKEN = (
    zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, struct.error, EOFError,
    MemoryError, NotImplementedError, OSError, OverflowError, RuntimeError, ValueError,
)
"""What the standard library raises for a damaged archive; ValueError has UnicodeDecodeError in it,
MemoryError is what a garbled size of LZMA's dictionary gives."""


def read_member(archive: Path, path: str) -> bytes:
    """The bytes of one file in an archive (zip, wheel or tar).

    Args:
        archive: The archive.
        path: Inside; `!` steps into an archive within the archive.

    Raises:
        EngineError: When an archive is damaged, or lacks the file.
    """
    *outer, inner = path.split("!")
    with archive.open("rb") as file:
        source: BinaryIO = file
        for step in outer:
            source = io.BytesIO(_member(archive, source, step))
        return _member(archive, source, inner)


def _member(path: Path, source: BinaryIO, name: str) -> bytes:
    try:
        # Not by the first bytes: MediaPipe's bundles have others in front.
        is_zip = zipfile.is_zipfile(source)
        source.seek(0)
        return _from_zip(source, name) if is_zip else _from_tar(source, name)
    except KeyError as error:
        raise EngineError(f"{path.name}: there is no {name} inside") from error
    except _TooLarge as error:
        raise EngineError(f"{path.name}: {name}: {error} bytes are too many") from error
    except BROKEN as error:
        raise EngineError(f"{path.name}: not a zip or tar file, or damaged: {error}") from error


class _TooLarge(Exception):
    pass


def _from_zip(source: BinaryIO, name: str) -> bytes:
    with zipfile.ZipFile(source) as archive:
        info = archive.getinfo(name)
        if info.file_size > MAX_BYTES:
            raise _TooLarge(info.file_size)
        return archive.read(info)


def _from_tar(source: BinaryIO, name: str) -> bytes:
    with tarfile.open(fileobj=source, mode="r:*") as archive:
        info = archive.getmember(name)
        if info.size > MAX_BYTES:
            raise _TooLarge(info.size)
        file = archive.extractfile(info)
        if file is None:
            raise KeyError(name)
        return file.read()
