"""The process that uses the GPU: it loads and runs engines for another, and may die of it.

A driver may crash the process that uses it, hang in it, or fail in a way that only a new process
mends. So no process that runs a sense touches one: this does, and is killed when it must be.
"""

from __future__ import annotations

import contextlib
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sensorium.channels.mapping import Mapping, map_handle
from sensorium.errors import ControlError, EngineError, GpuBusy
from sensorium.inference import manifest as manifests
from sensorium.inference.backends import backend
from sensorium.inference.cuda.driver import find_driver
from sensorium.inference.gpu import Gpu
from sensorium.inference.shared_tensors import SharedTensors

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sensorium.control.link import Link
    from sensorium.inference.manifest import Manifest
    from sensorium.inference.tensorrt_engine import TensorRtEngine

_SEND_S = 5.0


class Worker:
    """Answers one request after the other, in the order that they come."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._hosted: dict[int, _Hosted] = {}

    def serve(self) -> None:
        """Loops until the other end is gone."""
        with contextlib.suppress(ControlError):
            while True:
                message = self._link.receive(None)
                if message is not None:
                    self._link.send(self._answer(*message), timeout_s=_SEND_S)
        for hosted in self._hosted.values():
            hosted.engine.close()

    def _answer(self, message: dict[str, Any], handles: Sequence[int]) -> dict[str, Any]:
        try:
            return {"ok": True, **getattr(self, f"_{message['op']}")(message, handles)}
        except EngineError as error:
            # Any other exception ends this process, which the other end sees.
            return {
                "ok": False, "kind": type(error).__name__, "message": error.message,
                "remedy": error.remedy,
            }

    def _devices(self, message: dict[str, Any], _: Sequence[int]) -> dict[str, Any]:
        return {"devices": [asdict(each) for each in find_driver(message["binding"]).devices()]}

    def _load(self, message: dict[str, Any], handles: Sequence[int]) -> dict[str, Any]:
        file = Path(message["file"])
        manifest = manifests.read(Path(message["manifest"]), "")
        memory = map_handle(handles[0], writable=True, keep_handle=False)
        make: Any = backend(manifest.backend)
        engine = make(manifest, file, 1, gpu=Gpu(**message["gpu"]))
        self._hosted[message["engine"]] = _Hosted(engine, manifest, memory)
        return {"memory": engine.memory}

    def _run(self, message: dict[str, Any], _: Sequence[int]) -> dict[str, Any]:
        hosted = self._hosted.get(message["engine"])
        if hosted is None:
            raise GpuBusy("the engine has just left the GPU")
        return {"shapes": hosted.run(message["shapes"]), "gpu_s": hosted.engine.gpu_s}

    def _unload(self, message: dict[str, Any], _: Sequence[int]) -> dict[str, Any]:
        hosted = self._hosted.pop(message["engine"], None)
        if hosted is not None:
            hosted.engine.close()
        return {}


class _Hosted:
    """One engine, and the memory that it shares with its user."""

    def __init__(self, engine: TensorRtEngine, manifest: Manifest, memory: Mapping) -> None:
        self.engine = engine
        self._tensors = SharedTensors(manifest)
        self._memory = memory
        self._inputs = [tensor.name for tensor in manifest.inputs]
        self._most = {tensor.name: manifest.sizes(tensor) for tensor in manifest.outputs}
        self._feeds: dict[str, NDArray[Any]] = {
            name: self._tensors.array(memory.view, name) for name in self._inputs
        }

    def run(self, shapes: dict[str, list[int]]) -> dict[str, tuple[int, ...]]:
        """Runs on what lies in the shared memory.

        Args:
            shapes: Of the inputs that are not at their largest.

        Returns:
            Shapes of the outputs that are not at their largest.
        """
        feeds = self._feeds
        if shapes:
            feeds = feeds | {
                name: self._tensors.array(self._memory.view, name, tuple(shape))
                for name, shape in shapes.items()
            }
        other = {}
        for name, array in self.engine.run(feeds).items():
            self._tensors.array(self._memory.view, name, array.shape)[...] = array
            if array.shape != self._most[name]:
                other[name] = array.shape
        return other
