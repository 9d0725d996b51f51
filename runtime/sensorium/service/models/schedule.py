"""Gives engines and threads to those who wait, and loads what they need."""

from __future__ import annotations

import asyncio
import functools
import logging
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from sensorium.clock import now_ns
from sensorium.errors import EngineError
from sensorium.inference import measured
from sensorium.service.models import execution
from sensorium.service.models.turn import Call, Closing, Run

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sensorium.inference.engine import Engine
    from sensorium.service.models.admission import Waiting
    from sensorium.service.models.execution import Ran
    from sensorium.service.models.residency import Resident
    from sensorium.service.models.turn import Turn

_log = logging.getLogger(__name__)


class Schedule:
    """Runs on the loop's thread alone; what takes time is in threads of its own.

    Turns begin in the order of `waiting` as soon as a worker and all their engines are free. Who
    needs an engine that is not free holds the place of all its engines, so that nobody behind
    overtakes it for ever. A run that takes as long each time, and that is less than it takes to
    hand it over to a thread and back, runs in the loop's.

    Args:
        waiting: Who waits.
        residents: The engines by name; every waiting turn's are there.
        load: Loads an engine; called in a thread.
        workers: How many engines run at a time.
    """

    def __init__(
        self,
        waiting: Waiting,
        residents: Mapping[str, Resident],
        load: Callable[[str], Engine],
        workers: int,
    ) -> None:
        self._waiting = waiting
        self._residents = residents
        self._load = load
        self._free = workers
        self._workers = ThreadPoolExecutor(workers, "engine")
        self._loader = ThreadPoolExecutor(1, "engine-load")
        self._running: set[asyncio.Future[Any]] = set()

    def dispatch(self) -> None:
        """Begins all that can begin."""
        held: set[str] = set()
        for turn in self._waiting:
            if not self._free:
                return
            if turn.begun or turn.done.done():
                continue
            residents = [self._residents[name] for name in turn.names]
            if isinstance(turn, Closing):
                self._try_close(turn, residents[0])
            elif held.isdisjoint(turn.names) and all(
                resident.engine is not None and not resident.busy for resident in residents
            ):
                self._begin(turn, residents)
            else:
                held.update(turn.names)
                for resident in residents:
                    self.ensure_loading(resident)

    def ensure_loading(self, resident: Resident) -> None:
        """Begins to load an engine, where it is not loaded."""
        if resident.engine is None and resident.loading is None:
            resident.error = None
            resident.loading = asyncio.create_task(self._load_now(resident))

    async def close(self) -> None:
        """Waits for the runs and loads on their way and ends the threads."""
        loads = [resident.loading for resident in self._residents.values() if resident.loading]
        if loads or self._running:
            await asyncio.wait([*loads, *self._running])
        for resident in self._residents.values():
            engine, resident.engine = resident.engine, None
            if engine is not None:
                await asyncio.to_thread(engine.close)
        self._workers.shutdown(wait=False)
        self._loader.shutdown(wait=False)

    def _begin(self, turn: Turn, residents: Sequence[Resident]) -> None:
        if isinstance(turn, Call):
            self._start([turn], residents, turn.work)
        elif isinstance(turn, Run):
            resident = residents[0]
            engine, batching = resident.engine, resident.built.batching
            assert engine is not None
            runs = self._company(turn, batching.most) if batching and turn.rows else [turn]
            if batching and len(runs) > 1:
                counts = [run.rows.count for run in runs if run.rows]
                work = functools.partial(
                    execution.together, engine, [run.feeds for run in runs], counts, batching
                )
            else:
                rows = turn.rows.count if turn.rows else 1
                if engine.is_steady and resident.figures.is_quick:
                    self._run_here(turn, resident, engine, rows)
                    return
                work = functools.partial(_one, engine, turn, rows)
            self._start(runs, residents, work)

    def _run_here(self, turn: Run, resident: Resident, engine: Engine, rows: int) -> None:
        turn.begun = True
        self._waiting.begin(turn)
        begun_ns = now_ns()
        resident.used_s = asyncio.get_running_loop().time()
        try:
            ran = _one(engine, turn, rows)
        except Exception as error:  # noqa: BLE001 - the caller's, as from a thread
            turn.fail(error)
        else:
            _settle([turn], ran, resident, begun_ns)

    def _company(self, turn: Run, most: int) -> list[Run]:
        """A run and those that may share it, in the order in which they wait."""
        assert turn.rows is not None
        found, rows = [turn], turn.rows.count
        for other in self._waiting:
            if (
                isinstance(other, Run)
                and other is not turn
                and other.names == turn.names
                and not other.done.done()
                and other.rows is not None
                and other.rows.others == turn.rows.others
                and rows + other.rows.count <= most
            ):
                found.append(other)
                rows += other.rows.count
        return found

    def _start(
        self, turns: Sequence[Turn], residents: Sequence[Resident], work: Callable[[], Any]
    ) -> None:
        for resident in residents:
            resident.busy = True
        begun_ns = now_ns()
        self._submit(turns, work).add_done_callback(
            lambda ended: self._ended(ended, turns, residents, begun_ns)
        )

    def _try_close(self, turn: Turn, resident: Resident) -> None:
        """Ends an engine, unless somebody has it: then this waits, and holds nobody up."""
        if resident.busy or resident.pins:
            return
        engine, resident.engine = resident.engine, None
        if engine is None:
            self._waiting.discard(turn)
            turn.succeed(None)
            return
        self._submit([turn], engine.close).add_done_callback(
            lambda ended: self._settled(turn, ended)
        )

    def _submit(self, turns: Sequence[Turn], work: Callable[[], Any]) -> asyncio.Future[Any]:
        for turn in turns:
            turn.begun = True
            self._waiting.begin(turn)
        self._free -= 1
        future = asyncio.get_running_loop().run_in_executor(self._workers, work)
        self._running.add(future)
        future.add_done_callback(self._free_worker)
        return future

    def _free_worker(self, future: asyncio.Future[Any]) -> None:
        self._running.discard(future)
        self._free += 1

    def _settled(self, turn: Turn, ended: asyncio.Future[Any]) -> None:
        error = ended.exception()
        if isinstance(error, Exception):
            turn.fail(error)
        else:
            turn.succeed(ended.result())
        self.dispatch()

    def _ended(
        self,
        ended: asyncio.Future[Any],
        turns: Sequence[Turn],
        residents: Sequence[Resident],
        begun_ns: int,
    ) -> None:
        now_s = asyncio.get_running_loop().time()
        for resident in residents:
            resident.busy = False
            resident.used_s = now_s
        error = ended.exception()
        if isinstance(error, Exception):
            for turn in turns:
                turn.fail(error)
        elif isinstance(turns[0], Run):
            _settle(turns, ended.result(), residents[0], begun_ns)
        else:
            turns[0].succeed(ended.result())
        self.dispatch()

    async def _load_now(self, resident: Resident) -> None:
        loop = asyncio.get_running_loop()
        built = resident.built
        try:
            # Its runs are timed with what belongs to them, in `execution`.
            engine, grown = await loop.run_in_executor(
                self._loader, measured.grown, self._load, resident.name
            )
        except Exception as error:  # noqa: BLE001 - one engine's fault must not end the others
            if not isinstance(error, EngineError):
                _log.exception("the engine %s cannot be loaded", resident.name)
                error = EngineError(f"{resident.name}: cannot be loaded: {type(error).__name__}")
            resident.error, resident.failed_s = error, loop.time()
            for turn in self._waiting:
                if resident.name in turn.names:
                    self._waiting.discard(turn)
                    turn.fail(error)
        else:
            resident.engine, resident.loaded, resident.unloaded = engine, built, False
            resident.memory_bytes = grown
            resident.used_s = loop.time()
        finally:
            resident.loading = None
        self.dispatch()


def _one(engine: Engine, run: Run, rows: int) -> list[Ran | EngineError]:
    try:
        return [execution.alone(engine, run.feeds, rows, run.wanted)]
    except EngineError as error:
        return [error]


def _settle(
    turns: Sequence[Turn], results: Sequence[Ran | EngineError], resident: Resident, begun_ns: int
) -> None:
    now, counted = now_ns(), None
    for turn, result in zip(turns, results, strict=True):
        failed = isinstance(result, EngineError)
        resident.figures.answered(begun_ns - turn.asked_ns, now - turn.asked_ns, failed=failed)
        if isinstance(result, EngineError):
            turn.fail(result)
            continue
        # The runs of one batch share one timing.
        if result.timing is not counted:
            resident.figures.ran(result.timing, result.rows)
            counted = result.timing
        turn.succeed(result)
