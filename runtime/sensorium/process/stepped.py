"""The stepped replay: a recording and the senses in one thread, record by record.

Nothing depends on when a thread ran: the clock is the recording's own, each record is published
and every sense that it wakes has answered before the next. So two runs give the same bytes.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from sensorium.clock import SteppedClock, now_ns
from sensorium.process.engines import CpuEngines
from sensorium.process.perceiving import Perceiver

if TYPE_CHECKING:
    from collections.abc import Callable

    from sensorium.process.orders import Orders
    from sensorium.process.outputs import Outputs
    from sensorium.process.sensing import Report
    from sensorium.sensors.sensor import Demand

_START_NS = 1_000_000_000
"""The time that the recording's first record gets, whenever it was made."""
_STOP_S = 2.0


class Stepped:
    """A replay sensor and the senses; see `child.Work`."""

    def __init__(
        self, orders: Orders, outputs: Outputs, report: Callable[[Report], None]
    ) -> None:
        sensors, senses = orders.parts()
        (self._replay,) = sensors
        self._clock = SteppedClock(_START_NS)
        outputs.clock = self._clock
        outputs.deferred = True
        self._outputs = outputs
        self._report = report
        # On the CPU: two runs must give the same bytes.
        load = CpuEngines(orders.threads).load
        self._perceiver = Perceiver(senses, outputs, load, report)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="stepped", daemon=True)

    def start(self) -> None:
        """Takes over the regions, in which this process beats from now on; starts the thread."""
        self._outputs.take_over()
        self._thread.start()

    def stop(self) -> None:
        """Ends it after the record in hand."""
        self._stopping.set()
        self._thread.join(_STOP_S)

    def demand(self, sensor: str, demand: Demand) -> None:
        """A recording has no device."""

    def set_gpu_budget(self, mib: int) -> None:
        """Its engines are on the CPU."""

    def figures(self) -> list[dict[str, Any]]:
        """Nobody looks on."""
        return []

    def gate(self) -> dict[str, Any]:
        """A recording that is stepped through waits for nobody."""
        return {}

    def gpu_pid(self) -> int:
        """Its engines are on the CPU."""
        return 0

    def apps(self) -> list[dict[str, Any]]:
        """Sensors alone know of apps' frames."""
        return []

    def oldest_beat_ns(self) -> int:
        """Stepping waits for nobody, so it cannot hang."""
        return now_ns() if self._thread.is_alive() or self._stopping.is_set() else 0

    def _run(self) -> None:
        perceiver = self._perceiver
        perceiver.load()
        first = 0
        for step in self._replay.kind.steps(self._replay.options):
            if self._stopping.is_set():
                return
            first = first or step.publish_ns
            shift = _START_NS - first
            self._clock.set(step.publish_ns + shift)
            self._outputs.take_over()
            self._outputs.publish(
                step.channel, step.record, step.capture_ns + shift, valid=step.valid,
                reason=step.reason, confidence=step.confidence,
            )
            perceiver.open()
            perceiver.drain()
        self._report((self._replay.name, "ended", "the recording was stepped through", ""))
        self._stopping.wait()
