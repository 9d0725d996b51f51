"""Memory for clients' tensors: what it survives, when it goes, and what it is bounded by."""

from __future__ import annotations

import asyncio
import mmap
import os
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from sensorium.service.caller import Caller
from sensorium.service.models.budget import Budget
from sensorium.service.open_inference import shared_memory
from sensorium.service.open_inference.message import Place
from sensorium.service.open_inference.shared_memory import FOLDER, SharedMemory
from sensorium.service.open_inference.shared_regions import SharedRegions
from sensorium.service.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.skipif(not shared_memory.is_there(), reason="needs /dev/shm")


@pytest.fixture
def gone() -> int:
    """The id of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def is_there(piece: SharedMemory) -> bool:
    return (FOLDER / piece.key).exists()


@contextmanager
def refused(status: int) -> Iterator[None]:
    with pytest.raises(Problem) as caught:
        yield
    assert caught.value.status == status


def test_what_a_client_writes_is_read_and_the_other_way_round() -> None:
    async def main() -> None:
        regions, caller = SharedRegions(), Caller("game", os.getpid(), "/game")
        piece = await regions.make(caller, 4096)
        with (FOLDER / piece.key).open("r+b") as file, mmap.mmap(file.fileno(), 4096) as memory:
            regions.register(caller, "part", f"/{piece.key}", 1000, 96)
            memory[1010:1014] = b"ping"
            assert regions.read(caller, Place("part", 10, 4), "here") == b"ping"
            regions.write(caller, Place("part", 92, 4), memoryview(b"pong"), "here")
            assert memory[1092:1096] == b"pong"
            with refused(400):
                regions.write(caller, Place("part", 93, 4), memoryview(b"pong"), "here")
            with refused(400):
                regions.write(caller, Place("part", 0, 3), memoryview(b"pong"), "here")
            with refused(404):
                regions.read(Caller("other"), Place("part", 0, 4), "here")
            os.truncate(FOLDER / piece.key, 1012)
            with refused(409):
                regions.read(caller, Place("part", 10, 4), "here")
        regions.close()
        assert not is_there(piece)

    asyncio.run(main())


def test_memory_goes_when_its_owner_is_gone_and_nobody_uses_it(gone: int) -> None:
    async def main() -> None:
        regions = SharedRegions(idle_s=0.2)
        regions.open()
        kept = await regions.make(Caller("game", os.getpid(), "/game"), 64)
        orphan = await regions.make(Caller("game", gone, "/game"), 64)
        unknown = await regions.make(Caller("game"), 64)
        regions.register(Caller("game"), "part", unknown.key, 0, 64)
        assert all(map(is_there, (kept, orphan, unknown)))
        while is_there(orphan) or is_there(unknown):
            await asyncio.sleep(0.02)
        await asyncio.sleep(0.3)
        assert is_there(kept)
        assert regions.of(Caller("game")) == []
        regions.close()

    asyncio.run(main())


def test_memory_that_its_gone_owner_unlinked_goes_at_once(gone: int) -> None:
    async def main() -> None:
        regions = SharedRegions(idle_s=4.0)
        regions.open()
        piece = await regions.make(Caller("game", gone, "/game"), 64)
        (FOLDER / piece.key).unlink()
        status = 0
        while status != 404:
            await asyncio.sleep(0.05)
            try:
                regions.register(Caller("game"), "part", piece.key, 0, 64)
                regions.unregister(Caller("game"))
            except Problem as problem:
                status = problem.status
        regions.close()

    asyncio.run(main())


def test_pieces_and_bytes_are_bounded() -> None:
    async def main() -> None:
        regions, caller = SharedRegions(max_bytes=1000), Caller("game")
        made = await asyncio.gather(
            *(regions.make(caller, 400) for _ in range(4)), return_exceptions=True
        )
        assert [getattr(one, "status", 201) for one in made] == [201, 201, 429, 429]
        regions.remove(made[0].key)
        with refused(404):
            regions.remove(made[0].key)
        await regions.make(caller, 400)
        for index in range(256):
            regions.register(caller, str(index), made[1].key, 0, 1)
        with refused(429):
            regions.register(caller, "one more", made[1].key, 0, 1)
        regions.close()

    asyncio.run(main())


def test_a_sweep_removes_what_nobody_holds_and_nothing_else() -> None:
    held = SharedMemory.make(64, 0)
    left, fresh = (FOLDER / f"{held.key[:-4]}{end}" for end in ("left", "new1"))
    try:
        left.write_bytes(b"x")
        fresh.write_bytes(b"x")
        os.utime(left, (1, 1))
        os.utime(FOLDER / held.key, (1, 1))

        shared_memory.sweep()

        assert is_there(held)
        assert not left.exists()
        assert fresh.exists()
    finally:
        held.close()
        fresh.unlink(missing_ok=True)


def test_a_budget_is_given_back_whatever_happens() -> None:
    budget = Budget(100)
    with budget.share() as first:
        first.take(60)
        with refused(429), budget.share() as second:
            second.take(30)
            second.take(11)
        assert budget.held == 60
        first.keep(500)
    assert budget.held == 0
