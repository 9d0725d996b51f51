"""The pool of engines: what is loaded, kept, closed and told, on real engines."""

from __future__ import annotations

import asyncio
import sys
import threading
from typing import TYPE_CHECKING

import pytest
from fixtures import batched_engine
from fixtures.batched_engine import NAME, feeds
from fixtures.model_loads import Loads
from fixtures.model_pool import held, pool, refused, state, waiting

from sensorium.errors import EngineError, EngineMissing
from sensorium.inference import store
from sensorium.inference.resident_memory import resident_bytes

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SENSORIUM_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("SENSORIUM_DATA_DIR", str(tmp_path / "data"))
    batched_engine.write()


def test_a_run_loads_the_engine_and_its_result_is_the_callers() -> None:
    async def main() -> None:
        async with pool() as made:
            first = await made.run(NAME, feeds(2.0))
            await made.run(NAME, feeds(3.0))
            assert first.outputs["y"].tolist() == [[2.0] * 3]
            assert first.outputs["y"].flags.owndata
            ready = await state(made)
            assert (ready.state, ready.runs, ready.precision, ready.device) == (
                "READY", 2, "FP32", "CPU",
            )
            assert 0 < ready.p50_us <= ready.p99_us
            assert (ready.memory_bytes is None) is (resident_bytes() is None)
            await made.unload(NAME)
            assert (await state(made)).memory_bytes is None

    asyncio.run(main())


def test_whoever_asks_how_engines_are_keeps_nobody_waiting_for_the_disk() -> None:
    looked: set[int] = set()
    listening = True

    def hear(event: str, _: object) -> None:
        # A hook cannot be taken away again.
        if listening and event in ("pathlib.Path.glob", "os.scandir", "os.listdir", "open"):
            looked.add(threading.get_ident())

    async def main() -> None:
        async with pool() as made:
            await made.run(NAME, feeds(1.0))
            looked.clear()
            assert {one.name for one in await made.states()} >= {NAME, "minilm"}
            assert (await state(made, "minilm")).reason == "sensorium-engines build minilm"

    sys.addaudithook(hear)
    try:
        asyncio.run(main())
    finally:
        listening = False
    assert looked
    assert threading.get_ident() not in looked


def test_unload_waits_for_the_run_and_the_next_one_loads_again() -> None:
    async def main() -> None:
        loads = Loads()
        async with pool(loads) as made:
            async with held(made, NAME):
                unloading = asyncio.create_task(made.unload(NAME))
                run = asyncio.create_task(made.run(NAME, feeds(5.0)))
                await asyncio.sleep(0.05)
                assert not unloading.done()
            await asyncio.gather(unloading, run)
            assert run.result().outputs["y"][0, 0] == 5.0
            await made.unload(NAME)
            assert not await made.is_ready(NAME)
            with pytest.raises(EngineError, match="was closed"):
                loads.engines[-1].run(feeds(1.0))
            before = len(loads.engines)
            await made.run(NAME, feeds(1.0))
            assert await made.is_ready(NAME)
            assert len(loads.engines) == before + 1

    asyncio.run(main())


def test_what_nobody_uses_is_closed_unless_it_is_kept_warm() -> None:
    batched_engine.write("warm")

    async def main() -> None:
        async with pool(keep_s=0.1, warm=("warm", "not-there")) as made:
            await made.run(NAME, feeds(1.0))
            states = {}
            while states.get(NAME) != "UNAVAILABLE" or states.get("warm") != "READY":
                await asyncio.sleep(0.02)
                states = {one.name: one.state for one in await made.states()}
            await asyncio.sleep(0.3)
            assert (await state(made, "warm")).state == "READY"
            # It is not unloaded by anybody's wish, so it counts as ready.
            assert await made.is_ready(NAME)

    asyncio.run(main())


def test_an_engine_that_was_built_anew_is_served_without_a_restart() -> None:
    async def main() -> None:
        async with pool() as made:
            assert (await made.run(NAME, feeds(1.0))).outputs["y"][0, 0] == 1.0
            batched_engine.write(factor=7.0)
            await made.load(NAME)
            assert (await made.run(NAME, feeds(1.0))).outputs["y"][0, 0] == 7.0
            batched_engine.write(factor=9.0)
            while (await made.run(NAME, feeds(1.0))).outputs["y"][0, 0] != 9.0:
                await asyncio.sleep(0.05)

    asyncio.run(main())


def test_what_is_not_there_says_how_to_get_it() -> None:
    async def main() -> None:
        async with pool() as made:
            for name in ("nothing", "../rows", "..", "", "a/b", "\ud800", "A" * 5000, "x\x00"):
                problem = await refused(made.run(name, {}))
                assert problem.status == 404
                assert problem.message.isascii()
                assert len(problem.message) < 500
            with pytest.raises(EngineMissing) as caught:
                await made.run("minilm", {})
            assert caught.value.remedy == "sensorium-engines build minilm"
            (store.built_folder(NAME) / "rows.onnx").write_bytes(b"spoilt")
            with pytest.raises(EngineError, match="sha256"):
                await made.run(NAME, feeds(1.0))
            broken = await state(made)
            assert broken.state == "UNAVAILABLE"
            assert "sha256" in broken.reason
            batched_engine.write(factor=2.0)
            result = None
            while result is None:
                try:
                    result = (await made.run(NAME, feeds(1.0))).outputs["y"][0, 0]
                except EngineError:
                    await asyncio.sleep(0.05)
            assert result == 2.0

    asyncio.run(main())


def test_at_the_end_who_waits_is_told() -> None:
    async def main() -> None:
        async with pool() as made:
            async with held(made, NAME):
                late = asyncio.create_task(made.run(NAME, feeds(1.0)))
                await waiting(made, 1)
                closing = asyncio.create_task(made.close())
                assert (await refused(late)).status == 503
            await closing
            assert (await refused(made.run(NAME, feeds(1.0)))).status == 503

    asyncio.run(main())


def test_only_what_is_wanted_is_copied() -> None:
    async def main() -> None:
        async with pool() as made:
            assert (await made.run(NAME, feeds(1.0), outputs=())).outputs == {}
            assert (await made.run(NAME, feeds(1.0), outputs=("y",))).outputs.keys() == {"y"}

    asyncio.run(main())
