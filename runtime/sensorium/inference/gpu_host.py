"""Keeps engines on the GPU: starts their process, starts it again, and gives the memory back."""

from __future__ import annotations

import contextlib
import logging
import math
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from sensorium.errors import GpuBudget, GpuError, GpuLost, GpuMemory, GpuMissing
from sensorium.inference.gpu import MIB, Gpu
from sensorium.inference.gpu_process import GpuProcess
from sensorium.inference.place import Place

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sensorium.inference.cuda.driver import GpuDevice
    from sensorium.inference.device import Choice
    from sensorium.inference.gpu_budget import SharedBudget
    from sensorium.inference.gpu_residency import Residency
    from sensorium.inference.gpu_sharing import Sharing
    from sensorium.inference.memory_guard import MemoryGuard
    from sensorium.inference.plans import Plan
    from sensorium.inference.remote import RemoteEngine

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


class GpuHost:
    """The engines that one process has on the GPU, in one worker process with one context.

    All work is done in a thread of its own, so that no sense waits for a driver: while an engine
    is loaded, all are served by the CPU.

    Args:
        binding: A key of `cuda.driver.BINDINGS`.
        choose: Told CUDA's devices, says which one to use and why.
        guard: Watches the device's memory.
        free_bytes: Free memory of a device by its UUID; None where it cannot be asked.
        budget: Of the GPU's memory, of all processes of the daemon.
        residency: Which engines leave it first.
        sharing: What is left to a game: what is kept off stays loaded, so that coming back costs
            nothing, and is not loaded meanwhile.
        again_s: Until an engine that was no faster than on the CPU is measured again, by how often
            in a row it was not; afterwards the last of these.

    Attributes:
        sharing: As given.
    """

    def __init__(
        self,
        binding: str,
        choose: Callable[[Sequence[GpuDevice]], Choice],
        guard: MemoryGuard,
        free_bytes: Callable[[str], int | None],
        budget: SharedBudget,
        residency: Residency,
        sharing: Sharing,
        again_s: Sequence[float] = AGAIN_S,
    ) -> None:
        self._gpu = Gpu(binding, "", guard.reserve // MIB)
        self._choose = choose
        self._guard = guard
        self._free_bytes = free_bytes
        self._budget = budget
        self._limit = budget.limit
        self._residency = residency
        self._again_s = again_s
        self.sharing = sharing
        self._places: list[Place] = []
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._stopping = False
        self._process: GpuProcess | None = None
        self._failures = 0
        self._due_s = 0.0
        self._started_s = 0.0
        self._thread = threading.Thread(target=self._run, name="gpu", daemon=True)
        self._thread.start()

    @property
    def pid(self) -> int:
        """Of the worker process; 0 while there is none."""
        process = self._process
        return process.worker.pid if process is not None else 0

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
            engine = place.clear("was closed")
        if engine is not None:
            engine.close()
        self._wake.set()

    def set_budget(self, limit: int) -> None:
        """Another limit of the budget, in bytes; 0: none. What is too much leaves in a moment."""
        self._limit = limit
        self._wake.set()

    def look(self) -> None:
        """Has the thread look after its process now."""
        self._wake.set()

    def close(self) -> None:
        """Ends the process and the thread. A second call does nothing."""
        self._stopping = True
        process = self._process
        if process is not None:
            # It may be loading, which the thread would wait for.
            process.worker.kill("was closed")
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
            except Exception as error:  # noqa: BLE001 - nobody else looks after the GPU
                _log.exception("engines on the GPU")
                self._retreat(GpuError(f"{type(error).__name__}: {error}"))
        self._end_process()
        with contextlib.suppress(GpuError):
            self._budget.close()

    def _turn(self) -> None:
        """Looks after all once.

        Raises:
            GpuError: When the process is of no more use.
        """
        if self._stopping:
            return
        if self._process is not None and (why := self._process.worker.gone()):
            raise GpuLost(why)
        free = self._free_bytes(self._gpu.uuid)
        now = time.monotonic()
        if free is not None and not self._guard.allows(free, now):
            if self._process is not None:
                raise GpuMemory(
                    f"{free // MIB} MiB of the GPU's memory are free, "
                    f"{self._gpu.reserve_mib} are the game's"
                )
            return
        self._make_room(now)
        waiting = [place for place in self._all() if place.waits(now) and self._has_room(place)]
        if waiting and now >= self._due_s:
            self._load(waiting, free)
        elif self._process is not None and not self._resident():
            # Without an engine it has CUDA's own memory still.
            self._end_process()

    def _all(self) -> list[Place]:
        with self._lock:
            return list(self._places)

    def _resident(self) -> list[Place]:
        return [place for place in self._all() if place.engine is not None]

    def _make_room(self, now: float) -> None:
        """Sends those away that nobody uses, and those that are too much for a new budget."""
        for place in self._residency.idle(self._resident(), now):
            self._send_away(place, f"nobody used it for {self._residency.idle_s:.0f} s")
            place.unused = True
        if self._budget.limit != self._limit:
            self._budget.limit = self._limit
            self._budget.keep(self._memory())
            while (self._budget.left() or 0) < 0:
                leaving = self._residency.first_to_leave(self._resident())
                if leaving is None:
                    break
                self._send_away(leaving, "engines may take less of the GPU's memory now")
        self._count()

    def _send_away(self, place: Place, why: str) -> None:
        engine = place.clear(why)
        if engine is not None:
            engine.close()
        self._count()
        _log.info("%s has left the GPU: %s", place.name, why)

    def _has_room(self, place: Place) -> bool:
        left = self._budget.left()
        try:
            replace(self._gpu, room=left).admit(place.name, place.need)
        except GpuBudget as error:
            place.lacks_room(error)
            return False
        return True

    def _memory(self) -> int:
        return sum(place.engine.memory for place in self._resident() if place.engine is not None)

    def _count(self) -> None:
        """Writes down what is used, where that has changed."""
        used = self._memory()
        if used != self._budget.kept:
            self._budget.keep(used)

    def _load(self, waiting: Sequence[Place], free: int | None) -> None:
        if self._process is None:
            self._started_s = time.monotonic()
            self._process = GpuProcess(self._gpu, self._choose, self._budget, self._again_s)
            self._gpu = self._process.open()
        # All of them, and then they are used: a run finds the process busy while it loads another.
        loaded = [(place, self._process.load(place)) for place in waiting]
        for place, engine in loaded:
            if engine is not None and not self._put(place, engine):
                engine.close()
        self._count()
        left = self._free_bytes(self._gpu.uuid)
        if free is not None and left is not None:
            self._guard.need = max(self._guard.need, free - left)

    def _put(self, place: Place, engine: RemoteEngine) -> bool:
        """Puts it there; False: the place was given up meanwhile."""
        with self._lock:
            wanted = place in self._places
            if wanted:
                place.put(engine)
        return wanted

    def _end_process(self) -> None:
        if self._process is not None:
            self._process.worker.close()
            self._process = None

    def _retreat(self, error: GpuError) -> None:
        """Ends the process; all go on with the CPU, and it is tried again later."""
        if self._stopping:
            return
        now = time.monotonic()
        for place in self._all():
            place.clear(error.message)
        self._end_process()
        with contextlib.suppress(GpuError):
            self._count()
        if now - self._started_s > _STEADY_S:
            self._failures = 0
        wait_s = _BACK_OFF_S[min(self._failures, len(_BACK_OFF_S) - 1)]
        self._failures += 1
        if isinstance(error, GpuMissing):
            wait_s = _MISSING_S
        self._due_s = now + wait_s
        _log.warning("engines are on the CPU: %s; again in %.0f s", error, wait_s)
