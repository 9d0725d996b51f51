"""Callers who share an engine go in turn, and nobody fills its queue for the others."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from fixtures import batched_engine
from fixtures.batched_engine import NAME, feeds
from fixtures.model_pool import held, pool, refused, waiting

from sensorium.service.models.fairness import Rounds
from sensorium.service.models.turn import Turn

if TYPE_CHECKING:
    from pathlib import Path

    from sensorium.service.models.pool import Pool


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SENSORIUM_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("SENSORIUM_DATA_DIR", str(tmp_path / "data"))
    batched_engine.write()


def order(rounds: Rounds, *asked: tuple[str, int]) -> list[str]:
    """Callers in the order of their turns; who asked first comes first."""
    loop = asyncio.new_event_loop()
    turns = [
        Turn((NAME,), priority, loop.create_future(), caller=caller) for caller, priority in asked
    ]
    loop.close()
    return [str(turn.caller) for turn in rounds.order(sorted(turns, key=lambda t: t.priority))]


def test_one_of_each_caller_before_the_second_of_any() -> None:
    asked = [("a", 5), ("a", 5), ("a", 5), ("b", 5), ("c", 5), ("b", 5)]
    assert order(Rounds(), *asked) == ["a", "b", "c", "a", "b", "a"]


def test_who_was_served_last_comes_last() -> None:
    rounds = Rounds()
    for caller in ("b", "a"):
        rounds.serve(caller)
    assert order(rounds, ("a", 5), ("a", 5), ("b", 5), ("c", 5)) == ["c", "b", "a", "a"]


def test_urgency_comes_before_fairness() -> None:
    rounds = Rounds()
    rounds.serve("a")
    assert order(rounds, ("b", 5), ("a", 1), ("a", 1)) == ["a", "a", "b"]


def test_callers_are_forgotten_when_there_are_too_many() -> None:
    rounds = Rounds()
    for caller in range(5_000):
        rounds.serve(caller)
    assert order(rounds, ("new", 5), ("0", 5)) == ["new", "0"]


@pytest.mark.usefixtures("own")
def test_a_flood_of_one_caller_delays_another_by_one_run() -> None:
    async def main() -> None:
        ended: list[str] = []

        async def run(made: Pool, caller: str) -> None:
            await made.run(NAME, feeds(1.0), batch=False, caller=caller)
            ended.append(caller)

        async with pool() as made:
            async with held(made, NAME):
                tasks = []
                for caller in ("flood",) * 6 + ("other",) * 2:
                    tasks.append(asyncio.create_task(run(made, caller)))
                    await waiting(made, len(tasks))
            await asyncio.gather(*tasks)
        assert ended == ["flood", "other", "flood", "other", *["flood"] * 4]

    asyncio.run(main())


@pytest.mark.usefixtures("own")
def test_a_full_queue_lets_another_caller_in_at_the_flooders_cost() -> None:
    async def main() -> None:
        async with pool(queue=3) as made:
            async with held(made, NAME):
                flood = [
                    asyncio.create_task(made.run(NAME, feeds(value), batch=False, caller=1))
                    for value in (1.0, 2.0, 3.0)
                ]
                await waiting(made, 3)
                assert (await refused(made.run(NAME, feeds(4.0), caller=1))).status == 429
                other = asyncio.create_task(made.run(NAME, feeds(5.0), batch=False, caller=2))
                assert (await refused(flood[2])).status == 429
                # With two against one it gains nothing to push one more out.
                assert (await refused(made.run(NAME, feeds(6.0), caller=2))).status == 429
            assert (await other).outputs["y"][0, 0] == 5.0
            assert [(await each).outputs["y"][0, 0] for each in flood[:2]] == [1.0, 2.0]

    asyncio.run(main())
