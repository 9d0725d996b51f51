"""Folders that training writes: whole or not at all, and the old ones back when it goes wrong."""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sensorium.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path


@contextmanager
def placed(folders: Mapping[Path, Mapping[str, bytes]], *, private: bool = False) -> Iterator[None]:
    """Puts folders with their files in their places; those of the same names are replaced.

    When the block ends with an error, or Ctrl-C, all is as it was before.

    Args:
        folders: Each with its files' names and content.
        private: Whether only the user may read them.

    Raises:
        EngineError: When one cannot be written.
    """
    beside = {
        folder: [folder.with_name(f".{folder.name}.{os.getpid()}.{kind}")
                 for kind in ("part", "old")]
        for folder in folders
    }
    put: list[Path] = []
    try:
        for folder, files in folders.items():
            part, old = beside[folder]
            folder.parent.mkdir(parents=True, exist_ok=True)
            part.mkdir(mode=0o700 if private else 0o777)
            for name, data in files.items():
                (part / name).write_bytes(data)
                if private:
                    (part / name).chmod(0o600)
            if folder.exists():
                os.replace(folder, old)
            put.append(folder)
            os.replace(part, folder)
        yield
    except BaseException as error:
        for folder in put:
            shutil.rmtree(folder, ignore_errors=True)
            if beside[folder][1].exists():
                os.replace(beside[folder][1], folder)
        if isinstance(error, OSError):
            raise EngineError(
                f"{error.filename}: cannot be written: {error.strerror}",
                "make room, or set SENSORIUM_DATA_DIR",
            ) from error
        raise
    finally:
        for pair in beside.values():
            for path in pair:
                shutil.rmtree(path, ignore_errors=True)
