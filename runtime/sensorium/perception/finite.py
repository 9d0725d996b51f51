"""Whether what an engine gave can be used at all: a number that is none is never made one."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import numpy as np

from sensorium.errors import OutputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

_log = logging.getLogger(__name__)


def finite(values: NDArray[Any], name: str) -> NDArray[Any]:
    """The same values.

    Args:
        values: Of an engine, of any shape.
        name: Of the engine.

    Raises:
        OutputError: One is NaN or infinite.
    """
    if not np.isfinite(values).all():
        raise OutputError(
            f"{name}: gives numbers that are NaN or infinite",
            f"sensorium-engines verify {name} tries each precision of it",
        )
    return values


class Complaint:
    """Says once in the log that what an engine gives cannot be used, until it can again.

    Args:
        channel: Of the results.
    """

    def __init__(self, channel: str) -> None:
        self._channel = channel
        self._said = False

    def of(self, error: OutputError) -> None:
        """Of one picture it could not be used."""
        if not self._said:
            _log.warning("no %s: %s", self._channel, error)
        self._said = True

    def no_more(self) -> None:
        """Of one it could."""
        self._said = False
