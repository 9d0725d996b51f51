"""The gate of a process: heavy runs keep out of the app's frame, and below it.

While a governor is there, a heavy run waits for its place in the app's frame, at most for two of
its periods, and has a thread of its own (see `background`). What is overdue waits for nothing.
"""

from __future__ import annotations

import threading
from time import perf_counter_ns
from typing import TYPE_CHECKING, Any

from sensorium.clock import now_ns
from sensorium.health import Device
from sensorium.inference.frame_phase import HEAVY_NS, wait_ns
from sensorium.inference.gate import Passed
from sensorium.process.background import Background
from sensorium.process.governed import Board, Boards

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from sensorium.inference.engine import Engine
    from sensorium.process.outputs import Outputs

_PERIODS, _MOST_NS = 2, 100_000_000
"""A run waits for its place no longer than so many of the app's periods, and never longer."""
_WATCH_S = 0.5
"""How often it is looked whether a governor is there; what one says is seen at once."""
_STOP_S = 1.0


class EngineGate:
    """See `inference.gate.Gate`.

    Args:
        outputs: The process's regions.
        patience_ns: How long a run may wait now, from now on; 0: it is overdue; None: it is not to
            be slowed at all.

    Attributes:
        held: Runs that waited for their place in a frame.
        held_ns: How long, in all.
        is_live: Whether a governor is there.
    """

    def __init__(self, outputs: Outputs, patience_ns: Callable[[], int | None]) -> None:
        self.held = self.held_ns = 0
        self.background = Background()
        self._outputs = outputs
        self._patience_ns = patience_ns
        self._boards = Boards(outputs)
        self.is_live = False
        self._stopping = False
        self._thread = threading.Thread(target=self._watch, name="governed", daemon=True)

    def start(self) -> None:
        """Begins to do what the governor says."""
        self._thread.start()

    def stop(self) -> None:
        """Ends that."""
        self._stopping = True
        self._thread.join(_STOP_S)
        self.background.close()

    def run(self, engine: Engine, feeds: Mapping[str, NDArray[Any]], usual_ns: int) -> Passed:
        """See `Gate.run`."""
        patience_ns = self._patience_ns() if self.is_live and usual_ns >= HEAVY_NS else None
        if patience_ns is None:
            return _at_once(engine, feeds)
        deadline_ns = now_ns() + patience_ns
        if patience_ns > 0:
            self._hold(usual_ns, deadline_ns)
        # Others than the processor are not kept from anybody by a thread's class.
        if patience_ns <= 0 or engine.device is not Device.CPU or self.background.starved:
            return _at_once(engine, feeds)
        begun = perf_counter_ns()
        outputs, engine = self.background.run(engine, feeds, deadline_ns)
        return Passed(outputs, perf_counter_ns() - begun, engine)

    def figures(self) -> dict[str, Any]:
        """What it did, as JSON values; from any thread."""
        return {
            "background": self.background.lowered,
            "background_runs": self.background.runs,
            "rescued_runs": self.background.rescued,
            "stuck_threads": self.background.stuck,
            "held_runs": self.held,
            "held_s": round(self.held_ns / 1e9, 3),
        }

    def _hold(self, usual_ns: int, deadline_ns: int) -> None:
        """Waits for the run's place in the app's frame."""
        board = self._boards.board
        now = begun = now_ns()
        phase = board.phase(now)
        if phase is None:
            return
        end = min(deadline_ns, now + min(_PERIODS * phase.period_ns, _MOST_NS))
        waited = False
        while phase is not None and now < end:
            wait = min(wait_ns(phase, now, usual_ns), end - now)
            if wait <= 0:
                break
            waited = True
            board.sleep_frame(wait / 1e9)
            now = now_ns()
            phase = board.phase(now)
        if waited:
            self.held += 1
            self.held_ns += now - begun

    def _watch(self) -> None:
        board = Board(self._outputs)
        while not self._stopping:
            if board.look(now_ns()):
                self.is_live = board.live
                if board.background != self.background.lowered:
                    self.background.set(lowered=board.background)
            board.sleep(_WATCH_S)
        board.close()
        if self.background.lowered:
            self.background.set(lowered=False)


def _at_once(engine: Engine, feeds: Mapping[str, NDArray[Any]]) -> Passed:
    begun = perf_counter_ns()
    outputs = engine.run(feeds)
    return Passed(outputs, perf_counter_ns() - begun, engine)
