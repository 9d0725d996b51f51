"""The engines of the service: loaded when they are used, shared by all who ask."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any, TypeVar

from sensorium.errors import EngineError
from sensorium.service.models import states
from sensorium.service.models.admission import Waiting
from sensorium.service.models.residents import Residents
from sensorium.service.models.schedule import Schedule
from sensorium.service.models.turn import OWN, Call, Closing, Run, urgency
from sensorium.service.problem import Problem

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping

    from numpy.typing import NDArray

    from sensorium.inference.engine import Engine
    from sensorium.service.models.execution import Ran
    from sensorium.service.models.residency import Built, Resident
    from sensorium.service.models.states import State
    from sensorium.service.models.turn import Caller, Turn

Result = TypeVar("Result")

_SWEEP_S = 5.0
_WAIT_S = 30.0
"""How long a turn waits where its caller does not say."""


class Pool:
    """Engines by name. All methods are for the loop's thread.

    Args:
        load: Loads an engine; see `store.load`. Called in a thread.
        workers: How many engines run at a time.
        queue: How many turns of one engine may wait.
        keep_s: How long an engine stays loaded that nobody uses.
        warm: Those that are loaded at the start and stay.
    """

    def __init__(
        self,
        load: Callable[[str], Engine],
        *,
        workers: int,
        queue: int,
        keep_s: float,
        warm: Iterable[str] = (),
    ) -> None:
        # Of an engine that was built anew the loaded one goes: who comes then gets the new one.
        self._residents = Residents(self._retire)
        self.queue = queue
        self._waiting = Waiting(queue)
        self._schedule = Schedule(self._waiting, self._residents.known, load, workers)
        self._keep_s = keep_s
        self._warm = tuple(warm)
        self._keeping: asyncio.Task[None] | None = None
        self._closed = False

    def open(self) -> None:
        """Begins to load what is to stay, and to close what nobody uses."""
        self._keeping = asyncio.create_task(self._keep())

    async def run(
        self,
        name: str,
        feeds: Mapping[str, NDArray[Any]],
        *,
        priority: int = 0,
        timeout_s: float | None = None,
        batch: bool = True,
        outputs: Collection[str] | None = None,
        caller: Caller = "",
    ) -> Ran:
        """Runs an engine once; loads it where needed.

        Args:
            name: Of its card.
            feeds: Input name to array; not to be changed before this ends.
            priority: 1, the most urgent, to 9; 0: 5.
            timeout_s: How long it may wait for its turn; None: 30 s.
            batch: Whether other callers' feeds may share the run, where the card allows it.
            outputs: Those that are wanted; None: all. More may come.
            caller: Who asks: callers of the same priority go in turn.

        Raises:
            Problem: 404, no such engine; 429, too many wait; 504, it waited too long; 400, the
                priority.
            EngineMissing: It was not built.
            EngineError: The feeds do not fit, or the run failed.
        """
        resident = await self._resident(name)
        batching = resident.built.batching
        rows = batching.rows(feeds) if batching is not None and batch else None
        ran: Ran = await self._take(
            Run(
                (name,), urgency(priority), _future(), feeds, rows, outputs, caller=caller
            ), timeout_s,
        )
        return ran

    async def engine(self, name: str) -> Engine:
        """A loaded engine, for what it says of itself; runs go through `run` or `call`.

        Raises:
            Problem: 404, no such engine.
            EngineError: It cannot be loaded.
        """
        resident = await self._resident(name)
        while resident.engine is None:
            self._schedule.ensure_loading(resident)
            if resident.loading is not None:
                await asyncio.shield(resident.loading)
            if resident.error is not None:
                raise resident.error
        return resident.engine

    @asynccontextmanager
    async def borrow(self, *names: str) -> AsyncIterator[tuple[Engine, ...]]:
        """Keeps engines loaded for several steps; each step is a `call`.

        Raises:
            Problem: 404, no such engine.
            EngineError: One cannot be loaded.
        """
        residents = [await self._resident(name) for name in names]
        for resident in residents:
            resident.pins += 1
        try:
            yield tuple([await self.engine(name) for name in names])
        finally:
            for resident in residents:
                resident.pins -= 1
            self._schedule.dispatch()

    async def call(
        self,
        work: Callable[..., Result],
        *engines: Engine,
        priority: int = 0,
        timeout_s: float | None = None,
        caller: Caller = "",
    ) -> Result:
        """Calls `work(*engines)` in a worker's thread; nobody else runs these engines meanwhile.

        Args:
            work: Several steps; long ones are better cut into calls, as others wait.
            engines: Borrowed ones.
            priority: See `run`.
            timeout_s: See `run`.
            caller: See `run`.

        Raises:
            Problem: See `run`.
            Exception: What `work` raises.
        """
        names = tuple(dict.fromkeys(engine.name for engine in engines))
        call = Call(names, urgency(priority), _future(), lambda: work(*engines), caller=caller)
        result: Result = await self._take(call, timeout_s)
        return result

    async def load(self, name: str, *, warm: bool | None = None) -> None:
        """Loads an engine now, anew where it was built anew.

        Args:
            name: Of its card.
            warm: Whether it stays loaded from now on; None: as before.

        Raises:
            Problem: 404, no such engine.
            EngineError: It cannot be loaded.
        """
        resident = await self._resident(name, look=True)
        if resident.is_old:
            await self._take(Closing((name,), OWN, _future()), None)
        await self.engine(name)
        if warm is not None:
            resident.warm = warm

    async def unload(self, name: str) -> None:
        """Closes an engine once the runs on their way have ended; who uses it next loads it again.

        Raises:
            Problem: 404, no such engine; 504, it is in use for too long.
        """
        resident = await self._resident(name)
        if resident.loading is not None:
            await asyncio.shield(resident.loading)
        resident.warm = False
        await self._take(Closing((name,), OWN, _future()), None)
        resident.unloaded = resident.engine is None

    async def built(self, name: str) -> Built:
        """What was built of a card: inputs, outputs, axes.

        Raises:
            Problem: 404, no such engine.
            EngineError: It was not built, or is broken.
        """
        return (await self._resident(name)).built

    async def is_ready(self, name: str) -> bool:
        """Whether a run would begin: it is loaded, or would be then. After `unload` it is not.

        Raises:
            Problem: 404, no such engine.
            EngineError: It was not built, or cannot be loaded.
        """
        return not (await self._resident(name)).unloaded

    def residents(self) -> tuple[Resident, ...]:
        """The engines that somebody asked for, by name; not to be changed."""
        return tuple(one for _, one in sorted(self._residents.known.items()))

    async def states(self) -> list[State]:
        """Every card's engine, by name; of those that nobody asked for what the disk says."""
        known = self._residents.known
        cards = await asyncio.to_thread(states.cards, frozenset(known))
        now_s = asyncio.get_running_loop().time()
        return [
            unused if unused is not None and name not in known
            else states.used(known[name], self._waiting.count(name), now_s)
            for name, unused in cards
        ]

    async def close(self) -> None:
        """Ends all: who waits gets 503, runs on their way end first."""
        self._closed = True
        if self._keeping is not None:
            self._keeping.cancel()
            with suppress(asyncio.CancelledError):
                await self._keeping
        self._waiting.clear(_stopping())
        await self._schedule.close()

    async def _resident(self, name: str, *, look: bool = False) -> Resident:
        if self._closed:
            raise _stopping()
        return await self._residents.find(name, look=look)

    def _retire(self, resident: Resident) -> None:
        """Ends a loaded engine as soon as nobody has it."""
        if not resident.leaving:
            resident.leaving = True
            closing = Closing((resident.name,), OWN, _future())
            closing.done.add_done_callback(lambda done: _left(resident, done))
            self._add(closing)

    async def _take(self, turn: Turn, timeout_s: float | None) -> Any:
        wait_s = _WAIT_S if timeout_s is None else timeout_s
        self._add(turn)
        if turn.done.done():
            return turn.done.result()
        late = asyncio.get_running_loop().call_later(wait_s, self._expire, turn, wait_s)
        try:
            return await turn.done
        finally:
            late.cancel()
            self._waiting.discard(turn)

    def _add(self, turn: Turn) -> None:
        if self._closed:
            raise _stopping()
        self._waiting.add(turn, lambda: self._run_s(turn))
        self._schedule.dispatch()

    def _run_s(self, turn: Turn) -> float:
        residents = [self._residents.known[name] for name in turn.names]
        return max(resident.figures.percentile_ns(0.5) for resident in residents) / 1e9

    def _expire(self, turn: Turn, wait_s: float) -> None:
        if not turn.begun:
            self._waiting.discard(turn)
            turn.fail(
                Problem(
                    504, f"{turn.names[0]}: no turn within {wait_s:g} s",
                    "allow more time, a more urgent priority, or send less at a time",
                )
            )

    async def _keep(self) -> None:
        for name in self._warm:
            with suppress(EngineError, Problem):
                await self.load(name, warm=True)
        while True:
            await asyncio.sleep(min(_SWEEP_S, self._keep_s / 4))
            now_s = asyncio.get_running_loop().time()
            for resident in self.residents():
                used = resident.busy or resident.pins or resident.warm
                idle = now_s - resident.used_s > self._keep_s
                if resident.engine is not None and idle and not used:
                    self._retire(resident)


def _left(resident: Resident, done: asyncio.Future[Any]) -> None:
    resident.leaving = False
    # Asked for, so that asyncio does not report as unseen what the log has.
    if not done.cancelled():
        done.exception()


def _future() -> asyncio.Future[Any]:
    return asyncio.get_running_loop().create_future()


def _stopping() -> Problem:
    return Problem(503, "the service is being stopped", "come again", {"Retry-After": "1"})
