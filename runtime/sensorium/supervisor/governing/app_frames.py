"""An app's frames as it writes them into its region: each is copied first, then checked."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from sensorium import records
from sensorium.channels.layout import Entry, Slot
from sensorium.inference.governor.frame import Frame
from sensorium.supervisor.governing.in_time import MOST, MOST_NS, ROOMY_NS, InTime
from sensorium.supervisor.intake import times_are_good

if TYPE_CHECKING:
    from sensorium.channels.region import Region

AT_ONCE = 128
"""Frames that are taken in one look, the newest: more than come while the PC has no time for it."""
FIELDS = struct.Struct(
    f"<{Slot.LENGTH}xIH{Slot.RECORD - Slot.VALID - 2}x8QI"
)
"""Of a slot: length and validity, then all but the last field of `records.FRAME_TIMING`."""
_TIMES = struct.Struct(f"<{Slot.RECORD + 8}x4Q16xQ")
"""Of those, what tells whether it was in time."""


class AppFrames:
    """Reads the frames that one app tells of itself.

    It follows the ring as a cursor does, but for what a governor has no use for: a thread that
    wakes up for each frame runs cold, where every call costs several times what it does elsewhere.

    Args:
        region: The app's, mapped for this reader alone; closed with it. Its table is the daemon's
            own, since the app may write to the region's.
    """

    def __init__(self, region: Region) -> None:
        entry = region.entry("frame_timing")
        self._region = region
        self._words, self._view = region.words, region.view
        self._latest = (entry.base + Entry.LATEST) // 8
        self._ring = entry.offset, entry.slots, entry.stride
        self._seen = self._looked = self._words[self._latest]
        self._end_ns = 0
        self._in_time = InTime()

    def left(self, *, patient: bool) -> int:
        """See `Source.left`. What stands there is checked when it is taken."""
        latest, looked = self._words[self._latest], self._looked
        if not looked < latest < self._seen + MOST:
            return 0
        view, unpack, holds = self._view, _TIMES.unpack_from, self._in_time.holds
        offset, slots, stride = self._ring
        end = 0
        for n in range(looked + 1, latest + 1):
            begin, end, display, period, missed = unpack(view, offset + n % slots * stride)
            if not holds(begin, end, display, period, missed):
                return 0
        most = ROOMY_NS if patient and self._in_time.roomy else MOST_NS
        if end > self._end_ns + most:
            return 0
        self._looked = latest
        return end

    def take(self, now_ns: int) -> list[Frame]:
        """What is new and keeps every rule, oldest first."""
        words, view = self._words, self._view
        latest, seen, after_ns = words[self._latest], self._seen, 0
        self._seen = self._looked = latest
        found: list[Frame] = []
        if latest == seen:
            return found
        if latest < seen:
            # Numbers never go back, but an app can write what it likes: what is later is new.
            seen, after_ns = 0, self._end_ns
        offset, slots, stride = self._ring
        for n in range(max(seen, latest - AT_ONCE) + 1, latest + 1):
            at = offset + n % slots * stride
            if words[at // 8] != 2 * n:
                continue
            (length, valid, number, begin, end, display, period, cpu, gpu, missed, source) = (
                FIELDS.unpack_from(view, at)
            )
            if (
                words[at // 8] == 2 * n
                and length == records.FRAME_TIMING.size
                and valid == 1
                and end > after_ns
                and times_are_good(begin, end, period, cpu, gpu, source, now_ns)
            ):
                found.append(Frame(number, begin, end, display, period, cpu, gpu, missed))
        if found:
            self._end_ns = found[-1].end_ns
            self._in_time.taken(found)
        return found

    def close(self) -> None:
        """Unmaps the region."""
        self._region.close()
