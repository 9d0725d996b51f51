"""NVIDIA's management library, where it and its Python package are there."""

from __future__ import annotations

import importlib
import importlib.util
import logging
from typing import Any

_log = logging.getLogger(__name__)


def opened() -> Any:
    """The module `pynvml`, ready for use; None where it or the library is missing."""
    if importlib.util.find_spec("pynvml") is None:
        return None
    nvml: Any = importlib.import_module("pynvml")
    try:
        nvml.nvmlInit()
    except nvml.NVMLError as error:
        _log.debug("no NVML: %s", error)
        return None
    return nvml
