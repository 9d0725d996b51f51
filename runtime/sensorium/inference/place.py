"""An engine's place on the GPU: what is in it now, and why nothing is."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any, Protocol

from sensorium.inference import gpu_slices

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from sensorium.errors import EngineError, GpuError
    from sensorium.inference.gpu_sharing import Sharing
    from sensorium.inference.plans import Plan
    from sensorium.inference.remote import RemoteEngine

_log = logging.getLogger(__name__)

ROOM_S = 1.0
"""Until it is looked again whether there is room for an engine."""
_MEMORY_S = (5.0, 15.0, 60.0, 300.0)
"""Until an engine for which the GPU had no memory is tried again, by how often in a row it had
none; afterwards the last of these."""
KEPT_OFF = "the GPU is left to the game's frames"


class Host(Protocol):
    """What a place needs of the host that gave it.

    Attributes:
        sharing: What is left to a game.
    """

    sharing: Sharing

    def look(self) -> None:
        """Has it look after its process and places now."""
        ...

    def remove(self, place: Place) -> None:
        """Takes a place back."""
        ...


class Place:
    """See the module. Times are in s, of `time.monotonic`.

    Attributes:
        engine: To be used now; None while there is none, and `why` says why.
        why: For the user; empty while `engine` is there.
        plan: What is to be loaded.
        cpu_s: What a run takes on the CPU: not to be undercut is to be refused.
        refused: Whether it is not tried again: the plan itself is at fault.
        crashes: How often in a row the process ended while this was loaded.
        too_large: How often in a row the GPU had no memory for it.
        slower: How often in a row it was measured as slow as on the CPU, or slower.
        due_s: When it may be tried again.
        used_s: When it was last asked for.
        unused: Whether it left because nobody used it; the next run asks for it again.
        need: Bytes of the GPU's memory that it takes, at least, as far as is known.
    """

    def __init__(self, host: Host, plan: Plan, cpu_s: float) -> None:
        self.engine: RemoteEngine | None = None
        self.why = plan.damage or "the GPU is being started"
        self.plan = plan
        self.cpu_s = cpu_s
        self.refused = bool(plan.damage)
        self.crashes = 0
        self.too_large = 0
        self.slower = 0
        self._measured_s = 0.0
        self.due_s = 0.0
        self.used_s = time.monotonic()
        self.unused = False
        self.need = plan.memory
        self._host = host

    @property
    def name(self) -> str:
        """Of the engine."""
        return self.plan.manifest.name

    @property
    def kept_off(self) -> bool:
        """Whether it is not to be used though it may be there; see `Sharing`."""
        return self.name in self._host.sharing.kept_off

    @property
    def note(self) -> str:
        """Why the CPU's engine runs; empty where it does not."""
        engine = self.engine
        if self.kept_off and not self.refused:
            return KEPT_OFF
        if engine is not None and self._takes_too_long(engine):
            return (
                f"a submission takes {engine.shortest_s * 1e3:.1f} ms of the GPU, and frames are "
                "at risk"
            )
        return self.why

    def take(self) -> RemoteEngine | None:
        """The engine for a run that begins; None: the CPU's. It takes no lock."""
        if self.kept_off:
            return None
        self.used_s = time.monotonic()
        if self.unused:
            self.unused = False
            self.why = "the GPU is being started again"
            self._host.look()
        engine = self.engine
        if engine is not None and self._takes_too_long(engine):
            return None
        return engine

    def run(
        self, engine: RemoteEngine, feeds: Mapping[str, NDArray[Any]]
    ) -> dict[str, NDArray[Any]]:
        """Runs what `take` gave, in pieces where it is to be; see `gpu_slices`."""
        return gpu_slices.run(engine, feeds, self._host.sharing.longest_s)

    def _takes_too_long(self, engine: RemoteEngine) -> bool:
        return engine.shortest_s > self._host.sharing.refused_s

    def waits(self, now_s: float) -> bool:
        """Whether it is to be loaded.

        What was slower before is measured for who uses it, and not beside frames at risk.
        """
        if self.slower and (self.used_s < self._measured_s or self._host.sharing.is_risky):
            return False
        return (
            self.engine is None and now_s >= self.due_s
            and not (self.refused or self.kept_off or self.unused)
        )

    def put(self, engine: RemoteEngine) -> None:
        """It is there from now on."""
        self.engine, self.why = engine, ""
        self.crashes = self.too_large = 0
        self.used_s = time.monotonic()

    def clear(self, why: str) -> RemoteEngine | None:
        """Nothing is there from now on. Gives what was, for its end; a run may be using it."""
        engine, self.engine = self.engine, None
        if not self.refused:
            self.why = why
        return engine

    def refuse(self, error: EngineError) -> None:
        """It is at fault itself, and not tried again."""
        self.refused = True
        self.why = str(error)
        _log.warning("%s stays on the CPU: %s", self.name, error)

    def is_slower(self, gpu_s: float, again_s: Sequence[float]) -> None:
        """A run takes as long as on the CPU, or longer; see `GpuHost`."""
        wait_s = again_s[min(self.slower, len(again_s) - 1)]
        self.slower += 1
        self._measured_s = time.monotonic()
        self.due_s = self._measured_s + wait_s
        self.why = f"the CPU is faster: {self.cpu_s * 1e3:.2f} ms, {gpu_s * 1e3:.2f} ms on the GPU"
        _log.info("%s stays on the CPU: %s; again in %.0f s", self.name, self.why, wait_s)

    def lacks_room(self, error: EngineError) -> None:
        """It takes more than engines may; it is looked again whether that is still so."""
        self.due_s = time.monotonic() + ROOM_S
        if self.why != str(error):
            self.why = str(error)
            _log.info("%s stays on the CPU: %s", self.name, error)

    def is_too_large(self, error: GpuError) -> None:
        """The GPU has no memory for it beside what others have; it is tried again later."""
        wait_s = _MEMORY_S[min(self.too_large, len(_MEMORY_S) - 1)]
        self.too_large += 1
        self.due_s = time.monotonic() + wait_s
        self.why = str(error)
        _log.info("%s stays on the CPU: %s; again in %.0f s", self.name, error, wait_s)

    def failed(self, engine: RemoteEngine, error: GpuError) -> None:
        """Told by whoever used the engine. Its process ends: nothing else mends most failures."""
        if self.engine is engine:
            self.engine, self.why = None, error.message
        engine.abandon(error.message)
        self._host.look()

    def leave(self) -> None:
        """Gives the place up."""
        self._host.remove(self)
