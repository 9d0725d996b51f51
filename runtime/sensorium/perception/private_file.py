"""A small JSON file of the user's alone: written whole or not at all, read with a bound."""

from __future__ import annotations

import contextlib
import json
import os
from typing import TYPE_CHECKING, Any

from sensorium.errors import EnrolmentError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import TypeVar

    Kept = TypeVar("Kept")


def stamp(path: Path) -> object:
    """A value that changes when the file appears, changes or goes; None while it is not there."""
    try:
        status = path.stat()
    except OSError:
        return None
    return (status.st_mtime_ns, status.st_size, status.st_ino)


def write(path: Path, document: dict[str, Any], *, indent: int | None = None) -> None:
    """Keeps a document, in the place of the one before, for the user's eyes alone.

    Raises:
        EnrolmentError: When it cannot be written.
    """
    # Of this process: two that enrol at once must not write into one file.
    draft = path.with_suffix(f".{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft.unlink(missing_ok=True)
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(document, file, indent=indent)
        draft.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)
        raise EnrolmentError(
            f"{path}: cannot be written: {error.strerror}", "make room there, or mend its rights"
        ) from error


def read(
    path: Path, checked: Callable[[dict[str, Any]], Kept], *, version: int, max_bytes: int,
    again: str,
) -> Kept | None:
    """Reads a document.

    Args:
        path: The file.
        checked: Makes of it what is kept; any of Python's errors of wrong values means damage.
        version: Of its key "format".
        max_bytes: A larger file is not read.
        again: The remedy where it cannot be used.

    Returns:
        None: there is none.

    Raises:
        EnrolmentError: It is broken, or of another format.
    """
    try:
        with path.open("rb") as file:
            data = file.read(max_bytes + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise EnrolmentError(
            f"{path}: cannot be read: {error.strerror}", "mend its rights, or delete it"
        ) from error
    try:
        if len(data) > max_bytes:
            raise ValueError(f"is larger than {max_bytes} bytes")
        document = json.loads(data)
        if document["format"] != version:
            raise EnrolmentError(
                f"{path}: is of format {document['format']}, this version has {version}", again
            )
        return checked(document)
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        raise EnrolmentError(f"{path}: is damaged: {error!r}", again) from error


def delete(path: Path) -> bool:
    """Deletes it; False when there was none.

    Raises:
        EnrolmentError: When it cannot be deleted.
    """
    try:
        path.unlink()
    except FileNotFoundError:
        return False
    except OSError as error:
        raise EnrolmentError(
            f"{path}: cannot be deleted: {error.strerror}", "delete it yourself"
        ) from error
    return True
