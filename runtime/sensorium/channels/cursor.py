"""The cursor: follows a channel record by record and says what it lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sensorium.channels.reader import Ring
from sensorium.channels.status import Status

if TYPE_CHECKING:
    from sensorium import records
    from sensorium.channels.region import Region


class Cursor(Ring):
    """Returns each record of a channel once, in order.

    Attributes:
        wanted: The number of the next record.
        lost: Records that were overwritten before this cursor came to them, in total.
    """

    def __init__(
        self,
        region: Region,
        name: str,
        record: records.Record | None = None,
        *,
        live: bool = True,
    ) -> None:
        super().__init__(region, name, record, live=live)
        self.lost = 0
        self.wanted = self.latest() + 1

    def seek_newest(self) -> None:
        """Starts behind the newest record: only later ones are returned."""
        self.wanted = self.latest() + 1

    def seek_oldest(self) -> None:
        """Starts at the oldest record that can still be read."""
        self.wanted = max(1, self.latest() - self.entry.slots + 2)

    def seek(self, n: int) -> None:
        """Goes on with record `n`: after a reconnect, or for older sound."""
        self.wanted = max(1, n)

    def next(self, now_ns: int) -> Status:
        """Takes the next record.

        Args:
            now_ns: The time of the caller's clock.

        Returns:
            NEW (or INVALID, for a record that says so) with the record in `sample`; SAME when
            there is no further one yet, INVALID with `sample.n` 0 when there never was one;
            STALE when there is none and the writer is gone or silent for too long; CLOSED,
            DENIED and VERSION as a reader does.
        """
        gone = self._gone()
        if gone is not None:
            return gone
        slots = self.entry.slots
        for _ in range(slots):
            latest = self._words[self._latest]
            if self.wanted > latest:
                if self.sample.n == 0 and latest == 0:
                    return self._never_written()
                return self._idle(now_ns)
            if latest - self.wanted >= slots - 1:
                oldest = latest - slots + 2
                self.lost += oldest - self.wanted
                self.wanted = oldest
            sample = self._copy(self.wanted)
            if sample is not None:
                self.sample = sample
                self.wanted += 1
                self.age_ns = max(0, now_ns - sample.publish_ns)
                self.reason = sample.reason
                return Status.NEW if sample.valid else Status.INVALID
            # Overwritten in mid-copy: `latest` has moved on, and the next turn counts the loss;
            # unchanged, the slot is broken and is skipped.
            if self._words[self._latest] == latest:
                self.lost += 1
                self.wanted += 1
        return Status.SAME

    def _idle(self, now_ns: int) -> Status:
        if self._abandoned(now_ns):
            return Status.STALE
        self.age_ns = max(0, now_ns - self.sample.publish_ns)
        if self.sample.n and 0 < self.entry.max_age_ns < self.age_ns:
            return Status.STALE
        return Status.SAME
