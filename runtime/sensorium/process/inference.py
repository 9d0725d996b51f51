"""An inference process: the senses of one pace, in one thread.

It touches no device driver: a process of its own does, which it starts; see `inference.worker`.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from sensorium.process.engines import engines
from sensorium.process.perceiving import Perceiver

if TYPE_CHECKING:
    from collections.abc import Callable

    from sensorium.process.orders import Orders
    from sensorium.process.outputs import Outputs
    from sensorium.process.sensing import Report
    from sensorium.sensors.sensor import Demand

_STOP_S = 2.0


class Inference:
    """The senses of one inference process; see `child.Work`."""

    def __init__(
        self, orders: Orders, outputs: Outputs, report: Callable[[Report], None]
    ) -> None:
        _, senses = orders.parts()
        self._engines = engines(orders.threads, orders.gpu)
        self._perceiver = Perceiver(
            senses, outputs, self._engines.load, report, orders.instead, governed=True,
            give_way=self._engines.give_way,
        )
        self._thread = threading.Thread(target=self._perceiver.run, name="senses", daemon=True)

    def start(self) -> None:
        """Starts the senses' thread."""
        self._thread.start()

    def stop(self) -> None:
        """Ends it."""
        self._perceiver.stopping = True
        self._thread.join(_STOP_S)
        self._engines.close()

    def demand(self, sensor: str, demand: Demand) -> None:
        """Inference has no devices."""

    def set_gpu_budget(self, mib: int) -> None:
        """Passes it on."""
        self._engines.set_gpu_budget(mib)

    def figures(self) -> list[dict[str, Any]]:
        """What the senses' engines are and take."""
        return [one for slot in self._perceiver.slots for one in slot.figures()]

    def gate(self) -> dict[str, Any]:
        """How the senses and their engines give way to apps."""
        gate = self._perceiver.gate
        paces = {slot.part.name: slot.pace.figures() for slot in self._perceiver.slots}
        return {**gate.figures(), "senses": paces} if gate is not None else {}

    def gpu_pid(self) -> int:
        """See `Work`."""
        return self._engines.gpu_pid

    def apps(self) -> list[dict[str, Any]]:
        """Sensors alone know of apps' frames."""
        return []

    def oldest_beat_ns(self) -> int:
        """When the loop last turned; 0 once it has ended by a fault."""
        return self._perceiver.beat_ns if self._thread.is_alive() else 0
