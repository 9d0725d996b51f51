"""What TensorRT for RTX compiled on this device, kept beside the plan for the next start."""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

_log = logging.getLogger(__name__)


class RuntimeCache:
    """The cache of one plan on one kind of device; nothing where the runtime has none.

    Args:
        config: The runtime's configuration, before a context is made with it.
        plan: The plan's file.
        compute: The device's compute capability.
    """

    def __init__(self, config: Any, plan: Path, compute: str) -> None:
        self._path = plan.with_name(f"{plan.name}.{compute}.jit")
        self._cache: Any = None
        if hasattr(config, "create_runtime_cache"):
            self._cache = config.create_runtime_cache()
            self._known = self._read()
            config.set_runtime_cache(self._cache)

    def _read(self) -> bytes:
        try:
            data = self._path.read_bytes()
        except OSError:
            return b""
        # One of another version is refused, and is then written anew.
        return data if self._cache.deserialize(data) else b""

    def save(self) -> None:
        """Writes what was compiled since; a folder that cannot be written is no failure."""
        if self._cache is None:
            return
        data = bytes(self._cache.serialize())
        if data == self._known:
            return
        partial = self._path.with_name(f"{self._path.name}.{os.getpid()}")
        try:
            partial.write_bytes(data)
            partial.replace(self._path)
        except OSError as error:
            _log.warning("%s cannot be written: %s", self._path, error.strerror)
            partial.unlink(missing_ok=True)
