"""An engine in another process: its tensors in shared memory, its failures as errors."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from sensorium import errors
from sensorium.channels import mapping
from sensorium.control.interpreter import interpreter
from sensorium.control.link import pair
from sensorium.errors import ControlError, EngineError, GpuBusy, GpuLost, GpuSilent
from sensorium.health import Device, Precision
from sensorium.inference.feeds import FeedCheck
from sensorium.inference.gpu_slices import RowTimes
from sensorium.inference.patience import Patience
from sensorium.inference.shared_tensors import SharedTensors

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from sensorium.inference.gpu import Gpu
    from sensorium.inference.plans import Plan

LOAD_S = 60.0
"""A first load may compile; it is long, not endless."""
_SEND_S = 1.0
_KILL_S = 0.1
"""A process that a driver holds may outlive SIGKILL for a while: nobody waits for it longer."""


class WorkerProcess:
    """A process of `sensorium.process.gpu_worker`. One request at a time; `ask` waits its turn.

    Whoever starts it must live as long as it: on Linux it dies with the thread that made it.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._why = ""
        self._link, theirs = pair()
        try:
            python, environment = interpreter()
            self._process = subprocess.Popen[bytes](
                [python, "-P", "-m", "sensorium.process.gpu_worker", str(theirs.handle)],
                stdin=subprocess.DEVNULL, env=environment, **theirs.popen_options(),
            )
        except OSError as error:
            self._link.close()
            raise GpuLost(f"the GPU's process cannot be started: {error}") from error
        finally:
            theirs.close()
        self._link.started(self._process)

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._process.pid

    def gone(self) -> str:
        """Why it is of no more use; empty while it is."""
        if not self._why and self._process.poll() is not None:
            self.kill(f"the GPU's process {self._death()}")
        return self._why

    def ask(
        self,
        message: Mapping[str, Any],
        timeout_s: float,
        handles: Sequence[int] = (),
        *,
        queue: bool = True,
    ) -> dict[str, Any]:
        """Sends a request and waits for its answer.

        Args:
            message: See `inference.worker.Worker`.
            timeout_s: For the answer.
            handles: That go with the message.
            queue: Whether to wait while another request is answered.

        Raises:
            GpuBusy: When another request is being answered and this is not to wait.
            GpuSilent: When it does not answer in time. It is then killed.
            GpuLost: When it is gone.
            EngineError: When it answers with an error; of the class that it says.
        """
        if not self._lock.acquire(blocking=queue):
            raise GpuBusy("the GPU's process loads another engine")
        try:
            if self._why:
                raise GpuLost(self._why)
            try:
                sent = self._link.send(message, handles, timeout_s=_SEND_S)
                answer = self._link.receive(timeout_s) if sent else None
            except ControlError:
                self.kill(f"the GPU's process {self._death()}")
                raise GpuLost(self._why) from None
            if answer is None:
                self.kill(f"the GPU gave no answer within {timeout_s:.1f} s")
                raise GpuSilent(self._why)
        finally:
            self._lock.release()
        said = answer[0]
        if not said["ok"]:
            raise getattr(errors, said["kind"])(said["message"], said["remedy"])
        return said

    def kill(self, why: str) -> None:
        """Ends it at once. Whoever asks it then or waits for an answer is told why."""
        self._why = self._why or why
        self._process.kill()
        try:
            self._process.wait(_KILL_S)
        except subprocess.TimeoutExpired:
            threading.Thread(target=self._process.wait, daemon=True).start()

    def close(self) -> None:
        """Ends it and forgets it."""
        self.kill("was closed")
        with self._lock:
            self._link.close()

    def _death(self) -> str:
        try:
            code = self._process.wait(_KILL_S)
        except subprocess.TimeoutExpired:
            return "does not answer"
        if code < 0 and os.name == "posix":
            return f"crashed ({signal.Signals(-code).name})"
        return f"ended with {code}"


class RemoteEngine:
    """An engine of a worker process; see `inference.engine.Engine`.

    Args:
        worker: The process.
        number: Of this engine in it.
        plan: What it is.
        gpu: Where it runs.

    Raises:
        EngineError: When it cannot be loaded there.

    Attributes:
        memory: Bytes of the device that it takes.
        rows: The axis along which a run may be cut; see `Manifest.rows`.
        times: What the device takes for its runs.
        check: Raises an EngineError for feeds that it does not take.
    """

    def __init__(self, worker: WorkerProcess, number: int, plan: Plan, gpu: Gpu) -> None:
        manifest = plan.manifest
        self.name = manifest.name
        self.precision = Precision[manifest.precision.upper()]
        self.device = Device.GPU
        self.file_hash = int(manifest.sha256[:8], 16)
        self.labels = manifest.labels
        self.note = ""
        self.is_steady = False
        self.metadata: Mapping[str, str] = {}
        self._worker = worker
        self._number = number
        self._patience = Patience()
        self.rows = manifest.rows
        self.times = RowTimes()
        self.check = FeedCheck(manifest)
        self._tensors = SharedTensors(manifest)
        self._memory = mapping.create_unnamed("tensors", self._tensors.size)
        self._inputs = {
            tensor.name: self._tensors.array(self._memory.view, tensor.name)
            for tensor in manifest.inputs
        }
        self._outputs = {
            tensor.name: self._tensors.array(self._memory.view, tensor.name)
            for tensor in manifest.outputs
        }
        self.memory = self._load(plan, gpu)

    def run(
        self, feeds: Mapping[str, NDArray[Any]], *, queue: bool = False
    ) -> dict[str, NDArray[Any]]:
        """See `Engine.run`.

        Args:
            feeds: As there.
            queue: See `WorkerProcess.ask`.
        """
        self.check(feeds)
        shapes = {}
        for name, most in self._inputs.items():
            given = feeds[name]
            place = most
            if given.shape != most.shape:
                shapes[name] = given.shape
                place = self._tensors.array(self._memory.view, name, given.shape)
            place[...] = given
        begin = time.monotonic()
        said = self._worker.ask(
            {"op": "run", "engine": self._number, "shapes": shapes}, self._patience.limit_s,
            queue=queue,
        )
        self._patience.add(time.monotonic() - begin)
        self.times.add(self.rows_of(feeds), said["gpu_s"])
        other = said["shapes"]
        if not other:
            return self._outputs
        return self._outputs | {
            name: self._tensors.array(self._memory.view, name, tuple(shape))
            for name, shape in other.items()
        }

    def rows_of(self, feeds: Mapping[str, NDArray[Any]]) -> int:
        """How many rows some feeds have; 1 where it has no such axis."""
        return 1 if self.rows is None else next(iter(feeds.values())).shape[0]

    @property
    def shortest_s(self) -> float:
        """What the device takes for the shortest submission that it can be cut into."""
        return self.times.submission_s(1 if self.rows is None else self.rows.min)

    def close(self) -> None:
        """See `Engine.close`. The process goes on with its other engines."""
        if not self._worker.gone():
            with contextlib.suppress(EngineError):
                self._worker.ask({"op": "unload", "engine": self._number}, LOAD_S)

    def abandon(self, why: str) -> None:
        """Ends the process, with all of its engines."""
        self._worker.kill(why)

    def _load(self, plan: Plan, gpu: Gpu) -> int:
        handle = mapping.new_handle(self._memory, writable=True)
        try:
            said = self._worker.ask(
                {"op": "load", "engine": self._number, "manifest": str(plan.described),
                 "file": str(plan.file), "gpu": asdict(gpu)},
                LOAD_S, (handle,),
            )
        finally:
            mapping.close_handle(handle)
            self._memory.drop_handle()
        return int(said["memory"])
