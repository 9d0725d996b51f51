"""A file of the user's that a running sense follows: read again when it changes."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Generic, TypeVar

from sensorium.errors import EnrolmentError
from sensorium.perception import private_file

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_log = logging.getLogger(__name__)
_NEVER = object()
LOOK_NS = 250_000_000
"""How often the file is looked at while hands are seen."""

Kept = TypeVar("Kept")


class FollowedFile(Generic[Kept]):
    """Follows one file.

    Args:
        path: The file; it need not be there.
        read: Reads it. What it gives or raises where there is no file counts like any other, but
            that is not logged.
        what: That is kept in it, for a message.

    Attributes:
        version: Raised with each change.
        kept: What was read; None while it cannot be used.
        problem: Why it cannot be used, with the remedy; else empty.
    """

    def __init__(self, path: Path, read: Callable[[Path], Kept], what: str) -> None:
        self._path, self._read, self._what = path, read, what
        self._stamp: object = _NEVER
        self._looked_ns: int | None = None
        self.version = 0
        self.kept: Kept | None = None
        self.problem = ""

    def glance(self, time_ns: int) -> bool:
        """As `look`, but not again within `LOOK_NS` of the frames' time."""
        looked = self._looked_ns
        if looked is None or not 0 <= time_ns - looked < LOOK_NS:
            self._looked_ns = time_ns
            return self.look()
        return False

    def look(self) -> bool:
        """Reads the file where it has changed since the last look; whether it has."""
        stamp = private_file.stamp(self._path)
        if stamp == self._stamp:
            return False
        self._stamp = stamp
        self.version += 1
        self.kept, self.problem = None, ""
        try:
            self.kept = self._read(self._path)
        except EnrolmentError as error:
            self.problem = str(error)
            if stamp is not None:
                _log.warning("%s cannot be used: %s", self._what, error)
        return True
