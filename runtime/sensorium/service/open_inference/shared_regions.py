"""Which memory was made for clients, and under which names they use it."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sensorium.channels.running import is_running
from sensorium.service.open_inference import fields
from sensorium.service.open_inference.shared_memory import SharedMemory, is_there, sweep
from sensorium.service.problem import Problem

if TYPE_CHECKING:
    from sensorium.service.caller import Caller
    from sensorium.service.open_inference.message import Place

MAX_PIECES = 64
MAX_REGIONS = 256
MAX_BYTES = 512 << 20
IDLE_S = 60.0
"""How long memory stays that nobody uses and whose owner is gone or, by TCP, not known."""
_SWEEP_S = 5.0
_HOW = 'POST /v1/shared-memory {"byte_size": N} gives a key'

_Owner = tuple[str, str]


@dataclass(frozen=True)
class Region:
    """A part of a piece of memory under a client's name.

    Attributes:
        name: As the client calls it.
        memory: The piece.
        offset: Where the region begins in it, in bytes.
        size: In bytes.
    """

    name: str
    memory: SharedMemory
    offset: int
    size: int


class SharedRegions:
    """All memory that was made for clients. Names belong to the app that registered them.

    Args:
        idle_s: See `IDLE_S`.
        max_bytes: Of all memory together.
    """

    def __init__(self, idle_s: float = IDLE_S, max_bytes: int = MAX_BYTES) -> None:
        self._idle_s = idle_s
        self._max_bytes = max_bytes
        self._pieces: dict[str, SharedMemory] = {}
        self._regions: dict[_Owner, dict[str, Region]] = {}
        self._asked = 0
        self._keeping: asyncio.Task[None] | None = None

    def open(self) -> None:
        """Begins to remove what nobody uses, and what killed services left."""
        if is_there():
            self._keeping = asyncio.create_task(self._keep())

    async def make(self, caller: Caller, size: int) -> SharedMemory:
        """Makes memory for a client.

        Args:
            caller: Who asks.
            size: In bytes.

        Raises:
            Problem: 501, this system has none; 429, there are too many; 507, no memory is left.
        """
        if not is_there():
            raise Problem(501, "this system has no /dev/shm", "send tensors as binary data")
        held = sum(piece.size for piece in self._pieces.values()) + self._asked
        if len(self._pieces) >= MAX_PIECES or held + size > self._max_bytes:
            raise Problem(
                429,
                f"{len(self._pieces)} pieces of shared memory hold {held} bytes, "
                f"{MAX_PIECES} pieces and {self._max_bytes} bytes at most",
                "DELETE /v1/shared-memory/KEY what is not used", {"Retry-After": "5"},
            )
        self._asked += size
        try:
            piece = await asyncio.to_thread(SharedMemory.make, size, caller.pid)
        except OSError as error:
            raise Problem(
                507, f"no shared memory of {size} bytes: {error.strerror}",
                "ask for less, or send tensors as binary data",
            ) from error
        finally:
            self._asked -= size
        self._pieces[piece.key] = piece
        return piece

    def remove(self, key: str) -> None:
        """Removes memory and the regions on it.

        Raises:
            Problem: 404; it was not made here.
        """
        piece = self._piece(key)
        del self._pieces[piece.key]
        for regions in self._regions.values():
            for region in tuple(regions.values()):
                if region.memory is piece:
                    del regions[region.name]
        piece.close()

    def register(self, caller: Caller, name: str, key: str, offset: int, size: int) -> None:
        """Gives a part of some memory a name.

        Raises:
            Problem: 404, the key was not given by this daemon; 409, the name is taken; 400, it
                ends behind the memory; 429, there are too many.
        """
        piece = self._piece(key)
        regions = self._regions.setdefault(_owner(caller), {})
        if name in regions:
            raise Problem(
                409, f"the region {fields.shown(name)} is registered already", "unregister it first"
            )
        if offset + size > piece.size:
            raise Problem(
                400, f"offset {offset} and byte_size {size} end behind the {piece.size} bytes"
            )
        if sum(map(len, self._regions.values())) >= MAX_REGIONS:
            raise Problem(
                429, f"{MAX_REGIONS} regions are registered", "unregister what is not used",
                {"Retry-After": "5"},
            )
        piece.used_s = time.monotonic()
        regions[name] = Region(name, piece, offset, size)

    def unregister(self, caller: Caller, name: str | None = None) -> None:
        """Forgets a name of an app; None: all of them."""
        regions = self._regions.get(_owner(caller), {})
        if name is None:
            regions.clear()
        else:
            regions.pop(name, None)
        if not regions:
            self._regions.pop(_owner(caller), None)

    def of(self, caller: Caller) -> list[Region]:
        """The regions of an app, by name."""
        return sorted(
            self._regions.get(_owner(caller), {}).values(), key=lambda region: region.name
        )

    def find(self, caller: Caller, name: str, where: str = "") -> Region:
        """A region.

        Raises:
            Problem: 404; there is none of that name.
        """
        region = self._regions.get(_owner(caller), {}).get(name)
        if region is None:
            raise Problem(
                404, f"{where}{': ' if where else ''}there is no region {fields.shown(name)}",
                f"{_HOW}; POST /v2/systemsharedmemory/region/NAME/register names it",
            )
        return region

    def read(self, caller: Caller, place: Place, where: str) -> memoryview:
        """A copy of what lies at a place.

        Raises:
            Problem: 404, no such region; 400, it ends behind the region; 409, the memory was cut.
        """
        region = self.check(caller, place, where)
        copy = region.memory.read(region.offset + place.offset, place.size)
        if len(copy) < place.size:
            raise Problem(409, f"{where}: the region's memory was cut short", _HOW)
        return copy

    def write(self, caller: Caller, place: Place, content: memoryview, where: str) -> None:
        """Writes to a place.

        Raises:
            Problem: 404, no such region; 400, it does not fit; 507, there is no memory.
        """
        region = self.check(caller, place, where)
        if len(content) > place.size:
            raise Problem(
                400, f"{where}: {len(content)} bytes do not fit into "
                f"shared_memory_byte_size {place.size}",
            )
        try:
            region.memory.write(region.offset + place.offset, content)
        except OSError as error:
            raise Problem(
                507, f"{where}: the region's memory was cut short: {error.strerror}", _HOW
            ) from error

    def check(self, caller: Caller, place: Place, where: str) -> Region:
        """The region of a place that lies in it.

        Raises:
            Problem: 404, no such region; 400, it ends behind the region.
        """
        region = self.find(caller, place.region, where)
        if place.offset + place.size > region.size:
            raise Problem(
                400, f"{where}: shared_memory_offset {place.offset} and byte_size {place.size} "
                f"end behind the region's {region.size} bytes",
            )
        return region

    def close(self) -> None:
        """Removes all."""
        if self._keeping is not None:
            self._keeping.cancel()
        for piece in self._pieces.values():
            piece.close()
        self._pieces.clear()
        self._regions.clear()

    def _piece(self, key: str) -> SharedMemory:
        piece = self._pieces.get(key.removeprefix("/"))
        if piece is None:
            raise Problem(404, "the key is none that this daemon gave", _HOW)
        return piece

    async def _keep(self) -> None:
        await asyncio.to_thread(sweep)
        while True:
            await asyncio.sleep(min(_SWEEP_S, self._idle_s / 4))
            now_s = time.monotonic()
            for piece in tuple(self._pieces.values()):
                alive = piece.pid > 0 and is_running(piece.pid)
                idle = now_s - piece.used_s > self._idle_s
                forgotten = piece.pid > 0 and not piece.has_name
                if not alive and (idle or forgotten):
                    self.remove(piece.key)


def _owner(caller: Caller) -> _Owner:
    return caller.app, caller.executable
