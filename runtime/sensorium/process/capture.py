"""The capture process: sensors, each in a thread of its own; it never runs a model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sensorium.process.choice import Choice, Side
from sensorium.process.sensing import SensorThread

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sensorium.process.orders import Orders
    from sensorium.process.outputs import Outputs
    from sensorium.process.registry import Part
    from sensorium.process.sensing import Report
    from sensorium.sensors.sensor import Demand

_STOP_S = 2.0


class Capture:
    """The sensors of one capture process; see `child.Work`."""

    def __init__(
        self, orders: Orders, outputs: Outputs, report: Callable[[Report], None]
    ) -> None:
        sensors, _ = orders.parts()
        sides = _sides(sensors, outputs, report)
        self._threads = {}
        for part in sensors:
            side = sides.get(part.name)
            self._threads[part.name] = SensorThread(
                part, outputs, side.report if side else report, side
            )

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

    def set_gpu_budget(self, mib: int) -> None:
        """Capture has no engines."""

    def figures(self) -> list[dict[str, Any]]:
        """Capture has no engines."""
        return []

    def gate(self) -> dict[str, Any]:
        """Sensors have no engines."""
        return {}

    def gpu_pid(self) -> int:
        """Capture has no engines."""
        return 0

    def apps(self) -> list[dict[str, Any]]:
        """What the sensors know of other apps' frames."""
        return [app for thread in self._threads.values() for app in thread.apps]

    def oldest_beat_ns(self) -> int:
        """When the slowest sensor last used its IO."""
        return min(thread.beat_ns for thread in self._threads.values())


def _sides(
    sensors: Sequence[Part], outputs: Outputs, report: Callable[[Report], None]
) -> dict[str, Side]:
    """By name, the sensors of which one is chosen."""
    names = {part.name for part in sensors}
    found: dict[str, Side] = {}
    for part in sensors:
        rivals = [name for name in getattr(part.kind, "YIELDS_TO", ()) if name in names]
        if rivals:
            found.update(Choice((*rivals, part.name), part.writes[0], outputs, report).sides)
    return found
