"""The engines that somebody asked for, by name, and what was built of them meanwhile."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from sensorium.inference import store
from sensorium.service.models import residency
from sensorium.service.models.residency import Resident

if TYPE_CHECKING:
    from collections.abc import Callable

    from sensorium.service.models.residency import Built

_LOOK_S = 1.0
"""How often an engine's file is looked at for a newer one, and one that failed is tried again."""


class Residents:
    """For the loop's thread; files are read in others.

    Args:
        old: Told of a loaded engine that was built anew.

    Attributes:
        known: Name to engine.
    """

    def __init__(self, old: Callable[[Resident], None]) -> None:
        self.known: dict[str, Resident] = {}
        self._old = old
        self._looking: dict[str, asyncio.Future[Built]] = {}

    async def find(self, name: str, *, look: bool = False) -> Resident:
        """An engine by the name of its card.

        Args:
            name: Any text.
            look: Whether its file is looked at, even where that was done just now.

        Raises:
            Problem: 404; there is no such card.
            EngineError: It was not built, is broken, or could not be loaded just now.
        """
        now_s = asyncio.get_running_loop().time()
        resident = self.known.get(name)
        if resident is None or look or now_s - resident.looked_s >= _LOOK_S:
            resident = await self._look(name, now_s)
        if resident.error is not None and now_s - resident.failed_s < _LOOK_S:
            raise resident.error
        return resident

    async def _look(self, name: str, now_s: float) -> Resident:
        resident = self.known.get(name)
        if resident is not None:
            resident.looked_s = now_s
            if store.stamp(name) == resident.built.stamp:
                return resident
        looking = self._looking.get(name)
        if looking is None:
            # Once for all who ask meanwhile: a card is a file to be read.
            looking = asyncio.ensure_future(asyncio.to_thread(residency.look, name))
            self._looking[name] = looking
            looking.add_done_callback(lambda _: self._looking.pop(name, None))
        built = await asyncio.shield(looking)
        resident = self.known.setdefault(name, Resident(name, built, now_s))
        if built.stamp != resident.built.stamp:
            resident.built, resident.error = built, None
        if resident.is_old:
            self._old(resident)
        return resident
