"""An engine's place on the GPU: what is in it now, and why nothing is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from sensorium.errors import GpuError
    from sensorium.inference.plans import Plan
    from sensorium.inference.remote import RemoteEngine


KEPT_OFF = "the GPU is left to the game's frames"


class Host(Protocol):
    """What a place needs of the host that gave it.

    Attributes:
        kept_off: Names of the engines that run on the CPU, whatever is loaded.
    """

    kept_off: frozenset[str]

    def look(self) -> None:
        """Has it look after its process and places now."""
        ...

    def remove(self, place: Place) -> None:
        """Takes a place back."""
        ...


class Place:
    """See the module.

    Attributes:
        engine: To be used now; None while there is none, and `why` says why.
        why: For the user; empty while `engine` is there.
        plan: What is to be loaded.
        cpu_s: What a run takes on the CPU: not to be undercut is to be refused.
        refused: Whether it is not tried again: the plan itself is at fault.
        crashes: How often the process ended while this was loaded.
        slower: How often in a row it was measured as slow as on the CPU, or slower.
        due_s: When it may be tried again, on a clock that never goes back.
    """

    def __init__(self, host: Host, plan: Plan, cpu_s: float) -> None:
        self.engine: RemoteEngine | None = None
        self.why = plan.damage or "the GPU is being started"
        self.plan = plan
        self.cpu_s = cpu_s
        self.refused = bool(plan.damage)
        self.crashes = 0
        self.slower = 0
        self.due_s = 0.0
        self._host = host

    @property
    def usable(self) -> RemoteEngine | None:
        """The engine for the next run; None: the CPU's. It takes no lock."""
        return None if self.kept_off else self.engine

    @property
    def kept_off(self) -> bool:
        """Whether it is not to be used though it may be there; see `GpuHost.keep_off`."""
        return self.name in self._host.kept_off

    @property
    def note(self) -> str:
        """Why the CPU's engine runs; empty where it does not."""
        return KEPT_OFF if self.kept_off and not self.refused else self.why

    @property
    def name(self) -> str:
        """Of the engine."""
        return self.plan.manifest.name

    def failed(self, engine: RemoteEngine, error: GpuError) -> None:
        """Told by whoever used the engine. Its process ends: nothing else mends most failures."""
        if self.engine is engine:
            self.engine, self.why = None, error.message
        engine.abandon(error.message)
        self._host.look()

    def leave(self) -> None:
        """Gives the place up."""
        self._host.remove(self)
