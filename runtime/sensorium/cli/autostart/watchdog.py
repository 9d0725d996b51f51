"""Notices a daemon that hangs, by the heartbeat in its public region."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sensorium.channels.layout import Header
from sensorium.channels.region import Region
from sensorium.errors import ChannelError

if TYPE_CHECKING:
    from pathlib import Path

EVERY_S = 5.0
LOOKS = 24
"""So many looks, two minutes, without a heartbeat: it beats ten times a second, so one that is only
slow has beaten long since."""
_PREFIX = "public."


class Watchdog:
    """Counts looks, not time: while the PC sleeps nobody looks, and nothing beats.

    Args:
        every_s: Time between two looks.
        looks: After so many without another heartbeat it hangs.
    """

    def __init__(self, every_s: float, looks: int) -> None:
        self._every_s = every_s
        self._most = looks
        self._looks = self._unseen = 0
        self._beat: int | None = None
        self._looked_s = 0.0

    def hangs(self, beat: int | None, now_s: float) -> bool:
        """Takes one look.

        Args:
            beat: The newest heartbeat; None: it cannot be seen, as while the daemon starts or ends.
                One that was seen and cannot be for all looks hangs at its end.
            now_s: A monotonic time. A look that comes late counts anew: this process stood still,
                too.
        """
        late = now_s - self._looked_s > 2 * self._every_s
        self._looked_s = now_s
        if beat is None:
            self._unseen = 0 if late or self._beat is None else self._unseen + 1
            return self._unseen >= self._most
        if beat != self._beat or late or self._unseen:
            self._beat, self._looks, self._unseen = beat, 0, 0
            return False
        self._looks += 1
        return self._looks >= self._most


def heartbeat(folder: Path, pid: int) -> int | None:
    """When a daemon was alive last, ns of its clock; None: it cannot be seen.

    Args:
        folder: The runtime folder.
        pid: Of the daemon: another's heartbeat says nothing of it.
    """
    try:
        numbered = [
            (int(path.name.removeprefix(_PREFIX)), path) for path in folder.glob(f"{_PREFIX}*")
            if path.name.removeprefix(_PREFIX).isdecimal()
        ]
        region = Region.map_path(max(numbered)[1])
    except (ChannelError, OSError, ValueError):
        return None
    try:
        if region.words[Header.SUPERVISOR_PID // 8] != pid:
            return None
        return region.words[Header.HEARTBEAT_NS // 8] or None
    finally:
        region.close()
