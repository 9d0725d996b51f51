"""The engines as one request uses them: until its deadline, and noting which answered."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeVar

from sensorium.clock import now_ns
from sensorium.service.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from sensorium.inference.engine import Engine
    from sensorium.service.models.execution import Ran
    from sensorium.service.models.pool import Pool
    from sensorium.service.models.turn import Caller

Given = TypeVar("Given")
Result = TypeVar("Result")

_SIDE_BY_SIDE = 4
"""Of what is done several times; no more than may wait for an engine."""


class Work:
    """One request's use of the pool.

    Args:
        pool: Of the service.
        timeout_s: From now, for all of it.
        caller: Who asked.
    """

    def __init__(self, pool: Pool, timeout_s: float, caller: Caller) -> None:
        self._pool = pool
        self._timeout_s = timeout_s
        self._caller = caller
        self._begun_ns = now_ns()
        self._engines_ns = 0
        self._used: dict[str, dict[str, Any]] = {}

    async def run(self, name: str, feeds: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        """One run of an engine; the outputs are the caller's own.

        Raises:
            Problem: 429; too many wait. 504; the deadline has passed.
            EngineMissing: It was not built.
            EngineError: It failed.
        """
        ran = await self._pool.run(
            name, feeds, timeout_s=self.left_s(), caller=self._caller
        )
        self._engines_ns += ran.timing.run_ns
        self._note(name, ran)
        return ran.outputs

    async def engine(self, name: str) -> Engine:
        """An engine's facts, labels and metadata; raises as `run` does."""
        engine = await self._pool.engine(name)
        self._note(name, engine)
        return engine

    async def call(
        self, names: tuple[str, ...], function: Callable[..., Result], *arguments: Any
    ) -> Result:
        """Calls `function(*engines, *arguments)` in a thread that has these engines for itself.

        Raises as `run` does. What takes long is to be cut into many calls: others wait meanwhile.
        """

        def timed(*engines: Engine) -> Result:
            begun = now_ns()
            result = function(*engines, *arguments)
            self._engines_ns += now_ns() - begun
            return result

        async with self._pool.borrow(*names) as engines:
            for name, engine in zip(names, engines, strict=True):
                self._note(name, engine)
            return await self._pool.call(
                timed, *engines, timeout_s=self.left_s(), caller=self._caller
            )

    async def several(
        self, each: Callable[[Given], Awaitable[Result]], given: Sequence[Given]
    ) -> list[Result]:
        """Does the same with several things, a few at a time.

        While one runs the next is made ready; where its card allows it, an engine takes them in
        one run.

        Args:
            each: What is done with one; it uses this request's engines.
            given: The things.

        Returns:
            What came of each, in their order.

        Raises:
            Exception: What one of them raised; no other goes on then.
        """
        gate = asyncio.Semaphore(min(_SIDE_BY_SIDE, self._pool.queue))

        async def one(thing: Given) -> Result:
            async with gate:
                return await each(thing)

        doing = [asyncio.ensure_future(one(thing)) for thing in given]
        try:
            return await asyncio.gather(*doing)
        finally:
            for task in doing:
                task.cancel()
            await asyncio.gather(*doing, return_exceptions=True)

    def left_s(self) -> float:
        """Until the deadline.

        Raises:
            Problem: 504; it has passed.
        """
        left = self._timeout_s - (now_ns() - self._begun_ns) / 1e9
        if left <= 0:
            raise Problem(
                504, f"not done within {self._timeout_s:g} s",
                "ask for less at once, or give a larger timeout_s",
            )
        return left

    def report(self) -> dict[str, Any]:
        """What an answer says of its making: engines, and milliseconds."""
        return {
            "engines": list(self._used.values()),
            "times": {
                "total_ms": round((now_ns() - self._begun_ns) / 1e6, 3),
                "engines_ms": round(self._engines_ns / 1e6, 3),
            },
        }

    def _note(self, name: str, ran: Engine | Ran) -> None:
        self._used[name] = {
            "name": name,
            "precision": ran.precision.name.lower(),
            "device": ran.device.name.lower(),
        }
