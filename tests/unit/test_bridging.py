"""The process of the bridges: what a bridge had loaded goes with it."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

import pytest
from fixtures import batched_engine
from fixtures.batched_engine import NAME, feeds
from fixtures.restless_bridge import Restless
from fixtures.waiting import eventually

from sensorium import config
from sensorium.bridges.bridge import BRIDGES
from sensorium.bridges.wyoming.engines import Engines
from sensorium.clock import now_ns
from sensorium.errors import EngineError
from sensorium.process import registry
from sensorium.process.bridging import Bridging
from sensorium.process.orders import bridge_orders
from sensorium.process.outputs import Outputs

if TYPE_CHECKING:
    from pathlib import Path

    from sensorium.process.sensing import Report


def test_a_bridge_that_is_begun_anew_leaves_no_engine_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SENSORIUM_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("SENSORIUM_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setitem(BRIDGES, "restless", "fixtures.restless_bridge:Restless")
    monkeypatch.setattr(Restless, "begun", [])
    batched_engine.write()
    file = tmp_path / "sensorium.toml"
    file.write_text("[bridges.restless]\n")
    reports: list[Report] = []
    loaded = config.load(file)
    bridging = Bridging(
        bridge_orders(loaded, registry.bridges(loaded)), Outputs((), now_ns), reports.append
    )
    bridging.start()
    try:
        eventually(lambda: len(Restless.begun) == 3, lambda: str(reports))
        assert [(one["sense"], one["runs"]) for one in bridging.figures()] == [("restless", 1)]
        for engine in Restless.begun[:2]:
            with pytest.raises(EngineError, match="was closed"):
                engine.run(feeds(1.0))
        assert Restless.begun[2].run(feeds(1.0))
    finally:
        bridging.stop()
    assert bridging.figures() == []
    with pytest.raises(EngineError, match="was closed"):
        Restless.begun[2].run(feeds(1.0))


def test_wyoming_ends_behind_the_work_in_hand() -> None:
    async def main() -> None:
        engines = Engines(lambda name: pytest.fail(name), "tiny.en")
        within, gate, done = threading.Event(), threading.Event(), []

        def work() -> None:
            within.set()
            gate.wait(30)
            done.append(NAME)

        asyncio.get_running_loop().call_later(0.2, gate.set)
        working = asyncio.create_task(engines.call(work))
        waiting = asyncio.create_task(engines.call(done.clear))
        await asyncio.to_thread(within.wait, 30)
        await engines.close()
        assert done == [NAME]
        await working
        with pytest.raises(asyncio.CancelledError):
            await waiting

    asyncio.run(main())
