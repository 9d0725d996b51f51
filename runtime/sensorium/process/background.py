"""Threads for heavy runs, which may be put below all else on the PC, and taken back.

A thread that has gone to the idle class may starve while others want the processors, with whatever
it holds. So the threads in which Python runs stay what they are: a heavy run has one of its own,
which holds the interpreter for some microseconds before and after it. On Linux such a thread may be
lowered by anybody, but raised only by whom the system permits it: else another takes its place.
"""

from __future__ import annotations

import logging
import threading
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

from sensorium.clock import now_ns
from sensorium.inference import pool_threads
from sensorium.process import priority

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from sensorium.inference.engine import Engine

_log = logging.getLogger(__name__)
_LOOK_S = 0.05
"""How often it is looked whether a run that is late has been lowered meanwhile."""


class Background:
    """The threads of one process. `run` may be called from several threads.

    Attributes:
        lowered: Whether they run only where nobody else wants to.
        runs: That were made in one of them while they were lowered.
        rescued: Of these, that got no processor in time and were run as others are.
        stuck: Threads of a backend that the system does not let out of the idle class.
    """

    def __init__(self) -> None:
        self.lowered = False
        self.runs = self.rescued = self.stuck = 0
        self._lock = threading.Lock()
        self._free: list[_Runner] = []
        self._all: set[_Runner] = set()
        self._left: list[_Job] = []
        self._said = False

    @property
    def starved(self) -> bool:
        """Whether a run that was given up has still not got the processor that it needs."""
        with self._lock:
            self._left = [job for job in self._left if not job.over]
            return bool(self._left)

    def set(self, *, lowered: bool) -> None:
        """Lowers all threads, those that are busy too, or takes them back."""
        with self._lock:
            self.lowered = lowered
            for runner in tuple(self._all):
                if lowered:
                    runner.lower()
                elif not runner.restore():
                    self._retire(runner)
            self._set_pools(lowered=lowered)

    def run(
        self, engine: Engine, feeds: Mapping[str, NDArray[Any]], deadline_ns: int
    ) -> tuple[dict[str, NDArray[Any]], Engine]:
        """Runs an engine in a thread of these; in this one where it gets no processor in time.

        Args:
            engine: Which.
            feeds: See `Engine.run`.
            deadline_ns: Until when it may wait for a processor that nobody else wants.

        Returns:
            The outputs, and the engine that is to be used from now on: a twin where the run was
            given up while it was under way.

        Raises:
            EngineError: See `Engine.run`.
        """
        job = _Job(engine, feeds)
        with self._lock:
            runner = self._free.pop() if self._free else self._start()
            self.runs += self.lowered
        runner.jobs.put(job)
        while not job.wait(max(_LOOK_S, (deadline_ns - now_ns()) / 1e9)):
            if runner.lowered and now_ns() >= deadline_ns:
                return self._rescue(runner, job)
        self._give_back(runner)
        return job.result(), engine

    def close(self) -> None:
        """Ends the threads that nothing is run in."""
        with self._lock:
            for runner in tuple(self._all):
                self._retire(runner)

    def _start(self) -> _Runner:
        runner = _Runner(lowered=self.lowered)
        self._all.add(runner)
        return runner

    def _retire(self, runner: _Runner) -> None:
        """It ends once it has nothing to do any more."""
        self._all.discard(runner)
        if runner in self._free:
            self._free.remove(runner)
        runner.jobs.put(None)

    def _give_back(self, runner: _Runner) -> None:
        with self._lock:
            if runner in self._all:
                self._free.append(runner)

    def _rescue(self, runner: _Runner, job: _Job) -> tuple[dict[str, NDArray[Any]], Engine]:
        self.rescued += 1
        if not self._said:
            self._said = True
            _log.info(
                "%s got no processor in the background in time: it is run as others are",
                job.engine.name,
            )
        engine = job.engine
        with self._lock:
            raised = runner.restore()
            if raised:
                self._set_pools(lowered=False)
        if not raised and job.claim():
            self._give_back(runner)
            return engine.run(job.feeds), engine
        twin = None if raised else getattr(engine, "twin", None)
        if twin is None:
            job.wait(None)
            with self._lock:
                if self.lowered and raised:
                    runner.lower()
                    self._set_pools(lowered=True)
            self._give_back(runner)
            return job.result(), engine
        # What it reads and writes is its own, so it may take as long as it wants.
        with self._lock:
            self._retire(runner)
            self._left.append(job)
        other: Engine = twin()
        return other.run(job.feeds), other

    def _set_pools(self, *, lowered: bool) -> None:
        move = priority.lower_thread if lowered else priority.restore_thread
        refused = [thread for thread in pool_threads.ids() if not move(thread)]
        if refused and not lowered and not self.stuck:
            _log.warning(
                "%d threads of engines stay in the idle class until the daemon is restarted: the "
                "system lets them leave it only with a limit of niceness (ulimit -e)", len(refused),
            )
        self.stuck = 0 if lowered else len(refused)


class _Job:
    """One run.

    Attributes:
        over: Whether it has ended.
    """

    def __init__(self, engine: Engine, feeds: Mapping[str, NDArray[Any]]) -> None:
        self.engine = engine
        self.feeds = feeds
        self.over = False
        self._outputs: dict[str, NDArray[Any]] = {}
        self._error: BaseException | None = None
        self._claimed, self._done = threading.Lock(), threading.Lock()
        self._done.acquire()

    def claim(self) -> bool:
        """Whether it is now the caller's to run: nobody had begun."""
        return self._claimed.acquire(blocking=False)

    def execute(self) -> None:
        if not self.claim():
            return
        try:
            self._outputs = self.engine.run(self.feeds)
        except BaseException as error:  # noqa: BLE001 - raised where it was asked for
            self._error = error
        self.over = True
        self._done.release()

    def wait(self, seconds: float | None) -> bool:
        """Whether it has ended within that time; None: it is waited for."""
        return self._done.acquire(timeout=-1 if seconds is None else seconds)

    def result(self) -> dict[str, NDArray[Any]]:
        """Once it has ended."""
        if self._error is not None:
            raise self._error
        return self._outputs


class _Runner:
    """One thread."""

    def __init__(self, *, lowered: bool) -> None:
        self.jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self.lowered = False
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)
        self._thread.start()
        if lowered:
            self.lower()

    def lower(self) -> None:
        self.lowered = priority.lower_thread(self._id)

    def restore(self) -> bool:
        """Whether it is as it was before."""
        if self.lowered:
            self.lowered = not priority.restore_thread(self._id)
        return not self.lowered

    @property
    def _id(self) -> int:
        # A thread that has started has one.
        return self._thread.native_id or 0

    def _run(self) -> None:
        while (job := self.jobs.get()) is not None:
            job.execute()
            del job
