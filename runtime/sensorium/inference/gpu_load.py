"""How busy others keep a GPU, as NVIDIA's management library says."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sensorium.inference import nvml

if TYPE_CHECKING:
    from collections.abc import Callable

_log = logging.getLogger(__name__)
_NEW_US = 1_000_000
"""NVML keeps samples of some seconds; those count that are no older than this beside the newest."""


def descends(pid: int) -> bool:
    """Whether a process is this one or was started by it, at whatever remove.

    False where the system does not tell (all but Linux), and for a process of another namespace.
    """
    own = os.getpid()
    while pid > 1 and pid != own and sys.platform == "linux":
        try:
            pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
        except (OSError, ValueError, IndexError):
            return False
    return pid == own


class GpuLoad:
    """Asks NVML, whose own figures are of the last fraction of a second: for some times a second.

    Args:
        ours: Whether a process is one of the daemon's, whose work does not count.
    """

    def __init__(self, ours: Callable[[int], bool] = descends) -> None:
        self._nvml = nvml.opened()
        self._ours = ours
        self._newest: dict[str, int] = {}

    def __call__(self, uuid: str = "") -> float | None:
        """The share of the newest time in which a GPU worked for others, 0 to 1.

        Where NVML does not tell what each process takes (often on Windows), ours counts with it.

        Args:
            uuid: Of the device; empty: of all, the busiest.

        Returns:
            None where it cannot be asked.
        """
        nvml = self._nvml
        if nvml is None:
            return None
        try:
            if uuid:
                return self._share(nvml.nvmlDeviceGetHandleByUUID(uuid), uuid)
            return max(
                (
                    self._share(nvml.nvmlDeviceGetHandleByIndex(index), str(index))
                    for index in range(nvml.nvmlDeviceGetCount())
                ),
                default=None,
            )
        except nvml.NVMLError as error:
            _log.debug("NVML does not tell: %s", error)
            return None

    def _share(self, device: Any, key: str) -> float:
        busy = int(self._nvml.nvmlDeviceGetUtilizationRates(device).gpu)
        return min(100, max(0, busy - self._own(device, key))) / 100

    def _own(self, device: Any, key: str) -> int:
        """Per cent of the device that our processes take; 0 where that is not told."""
        since = max(0, self._newest.get(key, 0) - _NEW_US)
        try:
            samples = self._nvml.nvmlDeviceGetProcessUtilization(device, since)
        except self._nvml.NVMLError as error:
            _log.debug("NVML does not tell whose work it is: %s", error)
            return 0
        newest = self._newest[key] = max((int(one.timeStamp) for one in samples), default=0)
        taken: dict[int, int] = {}
        for one in sorted(samples, key=lambda one: int(one.timeStamp)):
            if one.timeStamp >= newest - _NEW_US:
                taken[int(one.pid)] = int(one.smUtil)
        return sum(share for pid, share in taken.items() if self._ours(pid))
