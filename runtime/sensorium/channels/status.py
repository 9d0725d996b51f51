"""What a read returns."""

from __future__ import annotations

from enum import IntEnum


class Status(IntEnum):
    """The answer of a read; where several hold, the first of VERSION, DENIED, CLOSED, STALE."""

    NEW = 1
    """A record that this reader has not returned before."""
    SAME = 2
    """The same record as last time, still fresh."""
    STALE = 3
    """The last record, but too old, or its writer or the daemon is gone."""
    INVALID = 4
    """The writer says that it has nothing to give; the sample's reason says why."""
    DENIED = 5
    """The grant was withdrawn."""
    CLOSED = 6
    """The daemon stopped, or a newer region took this one's place: connect again."""
    VERSION = 7
    """The channel carries another record than this reader knows."""
