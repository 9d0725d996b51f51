"""How long after it was played the game was heard in earlier sessions: a few numbers in a file.

Which loudspeakers and which microphone they are of is not kept: the sound itself tells which of
them holds, if any does.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from sensorium import folders
from sensorium.errors import EnrolmentError
from sensorium.perception import private_file
from sensorium.perception.delay_estimator import MOST_MS

if TYPE_CHECKING:
    from pathlib import Path

_log = logging.getLogger(__name__)

_FORMAT = 1
_MOST = 3
"""Loudspeakers, wireless headphones and one more."""
_MAX_BYTES = 4096
_SAME_MS = 5


def place() -> Path:
    """Where they lie."""
    return folders.data_dir() / "echo_delays.json"


class KnownDelays:
    """What is known of earlier sessions, the newest first.

    Args:
        path: The file; None: nothing is known, and nothing is kept.

    Attributes:
        ms: 0 to MOST_MS each.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self.ms: tuple[int, ...] = ()
        if path is not None:
            try:
                self.ms = private_file.read(
                    path, _checked, version=_FORMAT, max_bytes=_MAX_BYTES, again=""
                ) or ()
            except EnrolmentError as error:
                _log.info("%s; the delay of the echo is looked for anew", error.message)

    def keep(self, delay_ms: int) -> None:
        """Remembers a delay, for the next session, too; one that was kept last costs nothing."""
        if self._path is None or (self.ms and abs(delay_ms - self.ms[0]) <= _SAME_MS):
            return
        others = (one for one in self.ms if abs(delay_ms - one) > _SAME_MS)
        self.ms = (delay_ms, *others)[:_MOST]
        try:
            private_file.write(self._path, {"format": _FORMAT, "delays_ms": self.ms})
        except EnrolmentError as error:
            _log.info("%s; the delay of the echo is not kept", error.message)


def _checked(document: dict[str, Any]) -> tuple[int, ...]:
    given = document["delays_ms"]
    if len(given) > _MOST or not all(type(one) is int and 0 <= one <= MOST_MS for one in given):
        raise ValueError(f"delays_ms are not {_MOST} numbers of 0 to {MOST_MS} at most")
    return tuple(given)
