"""A recording's file while it grows: after every piece it is a closed, readable MCAP file."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from mcap.data_stream import RecordBuilder
from mcap.records import DataEnd, Footer
from mcap.writer import MCAP0_MAGIC

from sensorium.errors import RecordingError

if TYPE_CHECKING:
    from pathlib import Path


def _ending() -> bytes:
    builder = RecordBuilder()
    DataEnd(data_section_crc=0).write(builder)
    Footer(summary_start=0, summary_offset_start=0, summary_crc=0).write(builder)
    return bytes(builder.end()) + MCAP0_MAGIC


ENDING = _ending()
"""The end of an MCAP file that has no summary."""


class GrowingFile:
    """What the MCAP writer writes to.

    The writer's output is collected until `commit`, which appends it and `ENDING` in one piece;
    the next piece overwrites that ending. So a process that is killed leaves at most one broken
    piece at the end, and a full disk none: the file is cut back to the last whole piece, whose
    ending has its room on the disk already.

    Args:
        path: Must not exist. Readable and writable by the user alone.

    Attributes:
        size: Bytes that are committed, `ENDING` not counted.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.size = 0
        self._pending = bytearray()
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle = os.open(path, flags, 0o600)
        except FileExistsError as error:
            raise RecordingError(f"{path}: exists already", "choose another name") from error
        except OSError as error:
            raise RecordingError(
                f"{path}: cannot be made: {error.strerror}", "choose a folder that you may write"
            ) from error
        self._raw = os.fdopen(handle, "r+b", buffering=0)

    def write(self, data: bytes) -> int:
        """Collects `data`; nothing reaches the disk before `commit`."""
        self._pending += data
        return len(data)

    def tell(self) -> int:
        """The offset that the next byte will have."""
        return self.size + len(self._pending)

    def flush(self) -> None:
        """Does nothing: see `commit`."""

    @property
    def pending(self) -> int:
        """Bytes that are collected and not committed."""
        return len(self._pending)

    def commit(self, *, last: bool = False) -> None:
        """Appends what was collected.

        Args:
            last: What was collected contains the file's own end.

        Raises:
            OSError: The disk is full, or the file may not grow; what was collected is dropped
                and the file is whole up to there.
        """
        piece = bytes(self._pending)
        self._pending.clear()
        try:
            self._put(self.size, piece if last else piece + ENDING)
        except OSError:
            self._cut()
            raise
        self.size += len(piece)

    def close(self) -> None:
        """Closes the file as it is."""
        self._raw.close()

    def _put(self, offset: int, data: bytes) -> None:
        self._raw.seek(offset)
        rest = memoryview(data)
        while rest:
            rest = rest[self._raw.write(rest) :]

    def _cut(self) -> None:
        if self.size == 0:
            self._raw.truncate(0)
            return
        self._raw.truncate(self.size + len(ENDING))
        self._put(self.size, ENDING)
