"""How busy others keep a GPU, as NVIDIA's management library says."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sensorium.inference import nvml

if TYPE_CHECKING:
    from collections.abc import Collection

_log = logging.getLogger(__name__)
_NEW_US = 1_000_000
"""NVML keeps samples of some seconds; those count that are no older than this beside the newest."""


class GpuLoad:
    """Asks NVML. Where it or its Python package is missing or silent, nothing is known.

    Args:
        uuid: Of the GPU; empty: of all, the one that others keep busiest.
    """

    def __init__(self, uuid: str = "") -> None:
        self._nvml = nvml.opened()
        self._uuid = uuid
        self._newest: dict[str, int] = {}

    def others_busy(self, own: Collection[int]) -> float | None:
        """Share of the time in which others than our processes kept it busy, 0 to 1.

        Args:
            own: Our processes, those on the GPU, too. What one of them started is ours, as Linux
                tells: one on the GPU is not known at once.

        Returns:
            None where it is not told, or not whose work it was while ours are on it, too. A GPU of
            several that does not tell is left out.
        """
        nvml = self._nvml
        if nvml is None:
            return None
        told = []
        try:
            names = [self._uuid] if self._uuid else range(nvml.nvmlDeviceGetCount())
        except nvml.NVMLError as error:
            _log.debug("NVML does not tell: %s", error)
            return None
        for name in names:
            try:
                device = (
                    nvml.nvmlDeviceGetHandleByUUID(name)
                    if self._uuid
                    else nvml.nvmlDeviceGetHandleByIndex(name)
                )
                told.append(self._share(str(name), device, own))
            except nvml.NVMLError as error:
                _log.debug("NVML does not tell of %s: %s", name, error)
        return max(told, default=None)

    def _share(self, name: str, device: Any, own: Collection[int]) -> float:
        busy = int(self._nvml.nvmlDeviceGetUtilizationRates(device).gpu)
        if busy:
            busy -= self._ours(name, device, own)
        return min(100, max(0, busy)) / 100

    def _ours(self, name: str, device: Any, own: Collection[int]) -> int:
        """Per cent of the time, of our processes; 0: none is on it."""
        running = self._nvml.nvmlDeviceGetComputeRunningProcesses(device)
        if not any(_is_of(int(each.pid), own) for each in running):
            return 0
        since = max(0, self._newest.get(name, 0) - _NEW_US)
        try:
            samples = self._nvml.nvmlDeviceGetProcessUtilization(device, since)
        except self._nvml.NVMLError_NotFound:  # No process has worked on it since.
            return 0
        newest = self._newest[name] = max((int(each.timeStamp) for each in samples), default=0)
        shares: dict[int, int] = {}
        for each in sorted(samples, key=lambda each: int(each.timeStamp)):
            if each.timeStamp >= newest - _NEW_US:
                shares[int(each.pid)] = int(each.smUtil)
        return sum(share for pid, share in shares.items() if _is_of(pid, own))


def _is_of(pid: int, own: Collection[int]) -> bool:
    """Whether a process is one of some, or was started by one, at whatever remove."""
    while pid not in own:
        if pid <= 1 or sys.platform != "linux":
            return False
        try:
            pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
        except (OSError, ValueError, IndexError):
            return False
    return True
