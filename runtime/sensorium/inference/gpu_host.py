"""Keeps engines on the GPU: starts their process, starts it again, and gives the memory back."""

from __future__ import annotations

import logging
import math
import threading
import time
from typing import TYPE_CHECKING

from sensorium.errors import EngineError, GpuError, GpuLost, GpuMemory, GpuMissing, GpuSilent
from sensorium.inference.cuda.driver import GpuDevice
from sensorium.inference.feeds import FeedCheck
from sensorium.inference.gpu import MIB, Gpu
from sensorium.inference.pace import pace
from sensorium.inference.place import Place
from sensorium.inference.remote import LOAD_S, RemoteEngine, WorkerProcess

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sensorium.inference.device import Choice
    from sensorium.inference.memory_guard import MemoryGuard
    from sensorium.inference.plans import Plan

_log = logging.getLogger(__name__)

_BACK_OFF_S = (1.0, 2.0, 5.0, 15.0, 60.0, 300.0)
"""Until the next attempt, by how many failed in a row."""
_MISSING_S = 600.0
"""Until the next attempt where there is no driver or device: one is seldom plugged in."""
_STEADY_S = 60.0
"""After so long on the GPU a failure counts as the first."""
_TICK_S = 0.25
_JOIN_S = 2.0
AGAIN_S = (60.0, 300.0, 1800.0)
"""Until an engine that was no faster than on the CPU is measured again: the PC may be busy."""
_CRASHES = 2
"""A plan that ended its process so often while it was loaded is not tried again."""


class GpuHost:
    """The engines that one process has on the GPU, in one worker process with one context.

    All work is done in a thread of its own, so that no sense waits for a driver: while an engine
    is loaded, all are served by the CPU.

    Args:
        binding: A key of `cuda.driver.BINDINGS`.
        choose: Told CUDA's devices, says which one to use and why.
        guard: Watches the device's memory.
        free_bytes: Free memory of a device by its UUID; None where it cannot be asked.
        again_s: Until an engine that was no faster than on the CPU is measured again, by how often
            in a row it was not; afterwards the last of these.

    Attributes:
        kept_off: Names of the engines that run on the CPU; see `keep_off`.
    """

    def __init__(
        self,
        binding: str,
        choose: Callable[[Sequence[GpuDevice]], Choice],
        guard: MemoryGuard,
        free_bytes: Callable[[str], int | None],
        again_s: Sequence[float] = AGAIN_S,
    ) -> None:
        self._gpu = Gpu(binding, "", guard.reserve // MIB)
        self._choose = choose
        self._guard = guard
        self._free_bytes = free_bytes
        self._again_s = again_s
        self.kept_off: frozenset[str] = frozenset()
        self._places: list[Place] = []
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._stopping = False
        self._worker: WorkerProcess | None = None
        self._failures = 0
        self._due_s = 0.0
        self._started_s = 0.0
        self._number = 0
        self._thread = threading.Thread(target=self._run, name="gpu", daemon=True)
        self._thread.start()

    @property
    def pid(self) -> int:
        """Of the worker process; 0 while there is none."""
        worker = self._worker
        return worker.pid if worker is not None else 0

    def place(self, plan: Plan, cpu_s: float = math.inf) -> Place:
        """A place for an engine; it is loaded in the background.

        Args:
            plan: What to load.
            cpu_s: What a run takes on the CPU. An engine that takes as long on the GPU, with the
                way there and back, stays on the CPU until it is measured again.
        """
        place = Place(self, plan, cpu_s)
        with self._lock:
            self._places.append(place)
        self._wake.set()
        return place

    def remove(self, place: Place) -> None:
        """Gives a place up."""
        with self._lock:
            if place in self._places:
                self._places.remove(place)
        engine, place.engine = place.engine, None
        if engine is not None:
            engine.close()

    def keep_off(self, names: frozenset[str]) -> None:
        """Has the CPU answer for these engines, and for no others, from their next run on.

        What is loaded stays on the GPU, so that coming back costs nothing; what is not is not
        loaded meanwhile. From any thread.

        Args:
            names: Of the engines' cards; unknown ones may come later.
        """
        self.kept_off = names
        self._wake.set()

    def look(self) -> None:
        """Has the thread look after its process now."""
        self._wake.set()

    def close(self) -> None:
        """Ends the process and the thread. A second call does nothing."""
        self._stopping = True
        worker = self._worker
        if worker is not None:
            # It may be loading, which the thread would wait for.
            worker.kill("was closed")
        self._wake.set()
        self._thread.join(_JOIN_S)

    def _run(self) -> None:
        while not self._stopping:
            self._wake.wait(_TICK_S)
            self._wake.clear()
            try:
                self._turn()
            except GpuError as error:
                self._retreat(error)
        if self._worker is not None:
            self._worker.close()

    def _turn(self) -> None:
        """Looks after all once.

        Raises:
            GpuError: When the process is of no more use.
        """
        if self._stopping:
            return
        if self._worker is not None and (why := self._worker.gone()):
            raise GpuLost(why)
        free = self._free_bytes(self._gpu.uuid)
        if free is not None and not self._guard.allows(free, time.monotonic()):
            if self._worker is not None:
                raise GpuMemory(
                    f"{free // MIB} MiB of the GPU's memory are free, "
                    f"{self._gpu.reserve_mib} are the game's"
                )
            return
        now = time.monotonic()
        waiting = [
            place for place in self._all()
            if place.engine is None and not place.refused and not place.kept_off
            and now >= place.due_s
        ]
        if waiting and now >= self._due_s:
            self._load(waiting, free)

    def _all(self) -> list[Place]:
        with self._lock:
            return list(self._places)

    def _load(self, waiting: Sequence[Place], free: int | None) -> None:
        if self._worker is None:
            self._started_s = time.monotonic()
            self._worker = WorkerProcess()
            self._gpu = self._on_device(self._worker)
        loaded = [(place, self._engine(self._worker, place)) for place in waiting]
        for place, engine in loaded:
            if engine is not None:
                place.engine, place.why = engine, ""
        left = self._free_bytes(self._gpu.uuid)
        if free is not None and left is not None:
            self._guard.need = max(self._guard.need, free - left)

    def _on_device(self, worker: WorkerProcess) -> Gpu:
        said = worker.ask({"op": "devices", "binding": self._gpu.binding}, LOAD_S)
        devices = [GpuDevice(**each) for each in said["devices"]]
        chosen = self._choose(devices)
        if not chosen.uuid:
            # With devices there, it may be the headset that is not yet.
            raise GpuError(chosen.why) if devices else GpuMissing(chosen.why)
        _log.info("GPU %s: %s", chosen.uuid, chosen.why)
        return Gpu(self._gpu.binding, chosen.uuid, self._gpu.reserve_mib)

    def _engine(self, worker: WorkerProcess, place: Place) -> RemoteEngine | None:
        """Loads one; None when its plan is at fault, which is no reason for others to go."""
        self._number += 1
        try:
            engine = RemoteEngine(worker, self._number, place.plan, self._gpu)
            gpu_s = pace(engine, FeedCheck(place.plan.manifest).zeros())
        except (GpuLost, GpuSilent) as error:
            place.crashes += 1
            if place.crashes >= _CRASHES:
                self._refuse(place, error)
            raise
        except GpuError:
            raise
        except EngineError as error:
            self._refuse(place, error)
            return None
        if gpu_s < place.cpu_s:
            place.slower = 0
            return engine
        engine.close()
        self._is_slower(place, gpu_s)
        return None

    def _is_slower(self, place: Place, gpu_s: float) -> None:
        wait_s = self._again_s[min(place.slower, len(self._again_s) - 1)]
        place.slower += 1
        place.due_s = time.monotonic() + wait_s
        place.why = (
            f"the CPU is faster: {place.cpu_s * 1e3:.2f} ms, {gpu_s * 1e3:.2f} ms on the GPU"
        )
        _log.info("%s stays on the CPU: %s; again in %.0f s", place.name, place.why, wait_s)

    def _refuse(self, place: Place, error: EngineError) -> None:
        place.refused = True
        place.why = str(error)
        _log.warning("%s stays on the CPU: %s", place.name, error)

    def _retreat(self, error: GpuError) -> None:
        """Ends the process; all go on with the CPU, and it is tried again later."""
        now = time.monotonic()
        for place in self._all():
            place.engine = None
            if not place.refused:
                place.why = error.message
        if self._worker is not None:
            self._worker.close()
            self._worker = None
        if now - self._started_s > _STEADY_S:
            self._failures = 0
        wait_s = _BACK_OFF_S[min(self._failures, len(_BACK_OFF_S) - 1)]
        self._failures += 1
        if isinstance(error, GpuMissing):
            wait_s = _MISSING_S
        self._due_s = now + wait_s
        _log.warning("engines are on the CPU: %s; again in %.0f s", error, wait_s)
