"""Whether the folder of games may hold others than at the last look, by when it was changed."""

from __future__ import annotations

import os

from sensorium.sensors.openxr_layer import folder

_COARSE_NS = 2_000_000_000
"""A change may bear the time of one that was seen: file systems tell times so coarsely, at most."""
_WHATEVER_NS = 10_000_000_000
"""So often it is looked at whatever its time says: not every file system tells it."""


class FolderWatch:
    """Follows the folder's time; for one thread."""

    def __init__(self) -> None:
        self._path = folder.path()
        self._changed_ns = 0
        self._fresh_until_ns = self._again_ns = 0

    def may_have_more(self, now_ns: int) -> bool:
        """Whether it is to be looked at.

        Args:
            now_ns: Monotonic.
        """
        try:
            changed_ns = os.stat(self._path).st_mtime_ns
        except OSError:
            changed_ns = 0
        if changed_ns != self._changed_ns:
            self._changed_ns, self._fresh_until_ns = changed_ns, now_ns + _COARSE_NS
        look = now_ns < self._fresh_until_ns or now_ns >= self._again_ns
        if look:
            self._again_ns = now_ns + _WHATEVER_NS
        return look
