"""ONNX Runtime on the CPU: fixed buffers, io-binding, one thread or threads that do not spin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

import numpy as np
import onnxruntime

from sensorium.errors import EngineError
from sensorium.health import Device, Precision
from sensorium.inference.feeds import FeedCheck

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from sensorium.inference.manifest import Manifest, Tensor

PROVIDER = "CPUExecutionProvider"
PRECISIONS = {"fp32": Precision.FP32, "fp16": Precision.FP16, "int8": Precision.INT8}
_ERRORS_ONLY = 3

_open_sessions: WeakValueDictionary[tuple[str, str, int, bool], Any] = WeakValueDictionary()
"""What is open in this process, by file, its sha256, threads and whether shapes vary."""

onnxruntime.disable_telemetry_events()
onnxruntime.set_default_logger_severity(_ERRORS_ONLY)


def session_options(threads: int) -> Any:
    """The settings of every session: given threads, which sleep when there is nothing to do."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.log_severity_level = _ERRORS_ONLY
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.inter_op.allow_spinning", "0")
    return options


class OnnxRuntimeEngine:
    """An ONNX graph; see `inference.engine.Engine`.

    Where all shapes are fixed, inputs are copied into buffers of its own and outputs come back in
    buffers of its own: nothing is allocated in a run. Engines of one file share its weights.
    """

    def __init__(self, manifest: Manifest, file: Path, threads: int = 1) -> None:
        self.name = manifest.name
        self.precision = PRECISIONS[manifest.precision]
        self.device = Device.CPU
        self.file_hash = int(manifest.sha256[:8], 16)
        self.labels = manifest.labels
        self.note = ""
        self.is_steady = not manifest.axes
        self._remedy = f"sensorium-engines build {manifest.name}"
        self._session: Any = self._share(manifest, file, threads)
        self.metadata: Mapping[str, str] = dict(self._session.get_modelmeta().custom_metadata_map)
        self._check_ports(manifest)
        self._check = FeedCheck(manifest)
        self._names = [tensor.name for tensor in manifest.outputs]
        self._inputs: dict[str, NDArray[Any]] = {}
        self._outputs: dict[str, NDArray[Any]] = {}
        self._binding: Any = None
        if not manifest.axes:
            self._bind(manifest)
        self.run(self._check.zeros())

    def run(self, feeds: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        """See `Engine.run`."""
        session = self._session
        if session is None:
            raise EngineError(f"{self.name}: was closed")
        if self._binding is None:
            self._check(feeds)
            try:
                return dict(zip(self._names, session.run(self._names, dict(feeds)), strict=True))
            except Exception as error:
                raise EngineError(f"{self.name}: the run failed: {error}") from error
        if feeds.keys() != self._inputs.keys():
            self._check(feeds)
        for name, buffer in self._inputs.items():
            given = feeds[name]
            if given.shape != buffer.shape or given.dtype != buffer.dtype:
                self._check(feeds)
            buffer[...] = given
        try:
            session.run_with_iobinding(self._binding)
        except Exception as error:
            raise EngineError(f"{self.name}: the run failed: {error}") from error
        return self._outputs

    def close(self) -> None:
        """See `Engine.close`."""
        self._binding = None
        self._session = None

    def _share(self, manifest: Manifest, file: Path, threads: int) -> Any:
        varying = bool(manifest.axes)
        key = str(file.resolve()), manifest.sha256, threads, varying
        session = _open_sessions.get(key)
        if session is None:
            session = _open_sessions[key] = self._open(file, threads, varying=varying)
        return session

    def _open(self, file: Path, threads: int, *, varying: bool) -> Any:
        options = session_options(threads)
        # An arena never gives back what the largest run took: 180 MB after Whisper's first 30 s.
        options.enable_cpu_mem_arena = not varying
        try:
            return onnxruntime.InferenceSession(str(file), options, providers=[PROVIDER])
        except Exception as error:
            raise EngineError(
                f"{self.name}: ONNX Runtime refuses {file.name}: {error}", self._remedy
            ) from error

    def _check_ports(self, manifest: Manifest) -> None:
        """ONNX Runtime only logs a provider that it cannot use, so ask what it took."""
        if self._session.get_providers() != [PROVIDER]:
            raise EngineError(f"{self.name}: runs on {self._session.get_providers()}")
        for said, found in (
            (manifest.inputs, self._session.get_inputs()),
            (manifest.outputs, self._session.get_outputs()),
        ):
            names = [tensor.name for tensor in said]
            if names != [node.name for node in found]:
                raise EngineError(
                    f"{self.name}: the graph has {[node.name for node in found]}, not {names}",
                    self._remedy,
                )

    def _bind(self, manifest: Manifest) -> None:
        self._inputs = {tensor.name: _buffer(tensor) for tensor in manifest.inputs}
        self._outputs = {tensor.name: _buffer(tensor) for tensor in manifest.outputs}
        self._binding = self._session.io_binding()
        for name, array in self._inputs.items():
            self._binding.bind_input(
                name, "cpu", 0, array.dtype, array.shape, array.ctypes.data
            )
        for name, array in self._outputs.items():
            self._binding.bind_output(
                name, "cpu", 0, array.dtype, array.shape, array.ctypes.data
            )


def _buffer(tensor: Tensor) -> NDArray[Any]:
    # Only a manifest without axes gets here, so no size is a name.
    return np.zeros(tensor.shape, np.dtype(tensor.type))  # type: ignore[arg-type]
