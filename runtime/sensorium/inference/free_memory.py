"""How much memory of a GPU is free, as NVIDIA's management library says."""

from __future__ import annotations

import logging

from sensorium.inference import nvml

_log = logging.getLogger(__name__)


class FreeMemory:
    """Asks NVML. Where it or its Python package is missing or silent, nothing is known."""

    def __init__(self) -> None:
        self._nvml = nvml.opened()

    def __call__(self, uuid: str) -> int | None:
        """Free bytes of the device of a UUID; None where that cannot be asked."""
        nvml = self._nvml
        if nvml is None or not uuid:
            return None
        try:
            return int(nvml.nvmlDeviceGetMemoryInfo(nvml.nvmlDeviceGetHandleByUUID(uuid)).free)
        except nvml.NVMLError as error:
            _log.debug("NVML does not tell: %s", error)
            return None
