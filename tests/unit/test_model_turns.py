"""The pool of engines: who waits, whose turn it is and who shares a run, on real engines."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

import numpy as np
import pytest
from fixtures import batched_engine
from fixtures.batched_engine import MOST, NAME, feeds
from fixtures.model_loads import Loads
from fixtures.model_pool import held, pool, refused, waiting

from sensorium.errors import EngineError

if TYPE_CHECKING:
    from pathlib import Path

    from sensorium.service.models.pool import Pool


@pytest.fixture(autouse=True)
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SENSORIUM_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("SENSORIUM_DATA_DIR", str(tmp_path / "data"))
    batched_engine.write()


def test_those_who_wait_share_one_run_up_to_the_cards_most() -> None:
    async def main() -> None:
        loads = Loads()
        async with pool(loads) as made:
            async with held(made, NAME):
                runs = [
                    asyncio.create_task(made.run(NAME, feeds(value, rows=3)))
                    for value in (1.0, 2.0, 3.0)
                ]
                await waiting(made, 3)
            results = await asyncio.gather(*runs)
            for value, ran in zip((1.0, 2.0, 3.0), results, strict=True):
                assert ran.outputs["y"].tolist() == [[value] * 3] * 3
                assert ran.outputs["y"].flags.owndata
            # Three rows each: two fit into eight, the third has a run of its own.
            assert [ran.rows for ran in results] == [6, 6, 3]
            assert loads.engines[0].runs == 2
            figures = made.residents()[0].figures
            assert (figures.whole.run.count, figures.rows, figures.succeeded.count) == (2, 9, 3)
            assert sorted(figures.batches) == [3, 6]

    asyncio.run(main())


def test_who_wants_no_company_runs_alone() -> None:
    async def main() -> None:
        async with pool() as made:
            async with held(made, NAME):
                runs = [
                    asyncio.create_task(made.run(NAME, feeds(1.0), batch=index != 1))
                    for index in range(3)
                ]
                await waiting(made, 3)
            assert [ran.rows for ran in await asyncio.gather(*runs)] == [2, 1, 2]

    asyncio.run(main())


def test_one_callers_bad_feeds_cost_the_others_nothing() -> None:
    async def main() -> None:
        async with pool() as made:
            async with held(made, NAME):
                runs = [
                    asyncio.create_task(made.run(NAME, feeds(1.0, line=line)))
                    for line in (0, 99, 1)
                ]
                odd = asyncio.create_task(
                    made.run(NAME, {"x": np.ones((1, 7), np.float32), "line": np.zeros(1, int)})
                )
                await waiting(made, 4)
            first, bad, last = await asyncio.gather(*runs, return_exceptions=True)
            assert isinstance(bad, EngineError)
            assert first.outputs["y"].tolist() == last.outputs["y"].tolist() == [[1.0] * 3]
            with pytest.raises(EngineError, match="must be float32"):
                await odd
            assert made.residents()[0].figures.failed.count == 2

    asyncio.run(main())


def test_int8_that_scales_by_its_input_is_not_shared() -> None:
    batched_engine.write("mixed", precision="int8", scheme="dynamic")
    batched_engine.write("fixed", precision="int8", scheme="static")

    async def main() -> None:
        async with pool() as made:
            assert (await made.built("mixed")).batching is None
            assert (await made.built("fixed")).batching.most == MOST

    asyncio.run(main())


def test_a_full_queue_refuses_and_lets_the_more_urgent_in() -> None:
    async def main() -> None:
        async with pool(queue=2) as made:
            async with held(made, NAME):
                early = asyncio.create_task(made.run(NAME, feeds(1.0), batch=False))
                late = asyncio.create_task(made.run(NAME, feeds(2.0), batch=False))
                await waiting(made, 2)
                full = await refused(made.run(NAME, feeds(3.0)))
                assert full.status == 429
                assert int(full.headers["Retry-After"]) >= 1
                urgent = asyncio.create_task(made.run(NAME, feeds(4.0), priority=1))
                assert (await refused(late)).status == 429
            assert (await urgent).outputs["y"][0, 0] == 4.0
            assert (await early).outputs["y"][0, 0] == 1.0
            assert (await refused(made.run(NAME, feeds(1.0), priority=10))).status == 400
            assert (await refused(made.run(NAME, feeds(1.0), priority=-1))).status == 400

    asyncio.run(main())


def test_turns_come_by_urgency_and_then_in_order() -> None:
    async def main() -> None:
        ended: list[float] = []

        async def run(made: Pool, value: float, priority: int) -> None:
            await made.run(NAME, feeds(value), priority=priority, batch=False)
            ended.append(value)

        async with pool() as made:
            async with held(made, NAME):
                tasks = []
                for value, priority in ((1.0, 9), (2.0, 0), (3.0, 5), (4.0, 1)):
                    tasks.append(asyncio.create_task(run(made, value, priority)))
                    await waiting(made, len(tasks))
            await asyncio.gather(*tasks)
        assert ended == [4.0, 2.0, 3.0, 1.0]

    asyncio.run(main())


def test_who_waits_too_long_or_leaves_is_taken_out() -> None:
    async def main() -> None:
        loads = Loads()
        async with pool(loads) as made:
            async with held(made, NAME):
                late = made.run(NAME, feeds(1.0), timeout_s=0.02)
                assert (await refused(late)).status == 504
                leaving = asyncio.create_task(made.run(NAME, feeds(1.0)))
                await waiting(made, 1)
                leaving.cancel()
                await waiting(made, 0)
            assert loads.engines[0].runs == 0
            await made.run(NAME, feeds(1.0))

    asyncio.run(main())


def test_who_leaves_during_a_call_does_not_free_its_engine_early() -> None:
    async def main() -> None:
        begun, gate, order = threading.Event(), threading.Event(), []

        def occupy(_: object) -> None:
            begun.set()
            gate.wait(30)
            order.append("call")

        async with pool() as made, made.borrow(NAME) as engines:
            call = asyncio.create_task(made.call(occupy, *engines))
            await asyncio.to_thread(begun.wait, 30)
            call.cancel()
            run = asyncio.create_task(made.run(NAME, feeds(1.0)))
            await waiting(made, 1)
            gate.set()
            await run
            order.append("run")
        assert order == ["call", "run"]

    asyncio.run(main())


def test_a_call_has_all_its_engines_and_what_it_raises_comes_back() -> None:
    batched_engine.write("other", factor=2.0)

    async def main() -> None:
        async with pool() as made, made.borrow(NAME, "other") as (rows, other):
            def both(one, two) -> float:
                return float(two.run(feeds(one.run(feeds(3.0))["y"][0, 0]))["y"][0, 0])

            assert await made.call(both, rows, other) == 6.0
            with pytest.raises(ZeroDivisionError):
                await made.call(lambda *_: 1 // 0, rows, other)
            async with held(made, "other"):
                pair = asyncio.create_task(made.call(both, rows, other))
                await waiting(made, 1)
                # It holds its place at `rows`, so that nobody overtakes it for ever.
                behind = asyncio.create_task(made.run(NAME, feeds(1.0)))
                await waiting(made, 2)
            assert await pair == 6.0
            await behind

    asyncio.run(main())


def test_a_thousand_at_once_are_answered_or_refused() -> None:
    async def main() -> None:
        async with pool(queue=16) as made:
            ended = await asyncio.gather(
                *(made.run(NAME, feeds(float(index))) for index in range(1000)),
                return_exceptions=True,
            )
            answered = [
                (index, ran) for index, ran in enumerate(ended) if not isinstance(ran, Exception)
            ]
            assert {error.status for error in ended if isinstance(error, Exception)} == {429}
            assert len(answered) >= 16
            assert all(ran.outputs["y"][0, 0] == index for index, ran in answered)

    asyncio.run(main())
