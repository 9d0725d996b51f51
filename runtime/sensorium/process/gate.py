"""The gate of a process: heavy runs keep out of the app's frame, and below it.

While a governor is there, a heavy run waits for its place in the app's frame, at most for two of
its periods; and while it says so, engines' threads run in the background (`background`). What is
overdue waits for nothing, and gets the processors back that it needs.
"""

from __future__ import annotations

import itertools
import threading
from time import perf_counter_ns
from typing import TYPE_CHECKING, Any

from sensorium.clock import now_ns
from sensorium.inference.frame_phase import HEAVY_NS, wait_ns
from sensorium.process.background import Background
from sensorium.process.governed import Board, Boards

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from sensorium.inference.engine import Engine
    from sensorium.process.outputs import Outputs

_PERIODS, _MOST_NS = 2, 100_000_000
"""A run waits for its place no longer than so many of the app's periods, and never longer."""
_WATCH_S, _WATCH_LOWERED_S = 0.5, 0.05
"""How often it is looked whether a governor is there, and in the background whether a run is
overdue; what the governor says is seen at once."""
_SHORT_NS = 50_000_000
"""How long a run that waits for nothing may take before its threads are taken back."""
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
        rescued: How often threads were taken back from the background for a run that was overdue.
        is_live: Whether a governor is there.
        lowers: Whether threads may go to the background: not where somebody waits for what they
            do within a frame or some.
    """

    def __init__(self, outputs: Outputs, patience_ns: Callable[[], int | None]) -> None:
        self.held = self.held_ns = self.rescued = 0
        self.background = Background()
        self._outputs = outputs
        self._patience_ns = patience_ns
        self._boards = Boards(outputs)
        self.is_live = False
        self.lowers = True
        self._stopping = False
        self._numbers = itertools.count()
        self._deadlines: dict[int, int] = {}
        self._thread = threading.Thread(target=self._watch, name="governed", daemon=True)

    def start(self) -> None:
        """Begins to do what the governor says."""
        self._thread.start()

    def stop(self) -> None:
        """Ends that."""
        self._stopping = True
        self._thread.join(_STOP_S)

    def run(
        self, engine: Engine, feeds: Mapping[str, NDArray[Any]], usual_ns: int
    ) -> tuple[dict[str, NDArray[Any]], int]:
        """See `Gate.run`."""
        patience_ns = self._patience_ns() if self.is_live and usual_ns >= HEAVY_NS else None
        number = next(self._numbers)
        self._deadlines[number] = now_ns() + (_SHORT_NS if patience_ns is None else patience_ns)
        try:
            if patience_ns:
                self._hold(usual_ns, self._deadlines[number])
            begun = perf_counter_ns()
            outputs = engine.run(feeds)
            return outputs, perf_counter_ns() - begun
        finally:
            del self._deadlines[number]

    def figures(self) -> dict[str, Any]:
        """What it did, as JSON values; from any thread."""
        return {
            "background": self.background.wanted,
            "background_threads": self.background.lowered,
            "background_refused": self.background.refused,
            "rescued": self.rescued,
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
        board, background = Board(self._outputs), self.background
        while not self._stopping:
            news = board.look(now_ns())
            self.is_live = board.live
            overdue = self._is_overdue(now_ns())
            if overdue and background.lowered:
                self.rescued += 1
            wanted = board.background and self.lowers and not overdue
            # Also threads that have come since.
            if wanted != background.wanted or (news and wanted):
                background.set(wanted=wanted)
            board.sleep(_WATCH_LOWERED_S if board.background else _WATCH_S)
        board.close()
        background.set(wanted=False)

    def _is_overdue(self, now: int) -> bool:
        """Whether a run is under way that has been waited for for too long."""
        return any(now >= deadline for deadline in tuple(self._deadlines.values()))
