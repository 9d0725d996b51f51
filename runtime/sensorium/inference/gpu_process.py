"""The process on the GPU with the device that was chosen for it, and how an engine gets into it."""

from __future__ import annotations

import logging
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from sensorium.errors import (
    EngineError,
    GpuBudget,
    GpuError,
    GpuLost,
    GpuMemory,
    GpuMissing,
    GpuSilent,
)
from sensorium.inference.cuda.driver import GpuDevice
from sensorium.inference.feeds import FeedCheck
from sensorium.inference.pace import pace
from sensorium.inference.remote import LOAD_S, RemoteEngine, WorkerProcess

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sensorium.inference.device import Choice
    from sensorium.inference.gpu import Gpu
    from sensorium.inference.gpu_budget import SharedBudget
    from sensorium.inference.place import Place

_log = logging.getLogger(__name__)
_CRASHES = 2
"""A plan that ended its process so often while it was loaded is not tried again."""


class GpuProcess:
    """Starts the process; `open` chooses its device.

    Args:
        gpu: Which binding, and the game's reserve.
        choose: Told CUDA's devices, says which one to use and why.
        budget: What engines may take.
        again_s: See `GpuHost`.

    Raises:
        GpuError: When it cannot be started.

    Attributes:
        worker: The process itself.
    """

    def __init__(
        self,
        gpu: Gpu,
        choose: Callable[[Sequence[GpuDevice]], Choice],
        budget: SharedBudget,
        again_s: Sequence[float],
    ) -> None:
        self.worker = WorkerProcess()
        self._gpu = gpu
        self._choose = choose
        self._budget = budget
        self._again_s = again_s
        self._number = 0

    def open(self) -> Gpu:
        """Chooses the device.

        Raises:
            GpuError: When there is none, or the process is gone.
        """
        said = self.worker.ask({"op": "devices", "binding": self._gpu.binding}, LOAD_S)
        devices = [GpuDevice(**each) for each in said["devices"]]
        chosen = self._choose(devices)
        if not chosen.uuid:
            # With devices there, it may be the headset that is not yet.
            raise GpuError(chosen.why) if devices else GpuMissing(chosen.why)
        _log.info("GPU %s: %s", chosen.uuid, chosen.why)
        self._gpu = replace(self._gpu, uuid=chosen.uuid)
        return self._gpu

    def load(self, place: Place) -> RemoteEngine | None:
        """Loads an engine, and times it against the CPU's.

        Returns:
            The engine, for which the budget counts; None where it is to stay on the CPU, as its
            place then says, which is no reason for others to go.

        Raises:
            GpuError: When the process is of no more use.
        """
        self._number += 1
        used = self._budget.kept
        gpu = replace(self._gpu, room=self._budget.take())
        try:
            engine = RemoteEngine(self.worker, self._number, place.plan, gpu)
            place.need = engine.memory
            # Others are run meanwhile, which is no fault.
            gpu_s = pace(partial(engine.run, FeedCheck(place.plan.manifest).zeros(), queue=True))
            if gpu_s < place.cpu_s:
                place.slower = 0
                used += engine.memory
                return engine
            engine.close()
            place.is_slower(gpu_s, self._again_s)
        except GpuBudget as error:
            # TensorRT does not tell its need before it has the plan.
            place.need = max(place.need, (gpu.room or 0) + 1)
            place.lacks_room(error)
        except GpuMemory as error:
            place.is_too_large(error)
        except (GpuLost, GpuSilent) as error:
            place.crashes += 1
            if place.crashes >= _CRASHES:
                place.refuse(error)
            raise
        except GpuError:
            raise
        except EngineError as error:
            place.refuse(error)
        finally:
            self._budget.keep(used)
        return None
