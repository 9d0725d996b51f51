"""An engine on the GPU with one on the CPU behind it: when the first fails, the second answers."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from sensorium.errors import GpuBusy, GpuError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from sensorium.inference.engine import Engine
    from sensorium.inference.place import Place

_log = logging.getLogger(__name__)


class StandbyEngine:
    """See `inference.engine.Engine`. What it says of itself is true of the last run.

    Everything that a run needs is in its feeds, so the engine that takes over answers the very
    call in which the other failed: nothing is lost, and no stream's state is touched.

    Args:
        place: On the GPU; it is empty until the engine is loaded there.
        cpu: The engine for the CPU.
        load_cpu: Loads it again.
        warm: Whether the CPU's engine stays loaded while the GPU answers. Otherwise its memory is
            given back meanwhile, and a failure costs the time that it takes to load.
    """

    def __init__(
        self, place: Place, cpu: Engine, load_cpu: Callable[[], Engine], *, warm: bool
    ) -> None:
        self._place = place
        self._load_cpu = load_cpu
        self._warm = warm
        self._cpu: Engine | None = cpu
        self.name = cpu.name
        self.labels = cpu.labels
        # A plan for the GPU carries none.
        self.metadata = cpu.metadata
        self._answering: Engine | None = None
        self._describe(cpu)

    @property
    def is_steady(self) -> bool:
        """See `Engine`; false from the moment that it has its place on the GPU."""
        cpu = self._cpu
        return cpu is not None and cpu.is_steady and self._place.engine is None

    @property
    def note(self) -> str:
        """Why it does not run on the GPU; empty while it does."""
        return self._place.note

    def run(self, feeds: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        """See `Engine.run`."""
        gpu = self._place.take()
        if gpu is not None:
            try:
                outputs = self._place.run(gpu, feeds)
            except GpuBusy as error:
                _log.debug("%s: %s", self.name, error)
            except GpuError as error:
                self._place.failed(gpu, error)
            else:
                if self._answering is not gpu:
                    self._describe(gpu)
                    if not self._warm:
                        self._drop_cpu()
                return outputs
        cpu = self._cpu
        if cpu is None:
            cpu = self._cpu = self._load_cpu()
        if self._answering is not cpu:
            self._describe(cpu)
        return cpu.run(feeds)

    def close(self) -> None:
        """See `Engine.close`."""
        self._place.leave()
        self._drop_cpu()

    def _drop_cpu(self) -> None:
        if self._cpu is not None:
            self._cpu.close()
            self._cpu = None

    def _describe(self, engine: Engine) -> None:
        if self._answering is not None:
            _log.info("%s: now on the %s %s", self.name, engine.device.name, self.note)
        self._answering = engine
        self.precision = engine.precision
        self.device = engine.device
        self.file_hash = engine.file_hash
