"""Which inference backends there are; each is imported only when an engine needs it."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from pathlib import Path

    from sensorium.inference.engine import Engine
    from sensorium.inference.manifest import Manifest

BACKENDS: dict[str, str] = {
    "onnxruntime": "sensorium.inference.onnxruntime_engine:OnnxRuntimeEngine",
    "tensorrt-rtx": "sensorium.inference.tensorrt_engine:TensorRtRtx",
    "tensorrt": "sensorium.inference.tensorrt_engine:TensorRt",
}
"""Name in a card to `module:Class`."""


class Backend(Protocol):
    """Makes an engine of a built file."""

    def __call__(self, manifest: Manifest, file: Path, threads: int) -> Engine:
        """Loads `file` and runs it once, so that the first real call is not slower.

        Raises:
            EngineError: When the backend refuses the file.
        """
        ...


def backend(name: str) -> Backend:
    """The backend of a name in `BACKENDS`."""
    module, _, attribute = BACKENDS[name].partition(":")
    made: Backend = getattr(importlib.import_module(module), attribute)
    return made
