"""One engine in the service: what was built, whether it is loaded, and who uses it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sensorium.errors import CardError, EngineMissing
from sensorium.inference import manifest as manifests
from sensorium.inference import store
from sensorium.service.models.batching import batching
from sensorium.service.models.figures import Figures
from sensorium.service.problem import Problem

if TYPE_CHECKING:
    import asyncio

    from sensorium.errors import EngineError
    from sensorium.inference.engine import Engine
    from sensorium.inference.manifest import Manifest
    from sensorium.service.models.batching import Batching

READY, LOADING, UNAVAILABLE = "READY", "LOADING", "UNAVAILABLE"
"""States, as the model repository extension names them."""


@dataclass(frozen=True)
class Built:
    """An engine as it lies on the disk.

    Attributes:
        manifest: Its inputs, outputs and axes.
        batching: How callers share its runs; None: not at all.
        stamp: Another one when it was built anew; see `store.stamp`.
    """

    manifest: Manifest
    batching: Batching | None
    stamp: object


@dataclass(eq=False)
class Resident:
    """An engine that somebody asked for.

    Attributes:
        name: Of its card.
        built: As it lies on the disk.
        looked_s: When that was looked at last, by the loop's time.
        engine: The loaded one, of `loaded`; None: it is not loaded.
        loaded: What `engine` was loaded from.
        memory_bytes: By how much the process grew when it was loaded last; None: not known.
        loading: The load on its way.
        busy: Whether a worker's thread has it.
        pins: Who keeps it loaded just now.
        warm: Whether it stays loaded without use.
        unloaded: Whether somebody unloaded it, and nobody used it since.
        leaving: Whether its end waits for its turn.
        used_s: When it was last used, by the loop's time.
        error: Why it could not be loaded.
        failed_s: When that was, by the loop's time.
        figures: Of its runs.
    """

    name: str
    built: Built
    looked_s: float
    engine: Engine | None = None
    loaded: Built | None = None
    memory_bytes: int | None = None
    loading: asyncio.Task[None] | None = None
    busy: bool = False
    pins: int = 0
    warm: bool = False
    unloaded: bool = False
    leaving: bool = False
    used_s: float = 0.0
    error: EngineError | None = None
    failed_s: float = 0.0
    figures: Figures = field(default_factory=Figures)

    @property
    def state(self) -> str:
        """One of the states above."""
        if self.engine is not None:
            return READY
        return UNAVAILABLE if self.loading is None else LOADING

    @property
    def is_old(self) -> bool:
        """Whether what is loaded was built anew meanwhile."""
        return (
            self.engine is not None
            and self.loaded is not None
            and self.loaded.stamp != self.built.stamp
        )


def look(name: str) -> Built:
    """What was built of a card.

    Raises:
        Problem: 404; there is no such card.
        EngineMissing: It was not built.
        EngineError: Its card or its manifest is broken.
    """
    stamp = store.stamp(name) if name in store.names() else None
    try:
        card = store.find_card(name)
    except CardError as error:
        if name in store.names():
            raise
        raise Problem(
            404, f"there is no engine {name[:64]!a}", "POST /v2/repository/index lists them"
        ) from error
    remedy = f"sensorium-engines build {name}"
    try:
        manifest = manifests.read(store.built_folder(name) / manifests.FILE_NAME, remedy)
    except OSError as error:
        raise EngineMissing(f"the engine {name} was not built", remedy) from error
    return Built(manifest, batching(manifest, card), stamp)
