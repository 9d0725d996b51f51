"""Runs that are over sooner than a thread has taken them run in the loop's; all others do not."""

from __future__ import annotations

import asyncio
import sys
import threading
from typing import TYPE_CHECKING

import numpy as np
import pytest
from fixtures import batched_engine, steady_engine
from fixtures.model_pool import held, pool, waiting
from fixtures.steady_engine import NAME, WIDTH, Noted

from sensorium.errors import EngineError
from sensorium.inference import store

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


FEEDS = {"x": np.full((1, WIDTH), 2.0, np.float32)}
LEARNT = 15
"""Runs until it is known what one takes."""


@pytest.fixture(autouse=True)
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SENSORIUM_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("SENSORIUM_DATA_DIR", str(tmp_path / "data"))


def noting(made: list[Noted]) -> Callable[[str], Noted]:
    def load(name: str) -> Noted:
        made.append(Noted(store.load(name)))
        return made[-1]

    return load


@pytest.mark.skipif(
    sys.platform == "win32", reason="a thread's time is counted in ticks of 16 ms there"
)
def test_a_quick_engine_runs_in_the_loops_thread_once_that_is_known() -> None:
    steady_engine.write()

    async def main() -> None:
        made: list[Noted] = []
        async with pool(noting(made)) as of:
            for _ in range(LEARNT + 5):
                ran = await of.run(NAME, FEEDS)
                assert ran.outputs["y"].tolist() == FEEDS["x"].tolist()
                assert ran.outputs["y"].flags.owndata
            here = [thread == threading.get_ident() for thread in made[0].threads]
            assert here == [False] * LEARNT + [True] * 5
            with pytest.raises(EngineError, match="must be float32"):
                await of.run(NAME, {"x": np.zeros((1, 2), np.float32)})
            assert made[0].threads[-1] == threading.get_ident()
            # One that takes long goes back to the threads, with the next run.
            made[0].busy_ns = 4_000_000
            for _ in range(3):
                await of.run(NAME, FEEDS)
            here = [thread == threading.get_ident() for thread in made[0].threads[-3:]]
            assert here == [True, False, False]

    asyncio.run(main())


def test_what_is_not_steady_or_not_quick_stays_in_threads() -> None:
    steady_engine.write()
    batched_engine.write()

    async def main() -> None:
        made: list[Noted] = []
        async with pool(noting(made)) as of:
            await of.run(NAME, FEEDS)
            made[0].busy_ns = 1_000_000
            await of.run(batched_engine.NAME, batched_engine.feeds(1.0))
            for _ in range(LEARNT + 5):
                await of.run(NAME, FEEDS)
                await of.run(batched_engine.NAME, batched_engine.feeds(1.0))
            assert threading.get_ident() not in {*made[0].threads, *made[1].threads}

    asyncio.run(main())


def test_a_quick_run_waits_for_its_turn_like_any_other() -> None:
    steady_engine.write()

    async def main() -> None:
        async with pool() as of:
            for _ in range(LEARNT):
                await of.run(NAME, FEEDS)
            async with held(of, NAME):
                asked = [asyncio.create_task(of.run(NAME, FEEDS)) for _ in range(3)]
                await waiting(of, 3, NAME)
                assert not any(one.done() for one in asked)
            ran = await asyncio.gather(*asked)
            assert all(one.outputs["y"][0, 0] == 2.0 for one in ran)

    asyncio.run(main())
