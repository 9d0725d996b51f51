"""How busy others keep a GPU, as NVIDIA's management library says."""

from __future__ import annotations

import importlib
import importlib.util
import logging
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection

_log = logging.getLogger(__name__)


class GpuLoad:
    """Asks NVML. Where it or its Python package is missing or silent, nothing is known.

    Args:
        uuid: Of the GPU; empty: the first.
    """

    def __init__(self, uuid: str = "") -> None:
        self._nvml: Any = None
        self._device: Any = None
        self._seen_us = 0
        if importlib.util.find_spec("pynvml") is None:
            return
        nvml: Any = importlib.import_module("pynvml")
        try:
            nvml.nvmlInit()
            self._device = (
                nvml.nvmlDeviceGetHandleByUUID(uuid)
                if uuid
                else nvml.nvmlDeviceGetHandleByIndex(0)
            )
        except nvml.NVMLError as error:
            _log.debug("no NVML: %s", error)
        else:
            self._nvml = nvml

    def others_busy(self, own: Collection[int]) -> float | None:
        """Share of the time in which others than the processes `own` kept it busy, 0 to 1.

        None where it is not told, or not whose work it was while ours are on it, too.
        """
        nvml = self._nvml
        if nvml is None:
            return None
        try:
            busy = float(nvml.nvmlDeviceGetUtilizationRates(self._device).gpu)
            if busy:
                busy -= self._ours(own)
        except nvml.NVMLError as error:
            _log.debug("NVML does not tell: %s", error)
            return None
        return min(1.0, max(0.0, busy / 100))

    def _ours(self, own: Collection[int]) -> float:
        """Per cent of the time, of our processes; 0: none is on it."""
        nvml = self._nvml
        running = nvml.nvmlDeviceGetComputeRunningProcesses(self._device)
        if not any(each.pid in own for each in running):
            return 0.0
        try:
            samples = nvml.nvmlDeviceGetProcessUtilization(self._device, self._seen_us)
        except nvml.NVMLError_NotFound:  # No process has worked on it since.
            return 0.0
        self._seen_us = max((each.timeStamp for each in samples), default=self._seen_us)
        shares: dict[int, list[int]] = {}
        for each in samples:
            if each.pid in own:
                shares.setdefault(each.pid, []).append(each.smUtil)
        return sum(sum(each) / len(each) for each in shares.values())
