"""The log of grants: who was given or refused what, and when. Bounded, and this user's alone."""

from __future__ import annotations

import contextlib
import logging
import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sensorium import folders
from sensorium.errors import ControlError

if TYPE_CHECKING:
    from pathlib import Path

_log = logging.getLogger(__name__)

_FIELDS = ("at", "what", "app", "classes", "who")

MAX_BYTES = 256 * 1024
"""When the log is longer, its older half is dropped."""


def path() -> Path:
    """Where the log of this user's daemon lies."""
    return folders.data_dir() / "grants.log"


def read(log: Path) -> list[dict[str, str]]:
    """The events of a log, oldest first: at, what, app, classes, who.

    Raises:
        ControlError: It cannot be read.
    """
    try:
        text = log.read_text("utf-8", "replace")
    except FileNotFoundError:
        return []
    except OSError as error:
        raise ControlError(f"{log}: cannot be read: {error.strerror}") from error
    rows = (line.split("\t") for line in text.splitlines())
    return [dict(zip(_FIELDS, row, strict=True)) for row in rows if len(row) == len(_FIELDS)]


class Audit:
    """Appends one line an event. A log that cannot be written is reported once, not fatal.

    Args:
        path: Of the file; made with its folder when it is not there.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._failed = False

    def note(self, what: str, app: str, classes: str, who: str) -> None:
        """Adds a line.

        Args:
            what: allow, deny, revoke, opened, refused.
            app: The app's name.
            classes: Grant classes, separated by commas.
            who: The process that asked: its number and program.
        """
        when = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        fields = (_plain(text) for text in (what, app, classes, who))
        line = "\t".join((when, *fields)) + "\n"
        try:
            self._append(line)
        except OSError as error:
            if not self._failed:
                self._failed = True
                _log.warning("%s: the log of grants cannot be written: %s", self._path, error)

    def _append(self, line: str) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        with os.fdopen(os.open(self._path, flags, 0o600), "ab") as file:
            file.write(line.encode("utf-8", "backslashreplace"))
            size = file.tell()
        if size > MAX_BYTES:
            self._drop_older_half(len(line.encode("utf-8", "backslashreplace")))

    def _drop_older_half(self, last: int) -> None:
        """Keeps whole lines; of a file without any, as another hand may have made, the last one.

        Args:
            last: Bytes of the line that was added just now.
        """
        data = self._path.read_bytes()
        begin = data.find(b"\n", len(data) // 2, len(data) - last) + 1
        write_private(self._path, data[begin or -last :], durable=False)


def write_private(path: Path, data: bytes, *, durable: bool = True) -> None:
    """Puts a file in place at once and whole, readable by this user alone.

    Args:
        path: Of the file.
        data: Its new content.
        durable: Whether to wait until the disk has it.

    Raises:
        OSError: When it cannot be written; the old one is then as it was.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    beside.unlink(missing_ok=True)
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        with os.fdopen(os.open(beside, flags, 0o600), "wb") as file:
            file.write(data)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        os.replace(beside, path)
    except OSError:
        with contextlib.suppress(OSError):
            beside.unlink()
        raise


def _plain(text: str) -> str:
    """Text that cannot start a line or field of its own."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)
