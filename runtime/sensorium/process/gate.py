"""The gate of a process: heavy runs keep out of the work on the app's frame.

While a governor tells where the app is, a heavy run waits for its place in the app's frame, at most
for two of its periods; what is overdue waits for nothing.
"""

from __future__ import annotations

from time import perf_counter_ns
from typing import TYPE_CHECKING, Any

from sensorium.clock import now_ns
from sensorium.inference.frame_phase import HEAVY_NS, wait_ns
from sensorium.process.governed import Boards

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from sensorium.inference.engine import Engine
    from sensorium.process.outputs import Outputs

_PERIODS, _MOST_NS = 2, 100_000_000
"""A run waits for its place no longer than so many of the app's periods, and never longer."""


class EngineGate:
    """See `inference.gate.Gate`.

    Args:
        outputs: The process's regions.
        patience_ns: How long a run may wait now, from now on; 0: it is overdue; None: it is not to
            be slowed at all.

    Attributes:
        held: Runs that waited for their place in a frame.
        held_ns: How long, in all.
    """

    def __init__(self, outputs: Outputs, patience_ns: Callable[[], int | None]) -> None:
        self.held = self.held_ns = 0
        self._patience_ns = patience_ns
        self._boards = Boards(outputs)

    def run(
        self, engine: Engine, feeds: Mapping[str, NDArray[Any]], usual_ns: int
    ) -> tuple[dict[str, NDArray[Any]], int]:
        """See `Gate.run`."""
        patience_ns = self._patience_ns() if usual_ns >= HEAVY_NS else None
        if patience_ns:
            self._hold(usual_ns, now_ns() + patience_ns)
        begun = perf_counter_ns()
        outputs = engine.run(feeds)
        return outputs, perf_counter_ns() - begun

    def figures(self) -> dict[str, Any]:
        """What it did, as JSON values; from any thread."""
        return {"held_runs": self.held, "held_s": round(self.held_ns / 1e9, 3)}

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
