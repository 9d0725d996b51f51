"""The capture process: sensors, each in a thread of its own; it never runs a model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sensorium.process.sensing import SensorThread

if TYPE_CHECKING:
    from collections.abc import Callable

    from sensorium.process.orders import Orders
    from sensorium.process.outputs import Outputs
    from sensorium.process.sensing import Report
    from sensorium.sensors.sensor import Demand

_STOP_S = 2.0


class Capture:
    """The sensors of one capture process; see `child.Work`."""

    def __init__(
        self, orders: Orders, outputs: Outputs, report: Callable[[Report], None]
    ) -> None:
        sensors, _ = orders.parts()
        self._threads = {part.name: SensorThread(part, outputs, report) for part in sensors}

    def start(self) -> None:
        """Starts every sensor."""
        for thread in self._threads.values():
            thread.start()

    def stop(self) -> None:
        """Ends every sensor."""
        for thread in self._threads.values():
            thread.stop(_STOP_S)

    def demand(self, sensor: str, demand: Demand) -> None:
        """Passes on who needs a sensor's device."""
        if sensor in self._threads:
            self._threads[sensor].set_demand(demand)

    def figures(self) -> list[dict[str, Any]]:
        """Capture has no engines."""
        return []

    def oldest_beat_ns(self) -> int:
        """When the slowest sensor last used its IO."""
        return min(thread.beat_ns for thread in self._threads.values())
