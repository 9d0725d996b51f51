"""Takes every record of some grant classes, each once, until the daemon ends."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from sensorium.channels.cursor import Cursor
from sensorium.channels.status import Status
from sensorium.channels.wait import wait_any
from sensorium.clock import now_ns
from sensorium.errors import ControlError, DeniedError
from sensorium.recording import channels_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sensorium.channels.reader import Snapshot
    from sensorium.channels.region import Region, Waiters
    from sensorium.control.client import Client

_NAP_S = 0.004
"""After each round: records that come together are taken together. A state channel keeps three,
33 ms at 90 Hz."""


class Taking:
    """The cursors of all channels of some classes.

    Args:
        client: A connection; the regions are asked for again when they were replaced.
        classes: Grant classes.

    Attributes:
        lost: Channel to records that were overwritten before they were taken.
        ended: Why nothing more comes; empty while something may.

    Raises:
        DeniedError: There is no grant for a class; the remedy is the command that gives it.
    """

    def __init__(self, client: Client, classes: Sequence[str]) -> None:
        self.lost: dict[str, int] = {}
        self.ended = ""
        self._client = client
        self._open: dict[str, tuple[Region, Waiters]] = {}
        self._cursors: dict[str, list[Cursor]] = {}
        for region in classes:
            self._enter(region)

    def round(self, timeout_s: float) -> Iterator[tuple[str, Snapshot]]:
        """Waits for something new, at most `timeout_s`, then gives what there is."""
        pairs = [
            (cursor, self._open[region][1])
            for region, cursors in self._cursors.items()
            for cursor in cursors
        ]
        if not pairs:
            return
        rings = [(cursor, cursor.wanted - 1) for cursor, _ in pairs]
        if wait_any(rings, [page for _, page in pairs], timeout_s):
            time.sleep(_NAP_S)
        for region in tuple(self._cursors):
            yield from self._take(region)

    def close(self) -> None:
        """Unmaps everything."""
        for region in tuple(self._open):
            self._leave(region)

    def _take(self, region: str) -> Iterator[tuple[str, Snapshot]]:
        now = now_ns()
        for cursor in self._cursors[region]:
            before = cursor.lost
            while True:
                wanted = cursor.wanted
                status = cursor.next(now)
                if status in (Status.CLOSED, Status.DENIED):
                    self._again(region, status)
                    return
                if cursor.wanted == wanted:
                    break
                yield cursor.name, cursor.sample
            if cursor.lost > before:
                self.lost[cursor.name] = self.lost.get(cursor.name, 0) + cursor.lost - before

    def _again(self, region: str, status: Status) -> None:
        """The region was closed, replaced or its grant withdrawn."""
        self._leave(region)
        try:
            if status == Status.CLOSED:
                self._enter(region)
                return
        except DeniedError:
            status = Status.DENIED
        except ControlError:
            self.ended = "the daemon stopped"
            return
        self.ended = f"the grant for {region} was withdrawn"

    def _enter(self, region: str) -> None:
        self._open[region] = opened = self._client.open(region)
        self._cursors[region] = [
            Cursor(opened[0], channel.name) for channel in channels_of((region,))
        ]

    def _leave(self, region: str) -> None:
        self._cursors.pop(region, None)
        mapped, waiters = self._open.pop(region)
        mapped.close()
        waiters.close()
