"""Where a process's engines run: on the CPU, or on the GPU with the CPU behind it."""

from __future__ import annotations

import json
import logging
import subprocess
import threading
from dataclasses import replace
from typing import TYPE_CHECKING

from sensorium import folders
from sensorium.control.interpreter import interpreter
from sensorium.inference import plans, store
from sensorium.inference.cuda.driver import is_installed
from sensorium.inference.device import CPU, Adapter, Choice, choose
from sensorium.inference.feeds import FeedCheck
from sensorium.inference.free_memory import FreeMemory
from sensorium.inference.gpu_budget import SharedBudget
from sensorium.inference.gpu_host import GpuHost
from sensorium.inference.gpu_residency import Residency
from sensorium.inference.gpu_sharing import Sharing
from sensorium.inference.memory_guard import MIB, MemoryGuard
from sensorium.inference.pace import pace
from sensorium.inference.standby import StandbyEngine

if TYPE_CHECKING:
    from collections.abc import Container, Sequence

    from sensorium.inference.cuda.driver import GpuDevice
    from sensorium.inference.engine import Engine
    from sensorium.process.orders import GpuOrders

_log = logging.getLogger(__name__)
_ASK_S = 20.0


class CpuEngines:
    """Engines on the CPU.

    Args:
        threads: Inside one run.
    """

    def __init__(self, threads: int) -> None:
        self._threads = threads

    @property
    def gpu_pid(self) -> int:
        """The process on the GPU; 0: there is none."""
        return 0

    def load(self, name: str) -> Engine:
        """Loads an engine by the name of its card; see `store.load`."""
        return store.load(name, self._threads)

    def give_way(self, names: Container[str], risk: int) -> None:
        """None is on a GPU, and they take nothing of what draws frames."""

    def set_gpu_budget(self, mib: int) -> None:
        """They take nothing of it."""

    def close(self) -> None:
        """Nothing to end."""


class GpuEngines(CpuEngines):
    """Engines on the GPU where they have a plan; each has its CPU engine behind it.

    Args:
        threads: Inside one run on the CPU.
        gpu: What the configuration says.
    """

    def __init__(self, threads: int, gpu: GpuOrders) -> None:
        super().__init__(threads)
        self._gpu = gpu
        self._adapter: Adapter | None = None
        self._host: GpuHost | None = None
        self._sharing = Sharing(gpu.slice_ms / 1e3)
        self._lock = threading.Lock()

    @property
    def gpu_pid(self) -> int:
        """See above."""
        return self._host.pid if self._host is not None else 0

    def load(self, name: str) -> Engine:
        """Loads an engine; its place on the GPU is taken in the background."""
        plan = plans.find(name)
        cpu = super().load(name)
        if plan is None:
            return cpu
        feeds = FeedCheck(plan.manifest).zeros()
        place = self._begun().place(plan, pace(lambda: cpu.run(feeds)))
        return StandbyEngine(
            place, cpu, lambda: store.load(name, self._threads), warm=self._gpu.standby
        )

    def give_way(self, names: Container[str], risk: int) -> None:
        """Leaves the GPU to an app's frames, from the next run on. From any thread.

        Where `standby` is false, the first run of an engine that leaves loads the CPU's.

        Args:
            names: Of the engines' cards whose runs are the CPU's, and no others'; those without a
                plan are on the CPU as it is.
            risk: Of the app's frames, as in the record `governor`; 0 where there is none. Long
                submissions of all engines give way to it.
        """
        self._sharing.kept_off = names
        self._sharing.set_risk(risk)

    def set_gpu_budget(self, mib: int) -> None:
        """Another `gpu_budget_mib`; what is too much leaves. From any thread."""
        with self._lock:
            self._gpu = replace(self._gpu, budget_mib=mib)
            if self._host is not None:
                self._host.set_budget(mib * MIB)

    def close(self) -> None:
        """Ends the process on the GPU."""
        if self._host is not None:
            self._host.close()

    def _begun(self) -> GpuHost:
        """The host, begun by the first engine that has a plan; several threads may load one."""
        with self._lock:
            if self._host is None:
                self._host = GpuHost(
                    self._gpu.cuda, self._choose, MemoryGuard(self._gpu.reserve_mib * MIB),
                    FreeMemory(),
                    SharedBudget(folders.runtime_dir() / "gpu", self._gpu.budget_mib * MIB),
                    Residency(self._gpu.idle_s, frozenset(self._gpu.keep_warm)),
                    self._sharing,
                )
            return self._host

    def _choose(self, devices: Sequence[GpuDevice]) -> Choice:
        if self._adapter is None or self._adapter.why:
            self._adapter = (
                ask_runtime() if self._gpu.headset else Adapter(why="no headset is configured")
            )
        return choose(self._gpu.device, self._adapter, devices)


def engines(threads: int, gpu: GpuOrders) -> CpuEngines:
    """The engines of a process, as the configuration and what is installed have it."""
    if gpu.device == CPU or not plans.installed() or not is_installed(gpu.cuda):
        return CpuEngines(threads)
    return GpuEngines(threads, gpu)


def ask_runtime() -> Adapter:
    """Asks the OpenXR runtime, in a child, which GPU drives the headset."""
    python, environment = interpreter()
    try:
        said = subprocess.run(
            [python, "-P", "-m", "sensorium.sensors.openxr.adapter"], env=environment,
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_ASK_S, check=False,
        )
    except subprocess.TimeoutExpired:
        return Adapter(why=f"the OpenXR runtime gave no answer within {_ASK_S:.0f} s")
    except OSError as error:
        return Adapter(why=f"it cannot be asked: {error}")
    try:
        return Adapter(**json.loads(said.stdout.strip().splitlines()[-1]))
    except (ValueError, TypeError, IndexError):
        return Adapter(why=f"the child that asked ended with {said.returncode}")
