"""TensorRT for RTX and TensorRT 11: a plan on an NVIDIA GPU.

Only what both have is used, but for what `hasattr` shows to be there. Device memory is our own:
the runtime allocates none behind our back, and what an engine takes is known before it takes it.
Without a driver TensorRT 11 crashes where TensorRT for RTX answers; see `inference.worker`.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import logging
from typing import TYPE_CHECKING, Any

from sensorium.errors import EngineError, GpuError, GpuMemory
from sensorium.health import Device, Precision
from sensorium.inference.cuda.driver import find_driver
from sensorium.inference.cuda.session import Buffer, Session, open_session
from sensorium.inference.feeds import FeedCheck
from sensorium.inference.gpu import MIB, Gpu
from sensorium.inference.plans import least_memory
from sensorium.inference.runtime_cache import RuntimeCache
from sensorium.inference.tensorrt_port import Port, ports

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from sensorium.inference.manifest import Manifest

_log = logging.getLogger(__name__)


class TensorRtEngine:
    """A plan; see `inference.engine.Engine`.

    Inputs are copied into pinned memory, outputs come back in pinned memory: nothing is allocated
    in a run. `close` frees the arrays that `run` gave.

    Args:
        manifest: Of the plan: its own file, hash, precision, inputs and outputs.
        file: The plan.
        threads: Has no meaning here.
        gpu: Where it runs.
        module: `tensorrt_rtx` or `tensorrt`.

    Raises:
        GpuError: When the GPU is not there or has no room.
        EngineError: When the plan is of another version, damaged, or not what the manifest says.

    Attributes:
        memory: Bytes of the device that it takes: its weights, for which the plan's size stands,
            what it reckons in, inputs and outputs. What CUDA takes for the process comes to it.
        gpu_s: What the newest run took, copies included, by the device's clock.
    """

    def __init__(
        self,
        manifest: Manifest,
        file: Path,
        threads: int = 1,
        gpu: Gpu | None = None,
        module: str = "",
    ) -> None:
        del threads
        gpu = gpu or Gpu()
        self.name = manifest.name
        self.precision = Precision[manifest.precision.upper()]
        self.device = Device.GPU
        self.file_hash = int(manifest.sha256[:8], 16)
        self.labels = manifest.labels
        self.note = ""
        self.is_steady = False
        self.metadata: Mapping[str, str] = {}
        self._check = FeedCheck(manifest)
        self._remedy = f"sensorium-engines build {manifest.name}"
        self._trt = self._import(module)
        self._runtime: Any = None
        self._engine: Any = None
        self._context: Any = None
        self._cache: RuntimeCache | None = None
        self._arrays: dict[tuple[str, tuple[int, ...]], tuple[NDArray[Any], int]] = {}
        self._problems: list[str] = []
        self._session: Session | None = open_session(find_driver(gpu.binding), gpu.uuid)
        try:
            self._load(manifest, file, gpu)
            self.run(self._check.zeros())
            if self._cache is not None:
                self._cache.save()
        except BaseException:
            self.close()
            raise

    def run(self, feeds: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        """See `Engine.run`."""
        session = self._session
        if session is None:
            raise EngineError(f"{self.name}: was closed")
        self._check(feeds)
        session.enter()
        for port in self._inputs:
            self._feed(session, port, feeds[port.name])
        if not self._context.execute_async_v3(session.stream):
            session.finish()
            raise EngineError(f"{self.name}: the run failed: {self._said()}")
        outputs = {}
        for port in self._outputs:
            shape = tuple(self._context.get_tensor_shape(port.name)) if port.varies else port.most
            array, size = self._views(port, shape)
            session.download(self._host[port.name], self._device[port.name], size)
            outputs[port.name] = array
        session.finish()
        self.gpu_s = session.took_s()
        return outputs

    def close(self) -> None:
        """See `Engine.close`."""
        # In this order: each is used by the one before.
        self._cache = None
        self._context = None
        self._engine = None
        self._runtime = None
        self._arrays = {}
        if self._session is not None:
            self._session.close()
            self._session = None

    def _import(self, module: str) -> Any:
        if importlib.util.find_spec(module) is None:
            extra = {"tensorrt_rtx": "rtx"}.get(module, module)
            raise EngineError(
                f"{self.name}: {module} is not installed", f"pip install sensorium[{extra}]"
            )
        return importlib.import_module(module)

    def _load(self, manifest: Manifest, file: Path, gpu: Gpu) -> None:
        trt, session = self._trt, self._session
        assert session is not None
        self._logger = _logger(trt, self._problems)
        self._runtime = trt.Runtime(self._logger)
        plan = file.read_bytes()
        self.memory = least_memory(manifest, len(plan))
        gpu.admit(self.name, self.memory)
        self._engine = self._runtime.deserialize_cuda_engine(plan)
        if self._engine is None:
            raise EngineError(
                f"{self.name}: {trt.__name__} {trt.__version__} refuses {file.name}: "
                f"{self._validity(plan) or self._said()}",
                self._remedy,
            )
        self._inputs, self._outputs = ports(trt, self._engine, manifest, self._remedy)
        scratch = int(self._engine.device_memory_size_v2)
        needed = scratch + sum(port.size for port in (*self._inputs, *self._outputs))
        self.memory += scratch
        gpu.admit(self.name, self.memory)
        free = session.free_memory()
        if free - needed < gpu.reserve_mib * MIB:
            raise GpuMemory(
                f"{self.name}: needs {needed / MIB:.0f} MiB more, {free / MIB:.0f} MiB are free "
                f"and {gpu.reserve_mib} MiB of them are the game's",
                "inference.reserve_mib is the game's share",
            )
        config = self._engine.create_runtime_config()
        config.set_execution_context_allocation_strategy(
            trt.ExecutionContextAllocationStrategy.USER_MANAGED
        )
        if hasattr(config, "cuda_graph_strategy"):
            config.cuda_graph_strategy = trt.CudaGraphStrategy.WHOLE_GRAPH_CAPTURE
        self._cache = RuntimeCache(config, file, session.device.compute)
        self._context = self._engine.create_execution_context(config)
        if self._context is None:
            raise GpuError(f"{self.name}: no execution context: {self._said()}")
        memory = session.device_buffer(scratch)
        self._context.set_device_memory(memory.address, scratch)
        if not self._context.set_optimization_profile_async(0, session.stream):
            raise EngineError(f"{self.name}: the plan has no profile", self._remedy)
        session.finish()
        self._allocate(session)

    def _allocate(self, session: Session) -> None:
        self._host: dict[str, Buffer] = {}
        self._device: dict[str, Buffer] = {}
        for port in (*self._inputs, *self._outputs):
            self._host[port.name] = session.pinned_buffer(port.size)
            self._device[port.name] = session.device_buffer(port.size)
            self._context.set_tensor_address(port.name, self._device[port.name].address)
            array, _ = self._views(port, port.most)
            array.fill(0)

    def _feed(self, session: Session, port: Port, given: NDArray[Any]) -> None:
        array, size = self._views(port, given.shape)
        array[...] = given
        if port.varies:
            self._context.set_input_shape(port.name, given.shape)
        session.upload(self._device[port.name], self._host[port.name], size)

    def _views(self, port: Port, shape: tuple[int, ...]) -> tuple[NDArray[Any], int]:
        """The port's pinned memory as an array of a shape, and its bytes; made once a shape."""
        found = self._arrays.get((port.name, shape))
        if found is None:
            assert self._session is not None
            array = self._session.array(self._host[port.name], shape, port.type)
            found = self._arrays[port.name, shape] = (array, array.nbytes)
        return found

    def _said(self) -> str:
        return "; ".join(self._problems[-3:]) or "it gives no reason"

    def _validity(self, plan: bytes) -> str:
        """What TensorRT for RTX finds wrong with a plan; empty where it cannot be asked."""
        if not hasattr(self._runtime, "get_engine_validity"):
            return ""
        _, diagnostics = self._runtime.get_engine_validity(plan)
        return f"{diagnostics}"


class TensorRtRtx(TensorRtEngine):
    """A plan on TensorRT for RTX, which compiles its last step on the device once."""

    def __init__(
        self, manifest: Manifest, file: Path, threads: int = 1, gpu: Gpu | None = None
    ) -> None:
        super().__init__(manifest, file, threads, gpu, "tensorrt_rtx")


class TensorRt(TensorRtEngine):
    """A plan on TensorRT 11, which was built on this device."""

    def __init__(
        self, manifest: Manifest, file: Path, threads: int = 1, gpu: Gpu | None = None
    ) -> None:
        super().__init__(manifest, file, threads, gpu, "tensorrt")


def _logger(trt: Any, problems: list[str]) -> Any:
    # The module is found when it runs, so its classes have no types here.
    class Log(trt.ILogger):  # type: ignore[misc]
        """Passes TensorRT's words to the log, and keeps what went wrong for an error's message."""

        def __init__(self) -> None:
            trt.ILogger.__init__(self)

        def log(self, severity: Any, message: str) -> None:
            # TensorRT calls this from C++, which an exception must not cross; what is lost is a
            # line of the log.
            with contextlib.suppress(Exception):
                if severity <= trt.ILogger.ERROR:
                    problems.append(message.strip())
                _log.debug("%s: %s", trt.__name__, message.strip())

    return Log()
